"""The actions of `voices`, and their options."""

from __future__ import annotations

from sidecar.cli.arguments.parser import Commands, Parser, examples
from sidecar.cli.arguments.shared import add_common, add_reference_limit, add_yes, whole
from sidecar.limits import LONGEST_REFERENCE_SECONDS
from sidecar.memory import format_bytes
from sidecar.models.catalog import BASE, DESIGN
from sidecar.models.known import KNOWN

_EXAMPLES = (
    ('voices create Anna --clone anna.wav --ref-text "What she says."', "clone a voice"),
    ('voices create Old --design "an old man, slow and warm"', "create a voice from words"),
    ('say "Hello there." --voice anna', "speak with a saved voice"),
    ("voices list --model tiny-voice", "list the presets of one model, and saved voices"),
)


def add(commands: Commands[Parser]) -> None:
    """Add the command and its actions."""
    voices = commands.add_parser(
        "voices",
        help="list, create, show and delete voices",
        usage="%(prog)s ACTION [OPTIONS]",
        description="List, create, show and delete voices.",
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
    listing.add_argument("--model", help="list the preset voices of this model only")
    listing.add_argument("--json", action="store_true", help="print JSON, for programs")
    _add_folder(listing, models=True)
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


def _add_folder(parser: Parser, *, models: bool = False) -> None:
    # A voice that any --max-reference-seconds allowed can be shown and deleted.
    parser.set_defaults(max_reference_seconds=LONGEST_REFERENCE_SECONDS)
    add_common(parser, log=False, hub=False, voices=True, models=models)


def _default(alias: str) -> str:
    return f"{alias}, {format_bytes(KNOWN[alias].download_bytes)} to download"


def _add_create(actions: Commands[Parser]) -> None:
    create = actions.add_parser(
        "create",
        help="create a voice from a recording or a description",
        usage="%(prog)s [OPTIONS] (--clone FILE | --design DESCRIPTION) [NAME]",
        description="Create a voice from a recording or a description, and save it.",
        epilog=examples(_EXAMPLES[:3]),
    )
    option = create.add_argument
    option("name", nargs="?", metavar="NAME", help="name of the voice (default: voice-1 and so on)")
    source = create.add_mutually_exclusive_group(required=True)
    source.add_argument("--clone", metavar="FILE", help="recording of the voice")
    source.add_argument("--design", metavar="DESCRIPTION", help="description of the voice")
    option(
        "--ref-text",
        metavar="TEXT",
        help="what is said in the recording; the voice becomes more similar with it",
    )
    option(
        "--text",
        help="with --design: sentence that the new voice speaks once, to be captured "
        "(default: an English one)",
    )
    option("--model", help=f"Base model that will speak with the voice (default: {_default(BASE)})")
    option(
        "--design-model",
        metavar="MODEL",
        help=f"VoiceDesign model that creates the voice (default: {_default(DESIGN)})",
    )
    option("--language", help="language that the voice speaks if a request names none")
    option("--seed", type=whole, help="with --design: the same seed gives the same voice")
    option("--replace", action="store_true", help="overwrite an existing voice of this name")
    add_reference_limit(create)
    add_yes(create)
    add_common(create, voices=True)
