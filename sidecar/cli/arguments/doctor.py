"""`doctor`: its options."""

from __future__ import annotations

from sidecar.cli.arguments.common import add_common
from sidecar.cli.arguments.parser import Commands, Parser, examples

_EXAMPLES = (("doctor", "check everything"), ("doctor --no-test --json", "for a bug report"))


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    doctor = commands.add_parser(
        "doctor",
        help="check this machine, and say which models fit it",
        usage="%(prog)s [OPTIONS]",
        description="Check this machine: packages, memory, models, and a spoken sentence.",
        epilog=examples(_EXAMPLES),
    )
    doctor.add_argument("--json", action="store_true", help="print JSON, for programs")
    doctor.add_argument(
        "--no-test", action="store_true", help="do not speak with the bundled voice"
    )
    add_common(doctor)
