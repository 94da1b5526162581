"""Every block of code on the site is checked: here as far as that costs nothing.

The others, which need the clients' packages, are in test_clients_code.py.
"""

from __future__ import annotations

import json
import re
import subprocess

import msgspec
import pytest
from qwen_tts_client.bridge import main as bridge
from qwen_tts_cluster import main as cluster
from qwen_tts_cluster.access import KeyEntry
from qwen_tts_cluster.settings import read_settings

from docs.site.pages import ROOT
from sidecar.cli.arguments import parse
from tests.docs.blocks import Block, blocks, written_in
from tests.docs.commands import commands, of_ours
from tests.docs.messages import check_sent, checked
from tests.support.wire import check

# The languages that a test checks. A block without one is text, such as a transcript.
CHECKED = {"sh", "json", "jsonc", "python", "ts", "js", "lua", "yaml", ""}


def test_every_block_is_checked_or_says_why_not() -> None:
    unknown = [str(one) for one in blocks() if one.language not in CHECKED and not one.unchecked]
    assert unknown == []
    assert len(blocks()) > 120


@pytest.mark.parametrize("block", written_in("yaml"), ids=str)
def test_yaml_is_settings_or_keys_of_the_cluster(block: Block) -> None:
    content = msgspec.yaml.decode(block.code)
    if isinstance(content, list):
        msgspec.convert(content, list[KeyEntry])
    else:
        read_settings(content)


def test_few_blocks_are_unchecked() -> None:
    assert len([one for one in blocks() if one.unchecked]) <= 16


def test_shell_is_parsed_by_bash() -> None:
    """One process reads them all, each in a function that is not called."""
    script = "".join(
        f"block_{number}() {{\n: {one.page} {one.line}\n{one.code}}}\n"
        for number, one in enumerate(written_in("sh"))
    )
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize("block", written_in("sh"), ids=str)
def test_our_commands_have_options_that_exist(
    block: Block, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, words in of_ours(block.code):
        try:
            if name == "qwen-tts-cluster":
                cluster._parser().parse_args(words)
            elif name == "qwen-tts-bridge":
                bridge._parser().parse_args([one for one in words if one != "--"])
            else:
                # Without a command, the program serves.
                parse(words if words and words[0][0] != "-" else ["serve", *words])
        except SystemExit as ended:
            if ended.code != 0:
                pytest.fail(f"{block}: {name} {' '.join(words)}: {capsys.readouterr().err}")


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("cat a | x/bin/qwen-tts-sidecar say - > b.wav  # c", [["say", "-"]]),
        (
            'A="b c" qwen-tts-sidecar say "d e" && qwen-tts-sidecar doctor',
            [["say", "d e"], ["doctor"]],
        ),
        ('uvx --from ".[cpu]" qwen-tts-sidecar doctor', [["doctor"]]),
        ("(cd x/qwen-tts-sidecar && make build)", []),
    ],
)
def test_our_commands_are_found_in_a_script(script: str, found: list[list[str]]) -> None:
    assert [words for _, words in of_ours(script)] == found


def test_targets_of_make_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for block in written_in("sh"):
        for words in commands(block.code):
            if words[:1] == ["make"]:
                given = {one for one in words[1:] if "=" not in one}
                assert given <= targets, block


@pytest.mark.parametrize("block", written_in("json"), ids=str)
def test_json_can_be_read(block: Block) -> None:
    # A page may show a member of a file, such as "build" of a package.json.
    text = block.code if block.code.startswith(("{", "[")) else f"{{{block.code}}}"
    json.loads(text)


@pytest.mark.parametrize("block", written_in("jsonc"), ids=str)
def test_messages_are_what_the_schema_describes(block: Block) -> None:
    for line in block.code.splitlines():
        check_sent(json.loads(line))


@pytest.mark.parametrize(
    "block", [one for one in written_in("") if re.search("^[→←] ", one.code, re.MULTILINE)], ids=str
)
def test_transcripts_are_what_the_schema_describes(block: Block) -> None:
    assert checked(block.code) > 0


@pytest.mark.parametrize(
    "block", [one for one in written_in("") if one.code.startswith('"')], ids=str
)
def test_params_are_what_the_schema_describes(block: Block) -> None:
    check({"text": "", **json.loads(f"{{{block.code}}}")}, "SynthesizeParams")


@pytest.mark.parametrize("block", written_in("python"), ids=str)
def test_python_can_be_compiled(block: Block) -> None:
    # An example may be the inside of an asynchronous function.
    inside = "".join(f"    {line}\n" for line in block.code.splitlines())
    compile(f"async def example():\n{inside}    pass\n", str(block), "exec")
