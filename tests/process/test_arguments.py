"""The grammar of the command line: its documentation, suggestions, help and completion."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sidecar.cli.arguments import parse, parser
from sidecar.cli.arguments.parser import Parser
from sidecar.cli.arguments.program import EXIT_CODES
from sidecar.cli.commands import with_options
from tests.support.command import COMMAND
from tests.support.installing import debian
from tests.support.wire import ROOT

PAGE = (ROOT / "docs" / "cli.md").read_text("utf-8")


def commands(found: Parser, name: str = "") -> Iterator[tuple[str, Parser]]:
    yield name, found
    for word, inner in found.commands().items():
        yield from commands(inner, f"{name} {word}".strip())


def options(found: Parser) -> set[str]:
    given = {one for action in found._actions for one in action.option_strings}
    return given - {"-h", "--help"}


def section(title: str) -> str:
    return re.split(r"^## ", PAGE.partition(f"\n## {title}\n")[2], flags=re.MULTILINE)[0]


@pytest.mark.parametrize("name", [name for name, _ in commands(parser()) if name])
def test_the_page_has_every_command_and_option(name: str) -> None:
    command, _, action = name.partition(" ")
    text = section(command)
    assert f"qwen-tts-sidecar {name}".removesuffix(" serve") in text
    if action:
        (text,) = [line for line in text.splitlines() if re.match(rf"\| .*`{action}`.*\|", line)]
    found = dict(commands(parser()))[name]
    assert options(found) <= set(re.findall(r"`(--?[\w-]+)", text)), name


def test_the_page_has_no_option_that_there_is_not() -> None:
    known = {one for _, found in commands(parser()) for one in options(found)} | {"-h", "--help"}
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL):
        for line in block.splitlines():
            ours = line.partition(" #")[0].partition("qwen-tts-sidecar")[2].partition(" | ")[0]
            assert set(re.findall(r"(?<= )--?[a-z][\w-]*", ours)) <= known, line
    assert set(re.findall(r"`(--[\w-]+)", PAGE)) <= known


def test_the_page_and_the_help_have_the_exit_codes() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+?) \|$", PAGE, re.MULTILINE)
    assert rows == [(str(code), meaning) for code, meaning in EXIT_CODES.items()]
    page = " ".join(parser().format_help().split())
    for code, meaning in EXIT_CODES.items():
        assert f"{code} {meaning}" in page
    epilog = parser().format_help().partition("exit codes:")[2]
    assert max(map(len, epilog.splitlines())) < 80


@pytest.mark.parametrize("name", [name for name, _ in commands(parser())])
def test_every_help_is_short_lines_in_groups_with_examples(name: str) -> None:
    text = dict(commands(parser()))[name].format_help()
    usage = text.partition("\n\n")[0]
    assert len(usage.splitlines()) <= 2
    assert " " not in name or "serve" not in usage
    common = text.partition("common options:")[2]
    assert "--log-level" not in text or "--log-level" in common
    if " " not in name and name != "help":
        assert "examples:" in text


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("sya hello", "There is no command 'sya'. Did you mean say?"),
        ("quark", "There is no command 'quark'. The commands are say, voices, models"),
        ("models dowload x", "There is no command 'dowload'. Did you mean download?"),
        ("say hello --otput a.wav", "There is no option --otput. Did you mean --output?"),
        ("say hello --otput=a.wav", "There is no option --otput. Did you mean --output?"),
        ("say hello --zzzz", "There is no option --zzzz.\n"),
        ("models quantize x --bist 4", "There is no option --bist. Did you mean --bits?"),
        ("serve --modle x", "There is no option --modle. Did you mean --model?"),
        ("doctor --log-level debgu", "'debgu' is not one of debug, info, warning, error. Did you"),
        (
            "say hello --format mp4",
            "'mp4' is not one of wav, flac, mp3, opus, pcm. Did you mean",
        ),
        (
            "say hello there",
            "There are unexpected arguments: there. Put a text of several words in quotation",
        ),
        ("doctor there", "There are unexpected arguments: there.\n"),
        ("say hello --seed three", "'three' is not a whole number."),
        ("say hello --speed fast", "'fast' is not a number."),
        ("serve --watchdog -5", "Argument --watchdog: '-5' is not between 0 and 86400 seconds."),
        ("serve --watchdog soon", "'soon' is not a number."),
        ("serve --memory-limit lots", "'lots' is not a size such as 8GB or 50%."),
        ("say hello --pla", "There is no option --pla. Did you mean --play?"),
    ],
)
def test_a_mistake_is_two_lines_with_what_was_meant(
    line: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(line.split())
    assert ended.value.code == 2
    error, hint = capsys.readouterr().err.splitlines(keepends=True)
    assert error.startswith("error: ")
    assert said in error
    assert re.fullmatch(r"hint: Run qwen-tts-sidecar( \w+)* --help to see the usage\.\n", hint)


def program(*args: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_help_is_a_command_too() -> None:
    assert program("help").stdout == program("--help").stdout
    assert program("help", "voices", "create").stdout == program("voices", "create", "-h").stdout
    wrong = program("help", "sya")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr == "error: There is no command 'sya'. Did you mean say?\n"


def test_the_version_has_a_short_option() -> None:
    assert program("-V").stdout == program("--version").stdout
    assert program("-V").stdout.startswith("qwen-tts-sidecar 0.")


BASH = r"""
source "$1"
complete_line() {
    read -ra COMP_WORDS <<< "$1"; [[ $1 == *" " ]] && COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_LINE=$1; COMP_POINT=${#1}; COMPREPLY=()
    name=$(complete -p qwen-tts-sidecar | sed 's/.*-F \([^ ]*\).*/\1/')
    "$name"; echo "${COMPREPLY[*]}"
}
for line in "${@:2}"; do complete_line "$line"; done
"""


def test_bash_completes_commands_options_models_and_files(tmp_path: Path) -> None:
    script = tmp_path / "completion"
    script.write_text(program("completion", "bash").stdout)
    (tmp_path / "chapter.txt").touch()
    lines = {
        "qwen-tts-sidecar vo": "voices",
        "qwen-tts-sidecar models qu": "quantize",
        "qwen-tts-sidecar say --outp": "--output",
        "qwen-tts-sidecar say --format ": "wav flac mp3 opus pcm",
        "qwen-tts-sidecar say --model 1.7b-v": "1.7b-voicedesign 1.7b-voicedesign-8bit "
        "1.7b-voicedesign-6bit 1.7b-voicedesign-4bit 1.7b-voicedesign-original",
        f"qwen-tts-sidecar say -f {tmp_path}/ch": f"{tmp_path}/chapter.txt",
    }
    done = subprocess.run(
        ["bash", "--norc", "-c", BASH, "bash", str(script), *lines],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert dict(zip(lines, done.stdout.splitlines(), strict=True)) == lines


@pytest.mark.hosts  # fish and zsh have to be installed
def test_fish_and_zsh_take_their_scripts(tmp_path: Path) -> None:
    script = tmp_path / "_qwen-tts-sidecar"
    script.write_text(program("completion", "fish").stdout)
    said = f"source {script}; complete -C 'qwen-tts-sidecar mod'"
    fish = subprocess.run(
        [debian("fish", "fish"), "--no-config", "-c", said], capture_output=True, timeout=60
    )
    assert fish.stdout.startswith(b"models\t"), fish.stderr
    script.write_text(program("completion", "zsh").stdout)
    said = (
        f"fpath=({tmp_path} $fpath); autoload -Uz compinit; compinit -D -u; "
        "echo $_comps[qwen-tts-sidecar]"
    )
    checked = subprocess.run([debian("zsh", "zsh"), "-n", str(script)], timeout=60, check=False)
    assert checked.returncode == 0
    zsh = subprocess.run(["zsh", "-f", "-c", said], capture_output=True, timeout=60, check=False)
    assert zsh.stdout == b"_qwen-tts-sidecar\n", zsh.stderr


@pytest.mark.parametrize(
    ("command", "said", "expected"),
    [
        (["say", "Hi."], "Give `reference.text`.", "Give --ref-text."),
        (["say", "Hi."], "Run x, or omit `speed`.", "Run x, or omit --speed."),
        (["say", "Hi."], "`sampleRate` is 7.", "--sample-rate is 7."),
        (["say", "Hi."], "Say `wait`, or shorten `text`.", "Say `wait`, or shorten `text`."),
        (
            ["voices", "create", "--design", "An old man."],
            "Name one like 1.7b-base in `model`, and one in `design.model`; or set `replace`.",
            "Name one like 1.7b-base in --model, and one in --design-model; or set --replace.",
        ),
    ],
)
def test_at_a_terminal_options_have_their_own_names(
    command: list[str], said: str, expected: str
) -> None:
    assert with_options(said, parse(command)) == expected
