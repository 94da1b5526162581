"""`voices`: its actions and their options."""

from __future__ import annotations

from sidecar.cli.arguments.common import add_common, add_reference_limit, add_yes
from sidecar.cli.arguments.parser import Commands, Parser, examples
from sidecar.cli.arguments.values import whole
from sidecar.limits import LONGEST_REFERENCE_SECONDS
from sidecar.memory import readable
from sidecar.models.catalog import BASE, DESIGN
from sidecar.models.known import KNOWN

_EXAMPLES = (
    ('voices create Anna --clone anna.wav --ref-text "What she says."', "clone a voice"),
    ('voices create Old --design "an old man, slow and warm"', "design one in words"),
    ('say "Hello there." --voice anna', "speak with it"),
    ("voices list --model tiny-voice", "the presets of one model, and saved voices"),
)


def add(commands: Commands[Parser]) -> None:
    """Add the command and its actions."""
    voices = commands.add_parser(
        "voices",
        help="list, make, show and delete voices",
        usage="%(prog)s ACTION [OPTIONS]",
        description="List, make, show and delete voices.",
        epilog=examples(_EXAMPLES),
    )
    actions = voices.add_subparsers(
        title="actions", dest="action", metavar="ACTION", required=True, prog=voices.prog
    )
    listing = actions.add_parser(
        "list",
        help="list voices",
        usage="%(prog)s [OPTIONS]",
        description="List the preset voices of every known model, and the saved voices.",
    )
    listing.add_argument("--model", help="list the presets of this model only")
    listing.add_argument("--json", action="store_true", help="print JSON, for programs")
    _add_folder(listing)
    for action, what in (
        ("show", "Show what is known of a voice."),
        ("delete", "Delete a saved voice."),
    ):
        one = actions.add_parser(
            action,
            help=what[0].lower() + what[1:-1],
            usage="%(prog)s [OPTIONS] NAME",
            description=what,
        )
        one.add_argument("name", metavar="NAME", help="name of the voice")
        _add_folder(one)
    _add_create(actions)


def _add_folder(parser: Parser) -> None:
    """Every voice that somebody was allowed to make can be seen and deleted."""
    parser.set_defaults(max_reference_seconds=LONGEST_REFERENCE_SECONDS)
    add_common(parser, log=False, hub=False, voices=True)


def _default(alias: str) -> str:
    return f"{alias}, {readable(KNOWN[alias].download_bytes)} to download"


def _add_create(actions: Commands[Parser]) -> None:
    create = actions.add_parser(
        "create",
        help="make a voice of a recording, or of a description",
        usage="%(prog)s [OPTIONS] (--clone FILE | --design DESCRIPTION) [NAME]",
        description="Make a voice of a recording, or of a description, and save it.",
        epilog=examples(_EXAMPLES[:3]),
    )
    create.add_argument(
        "name", nargs="?", metavar="NAME", help="name of the voice (default: voice-1 and so on)"
    )
    source = create.add_mutually_exclusive_group(required=True)
    source.add_argument("--clone", metavar="FILE", help="recording of the voice")
    source.add_argument("--design", metavar="DESCRIPTION", help="description of the voice")
    create.add_argument(
        "--ref-text", metavar="TEXT", help="transcript of the recording; the copy is closer with it"
    )
    create.add_argument(
        "--text",
        help="sentence spoken once to capture the designed voice (default: an English one)",
    )
    create.add_argument(
        "--model", help=f"the Base model that will speak with it (default: {_default(BASE)})"
    )
    create.add_argument(
        "--design-model",
        metavar="MODEL",
        help=f"VoiceDesign model used to create the voice (default: {_default(DESIGN)})",
    )
    create.add_argument("--language", help="language that the voice speaks unless told otherwise")
    create.add_argument(
        "--seed", type=whole, help="with --design: the same seed gives the same voice"
    )
    create.add_argument(
        "--replace", action="store_true", help="overwrite an existing voice of this name"
    )
    add_reference_limit(create)
    add_yes(create)
    add_common(create, voices=True)
