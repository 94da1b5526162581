"""The examples of docs/directing.md, with the real sidecar."""

from __future__ import annotations

import asyncio
import io
import re
import textwrap
import wave
from typing import Any

import pytest
from qwen_tts_client import Sidecar

from tests.support.command import COMMAND
from tests.support.harness import ROOT, TIMEOUT

PAGE = (ROOT / "docs" / "directing.md").read_text("utf-8")
SECTIONS = {
    section.partition("\n")[0]: re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
}


async def run(example: str, tts: Sidecar) -> dict[str, Any]:
    """Run an example in a function of its own; return its names at the end."""
    names: dict[str, Any] = {}
    body = textwrap.indent(example, "    ")
    exec(f"async def example(tts):\n{body}\n    return locals()", names)
    return await asyncio.wait_for(names["example"](tts), TIMEOUT)


async def run_all() -> dict[str, dict[str, Any]]:
    async with Sidecar(COMMAND, restart=False) as tts:
        return {name: await run(example, tts) for name, [example] in SECTIONS.items()}


def seconds(wav: bytes) -> float:
    with wave.open(io.BytesIO(wav)) as file:
        return file.getnframes() / file.getframerate()


def test_each_section_has_an_example_that_does_what_it_says(
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = asyncio.run(run_all())
    assert len(done) == 6
    assert seconds(done["Pauses in a plain text"]["wav"]) > 1.5 + 0.5
    assert seconds(done["A lexicon"]["wav"]) > 0.5
    assert seconds(done["SSML"]["wav"]) > 0.5 + 1
    turns = done["Several speakers"]["turns"]
    assert [speaker for speaker, _ in turns] == ["Ann", "Bob"]
    *words, heard = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in words] == ["It", "costs", "$25", "you", "know"]
    # Half a second or a little more is two or three words.
    assert "Let me look that up".startswith(heard)
    assert 1 <= len(heard.split()) <= 5
