"""`say`: the sources of its text, the targets of its audio, and its files after a failure."""

from __future__ import annotations

import io
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from tests.support.command import COMMAND, TEXT, piped, run

TIMEOUT = 120.0


@pytest.mark.parametrize("format", [None, "opus"])
def test_stdout_gets_audio_and_nothing_else(spoken: bytes, format: str | None) -> None:
    given = [] if format is None else ["--format", format]
    done = piped(TEXT, "-o", "-", "--seed", "3", *given)
    assert done.returncode == 0, done.stderr
    if format is None:
        assert done.stdout[:4] == b"RIFF"
        assert done.stdout[44:] == spoken
    else:
        samples, rate = soundfile.read(io.BytesIO(done.stdout), dtype="int16")
        assert len(samples) / rate == pytest.approx(len(spoken) / 2 / 24000, abs=0.2)


def test_a_file_that_never_ends_is_not_read_to_its_end(tmp_path: Path) -> None:
    done = run("say", "-f", "/dev/zero", cwd=tmp_path)
    assert done.returncode == 1
    assert "/dev/zero is too long" in done.stderr


def test_stdout_that_is_a_file_is_a_whole_file(spoken: bytes, tmp_path: Path) -> None:
    path = tmp_path / "redirected.wav"
    with path.open("wb") as stdout:
        done = subprocess.run(
            [*COMMAND, "say", TEXT, "-o", "-", "--seed", "3"],
            stdout=stdout,
            stderr=subprocess.PIPE,
            timeout=TIMEOUT,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert int.from_bytes(path.read_bytes()[4:8], "little") == path.stat().st_size - 8
    assert soundfile.read(path, dtype="int16")[0].tobytes() == spoken


def test_a_reader_that_leaves_is_said() -> None:
    process = subprocess.Popen(
        [*COMMAND, "say", TEXT, "-o", "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout
    process.stdout.close()
    assert process.stderr
    with process.stderr as stderr:
        said = stderr.read().decode()
    assert process.wait(TIMEOUT) == 1
    assert "error: stdout cannot be written: the program that reads it has ended.\n" in said


def test_a_closed_stdout_does_not_become_the_file(spoken: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    command = f'exec "{sys.executable}" -m sidecar say "{TEXT}" --seed 3 -o "{path}" 0<&- >&- 2>&-'
    assert subprocess.run(["sh", "-c", command], timeout=TIMEOUT, check=False).returncode == 0
    assert soundfile.read(path, dtype="int16")[0].tobytes() == spoken


@pytest.mark.parametrize(
    ("way", "mark"), [("file", b"\xef\xbb\xbf"), ("-", b""), ("stdin", b"\xef\xbb\xbf")]
)
def test_the_text_comes_from_a_file_or_a_pipe(
    spoken: bytes, tmp_path: Path, way: str, mark: bytes
) -> None:
    (tmp_path / "text.txt").write_bytes(mark + TEXT.encode())
    where = {"file": ["-f", str(tmp_path / "text.txt")], "-": ["-"], "stdin": []}[way]
    given = b"" if way == "file" else mark + TEXT.encode()
    done = piped(*where, "-o", "-", "--format", "pcm", "--seed", "3", "--quiet", input=given)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == spoken


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "{} cannot be read: there is no such file."),
        (b"caf\xe9", "{} is not UTF-8: unexpected end of data at byte 4."),
        (b" \n", "The text is empty."),
    ],
)
def test_a_text_file_that_cannot_be_spoken_is_named(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "text.txt"
    if content is not None:
        path.write_bytes(content)
    done = run("say", "-f", str(path), "-o", str(tmp_path / "a.wav"))
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == f"error: {said.format(path)}"
    assert not (tmp_path / "a.wav").exists()


@pytest.mark.parametrize(
    ("args", "stdin", "said"),
    [
        ([" "], None, "The text is empty."),
        (["***"], None, "Nothing in the text can be spoken."),
        ([], " ", "Nothing in the text can be spoken."),
    ],
)
def test_a_text_without_words_is_an_error_of_the_text_however_it_comes(
    args: list[str], stdin: str | None, said: str, tmp_path: Path
) -> None:
    done = run("say", *args, cwd=tmp_path, input=stdin)
    assert done.returncode == 1
    assert f"error: {said}\n" in done.stderr
    assert list(tmp_path.iterdir()) == []


FULL = "no space is left on the device that holds /dev/"


@pytest.mark.parametrize(
    ("option", "path", "cause"),
    [
        ("-o", "no/x.wav", "there is no folder no"),
        ("--srt", "no/x.wav", "there is no folder no"),
        ("--vtt", "folder.wav", "it is a folder"),
        ("-o", "file.txt/x.wav", "file.txt is not a folder"),
        ("--srt", f"{'n' * 300}.wav", "the name is too long"),
        ("--vtt", "circle.wav", "its symbolic links form a loop"),
        ("-o", "/proc/x.wav", "there is no such file"),
        ("-o", "/dev/full", FULL),
    ],
)
def test_every_output_says_why_it_cannot_be_written(
    tmp_path: Path, option: str, path: str, cause: str
) -> None:
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "file.txt").write_text("kept")
    (tmp_path / "circle.wav").symlink_to("circle.wav")
    before = sorted(tmp_path.iterdir())
    other = ["--format", "wav"] if cause == FULL else [] if option == "-o" else ["-o", "a.wav"]
    done = run("say", TEXT, option, path, *other, cwd=tmp_path)
    assert done.returncode == 1
    assert f"error: {path} cannot be written: {cause}.\n" in done.stderr
    assert ("mkdir -p no" in done.stderr) == ("folder no" in cause)
    assert "loading" not in done.stderr or cause == FULL  # it is said before the model is loaded
    assert sorted(tmp_path.iterdir()) == before


def test_what_is_cut_short_is_removed(tmp_path: Path) -> None:
    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))

    done = run("say", TEXT, "-o", "a.wav", "--srt", "a.srt", cwd=tmp_path, preexec_fn=little_room)
    assert done.returncode == 1
    assert "a.wav cannot be written: the file has reached the largest size" in done.stderr
    assert "warning: a.wav was incomplete and has been removed.\n" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_audio_that_is_whole_outlives_captions_that_cannot_be_written(
    spoken: bytes, tmp_path: Path
) -> None:
    done = run("say", TEXT, "-o", "a.wav", "--srt", "/dev/full", "--seed", "3", cwd=tmp_path)
    assert done.returncode == 1
    assert f"error: /dev/full cannot be written: {FULL}.\n" in done.stderr
    assert "removed" not in done.stderr
    assert soundfile.read(tmp_path / "a.wav", dtype="int16")[0].tobytes() == spoken


def test_a_failure_before_the_first_sound_leaves_a_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"mine")
    assert run("say", TEXT, "--voice", "nobody", "-o", str(path)).returncode == 1
    assert path.read_bytes() == b"mine"


def test_an_existing_file_is_kept_if_asked_and_else_overwritten_and_said(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"mine" * 100_000)
    kept = run("say", TEXT, "-o", str(path), "--no-clobber")
    assert kept.returncode == 1
    assert f"error: {path} already exists.\nhint: " in kept.stderr
    assert path.read_bytes() == b"mine" * 100_000
    done = run("say", TEXT, "-o", str(path))
    assert done.returncode == 0
    assert f"→ {path} (overwritten)" in done.stderr
    assert soundfile.info(path).frames > 0
    assert path.stat().st_size < 400_000


def test_pauses_are_options(tmp_path: Path) -> None:
    lengths: list[float] = []
    for pause in ("0", "1.5"):
        output = tmp_path / "a.wav"
        given = ("-o", str(output), "--seed", "3", "--pause-paragraph", pause)
        done = run("say", "Hello there.\n\nThe end.", *given)
        assert done.returncode == 0, done.stderr
        lengths.append(soundfile.info(output).duration)
    assert lengths[1] - lengths[0] == pytest.approx(1.5, abs=0.01)


def test_captions_for_the_web_have_no_markup_of_the_texts(tmp_path: Path) -> None:
    captions = tmp_path / "a.vtt"
    text = "This is <b>fish & chips</b>.\n\nThe end."
    done = run("say", text, "-o", str(tmp_path / "a.wav"), "--vtt", str(captions), "--seed", "3")
    assert done.returncode == 0, done.stderr
    head, first, second = captions.read_text("utf-8").split("\n\n")
    assert head == "WEBVTT"
    assert first.startswith("00:00:00.000 --> 00:00:0")
    assert "&amp; chips" in first
    assert "<b>" not in first
    assert second.endswith("\nThe end.\n")
