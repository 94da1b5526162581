"""`doctor`: its options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sidecar.arguments.common import common

if TYPE_CHECKING:
    from sidecar.arguments.common import Commands


def add(commands: Commands) -> None:
    """Add the command."""
    doctor = commands.add_parser("doctor", parents=[common()], help="what this machine offers")
    doctor.add_argument("--json", action="store_true", help="for programs")
    doctor.add_argument(
        "--no-test", action="store_true", help="do not speak with the bundled voice"
    )
