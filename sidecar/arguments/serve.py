"""`serve`: the options of the process that speaks JSON-RPC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sidecar.arguments.common import common, model, saved_voices
from sidecar.arguments.values import keep_alive, seconds
from sidecar.limits import HANG_SECONDS
from sidecar.memory import DEFAULT_LIMIT, parse_limit

if TYPE_CHECKING:
    from sidecar.arguments.common import Commands


def add(commands: Commands) -> None:
    """Add the command."""
    serve = commands.add_parser(
        "serve",
        parents=[common(), model(), saved_voices()],
        help="serve JSON-RPC on stdin/stdout",
    )
    serve.add_argument(
        "--watchdog",
        type=seconds,
        metavar="SECONDS",
        help="end the process when one piece of work takes longer; 0 never (default: "
        f"{HANG_SECONDS:g}, and in proportion for longer references)",
    )
    serve.add_argument(
        "--memory-limit",
        type=parse_limit,
        default=DEFAULT_LIMIT,
        metavar="SIZE",
        help="what loaded models may take together: 8GB, 50%%, bytes; 0 no limit (default: 70%%)",
    )
    serve.add_argument(
        "--keep-alive",
        type=keep_alive,
        default=-1.0,
        metavar="SECONDS",
        help="how long a model stays without work; -1 for ever (default: %(default)g)",
    )
