"""The options of `say`."""

from __future__ import annotations

from sidecar.cli.arguments.parser import Commands, Parser, examples
from sidecar.cli.arguments.shared import (
    add_common,
    add_lexicon,
    add_model,
    add_reference_limit,
    add_yes,
    sample_rate,
    seconds,
    speaker,
    speed,
    whole,
)
from sidecar.models.catalog import BASE, BUNDLED, DESIGN

# The values of `--format`, and the protocol's encoding for each.
FORMATS = {"wav": "wav", "flac": "flac", "mp3": "mp3", "opus": "ogg_opus", "pcm": "pcm_s16le"}
# The ending of a file's name, and the format that it stands for.
SUFFIXES = {
    ".wav": "wav",
    ".flac": "flac",
    ".mp3": "mp3",
    ".ogg": "opus",
    ".opus": "opus",
    ".pcm": "pcm",
    ".raw": "pcm",
}
_EXAMPLES = (
    ('say "Hello there." --play', "speak through the loudspeaker"),
    ("say -f chapter.txt -o chapter.mp3 --vtt chapter.vtt", "speak a text file, with captions"),
    ("say - --play", "speak what you type, sentence by sentence"),
    ('say "Hello there." -o - | aplay', "write the audio to a pipe"),
    ("say --script play.txt --speaker Ann=slt --speaker Bob=rms", "speak a script"),
    ('say "Hello there." --clone anna.wav --ref-text "What she says."', "clone a voice"),
)


def add(commands: Commands[Parser]) -> None:
    """Add the command."""
    say = commands.add_parser(
        "say",
        help="speak a text to a file, a pipe or the loudspeaker",
        usage="%(prog)s [OPTIONS] [TEXT]",
        description="Speak a text to a file, a pipe or the loudspeaker.",
        epilog=examples(_EXAMPLES),
    )
    option = say.add_argument
    option(
        "text",
        nargs="?",
        metavar="TEXT",
        help="the text to speak; without it, or with -, text from stdin is spoken as it arrives",
    )
    option("-f", "--file", metavar="FILE", help="read the text from a UTF-8 file")
    option(
        "--script",
        metavar="FILE",
        help="read the text from a UTF-8 file in which [NAME] says which --speaker speaks next",
    )
    _add_voice(say)
    _add_speech(say)
    _add_output(say)
    _add_playback(say)
    option("-q", "--quiet", action="store_true", help="print only errors and warnings")
    add_yes(say)
    add_common(say, voices=True)


def _add_voice(say: Parser) -> None:
    group = say.add_argument_group("voice")
    add_model(
        group,
        f"{BUNDLED}; {BASE} with --clone; {DESIGN} with --design; for a saved voice, the model "
        "it was made for",
    )
    voice = group.add_mutually_exclusive_group()
    voice.add_argument("--voice", help="a preset voice of the model, or a saved voice")
    voice.add_argument("--clone", metavar="FILE", help="speak with the voice of this recording")
    voice.add_argument(
        "--design", metavar="DESCRIPTION", help="speak with a new voice that fits this description"
    )
    group.add_argument("--ref-text", metavar="TEXT", help="what is said in the --clone recording")
    group.add_argument("--language", help="language of the text (default: auto)")
    group.add_argument(
        "--instruct", help="how to speak, for models that can be instructed (see models list)"
    )
    group.add_argument(
        "--speaker",
        type=speaker,
        action="append",
        default=[],
        metavar="NAME=VOICE[@MODEL]",
        help="the voice of the text after [NAME], to the next name; may be given several times. "
        "Without VOICE, it is the model's first one (default model: as for --voice)",
    )
    add_reference_limit(group)


def _add_speech(say: Parser) -> None:
    group = say.add_argument_group("speech")
    group.add_argument(
        "--speed", type=speed, default=1.0, help="0.5 to 2, at the same pitch (default: 1)"
    )
    option = group.add_argument
    option(
        "--pause-sentence",
        type=seconds,
        metavar="SECONDS",
        help="silence added after each sentence (default: 0.1)",
    )
    option(
        "--pause-paragraph",
        type=seconds,
        metavar="SECONDS",
        help="silence added after each paragraph (default: 0.4)",
    )
    option(
        "--no-normalize",
        dest="normalize",
        action="store_const",
        const=False,
        help="speak the text as it is, with its markup and figures",
    )
    option(
        "--normalize",
        action="store_const",
        const=True,
        help="spell out numbers, dates and units, also for a model that reads them itself",
    )
    option(
        "--skip-directions",
        action="store_true",
        help="leave out stage directions: [laughs], *sighs*, (pause)",
    )
    option(
        "--ssml",
        action="store_true",
        help="the text is SSML, with the elements of docs/directing.md",
    )
    add_lexicon(group)
    option("--seed", type=whole, help="random seed: the same seed gives the same audio")


def _add_output(say: Parser) -> None:
    group = say.add_argument_group("output")
    group.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help=f"audio file, named *{', *'.join(SUFFIXES)} unless --format is given; - means stdout "
        "(default: out.wav, or no file with --play)",
    )
    option = group.add_argument
    option(
        "--format",
        choices=FORMATS,
        metavar="FORMAT",
        help=f"{', '.join(FORMATS)}: format of the audio file, whatever its name (default: the "
        "format of its name, or wav for stdout); pcm is 16-bit little-endian mono, no header",
    )
    option(
        "--sample-rate", type=sample_rate, metavar="HZ", help="8000 to 48000 (default: the model's)"
    )
    option("--srt", metavar="FILE", help="write SubRip captions to this file")
    option("--vtt", metavar="FILE", help="write WebVTT captions to this file")
    option(
        "--words",
        action="store_true",
        help="let the captions follow the words: --srt underlines the word that is heard, --vtt "
        "has a time for each",
    )
    option(
        "--aligner",
        metavar="MODEL",
        help="the model that finds the words, a checkpoint of Qwen3-ForcedAligner on this machine "
        "(default: the model that speaks, or the sidecar's own aligners)",
    )
    option("-n", "--no-clobber", action="store_true", help="never overwrite an existing file")


def _add_playback(say: Parser) -> None:
    group = say.add_argument_group("playback")
    group.add_argument("--play", action="store_true", help="play the audio while it is generated")
    group.add_argument(
        "--device", metavar="NAME", help="output device for --play: its number, or part of its name"
    )
    option = group.add_argument
    option("--list-devices", action="store_true", help="list the output devices, and exit")
