"""`serve`: the options of the process that speaks JSON-RPC."""

from __future__ import annotations

from sidecar.cli.arguments.common import add_common, add_model, add_reference_limit
from sidecar.cli.arguments.parser import Commands, Parser, examples
from sidecar.cli.arguments.values import keep_alive, memory_limit, seconds
from sidecar.limits import HANG_SECONDS
from sidecar.memory import DEFAULT_LIMIT
from sidecar.models.catalog import BUNDLED

_EXAMPLES = (
    ("serve", "serve with the bundled voice as the default"),
    ("--model 0.6b-customvoice --keep-alive 600", "the same command without its name"),
)


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    serve = commands.add_parser(
        "serve",
        help="serve JSON-RPC on stdin and stdout (the default command)",
        usage="%(prog)s [OPTIONS]",
        description="Serve JSON-RPC on stdin and stdout, for the program that started it.",
        epilog=examples(_EXAMPLES),
    )
    add_model(serve, f"{BUNDLED}; a saved voice's own model")
    serve.add_argument(
        "--memory-limit",
        type=memory_limit,
        default=DEFAULT_LIMIT,
        metavar="SIZE",
        help="memory that loaded models may take together: 8GB, 50%%, or bytes; 0 is no limit "
        "(default: 70%%)",
    )
    serve.add_argument(
        "--keep-alive",
        type=keep_alive,
        default=-1.0,
        metavar="SECONDS",
        help="unload a model after it had no work for so long; -1 is never (default: %(default)g)",
    )
    serve.add_argument(
        "--watchdog",
        type=seconds,
        metavar="SECONDS",
        help="end the process when one piece of work takes longer than this; 0 is never "
        f"(default: {HANG_SECONDS:g}, and more where longer recordings are allowed)",
    )
    add_reference_limit(serve)
    add_common(serve, voices=True)
