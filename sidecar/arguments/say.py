"""`say`: its options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sidecar.arguments.common import common, model, saved_voices

if TYPE_CHECKING:
    from sidecar.arguments.common import Commands


def add(commands: Commands) -> None:
    """Add the command."""
    say = commands.add_parser(
        "say", parents=[common(), model(), saved_voices()], help="speak a text"
    )
    say.add_argument("text", help="what to say; - reads it from stdin")
    say.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="to write: .wav, .flac, .mp3, .ogg or .opus (default: out.wav without --play)",
    )
    say.add_argument("--srt", metavar="FILE", help="to write captions to")
    say.add_argument("--sample-rate", type=int, metavar="HZ", help="8000 to 48000")
    say.add_argument("--speed", type=float, default=1.0, help="0.5 to 2; the pitch stays")
    say.add_argument(
        "--no-normalize",
        dest="normalize",
        action="store_false",
        help="leave numbers, dates, units, … to the model",
    )
    say.add_argument("--play", action="store_true", help="play it while it is generated")
    voice = say.add_mutually_exclusive_group()
    voice.add_argument("--voice", help="a preset voice of the model, or a saved one")
    voice.add_argument("--clone", metavar="FILE", help="a recording whose voice to speak with")
    voice.add_argument("--design", metavar="DESCRIPTION", help="a voice to speak with, in words")
    say.add_argument("--ref-text", metavar="TEXT", help="what is said in the recording of --clone")
    say.add_argument("--language", help="default: auto")
    say.add_argument("--instruct", help="how to speak")
    say.add_argument("--seed", type=int, help="the same seed gives the same audio")
