"""`voices`: its actions and their options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sidecar.arguments.common import common, saved_voices
from sidecar.memory import readable
from sidecar.models.catalog import BASE, DESIGN
from sidecar.models.known import KNOWN

if TYPE_CHECKING:
    from sidecar.arguments.common import Commands


def add(commands: Commands) -> None:
    """Add the command and its actions."""
    voices = commands.add_parser("voices", help="saved voices")
    actions = voices.add_subparsers(dest="action", required=True)
    listing = actions.add_parser(
        "list",
        parents=[common(), saved_voices()],
        help="voices of every known model, and saved ones",
    )
    listing.add_argument("--model", help="list the presets of this model only")
    listing.add_argument("--json", action="store_true", help="for programs")
    for action, help in (("show", "what is known of one"), ("delete", "delete one")):
        one = actions.add_parser(action, parents=[common(), saved_voices()], help=help)
        one.add_argument("name")
    _add_create(actions)


def _default(alias: str) -> str:
    return f"default: {alias}, {readable(KNOWN[alias].download_bytes)} to download"


def _add_create(actions: Commands) -> None:
    create = actions.add_parser(
        "create",
        parents=[common(), saved_voices()],
        help="make one, with a Base --model",
    )
    create.add_argument(
        "--model", help=f"the Base model that will speak with it ({_default(BASE)})"
    )
    create.add_argument("name", nargs="?", help="default: voice-1 and so on")
    source = create.add_mutually_exclusive_group(required=True)
    source.add_argument("--clone", metavar="FILE", help="a recording of the voice")
    source.add_argument("--design", metavar="DESCRIPTION", help="the voice in words")
    create.add_argument("--ref-text", metavar="TEXT", help="what is said in --clone's recording")
    create.add_argument("--text", help="what --design says for a reference")
    create.add_argument(
        "--design-model",
        help=f"the VoiceDesign model that speaks the described voice once ({_default(DESIGN)})",
    )
    create.add_argument("--language", help="what it speaks unless told otherwise")
    create.add_argument("--seed", type=int, help="of --design")
    create.add_argument("--replace", action="store_true", help="one of that name may be there")
