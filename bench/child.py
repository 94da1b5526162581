"""Measurements in processes of their own: `call("bench.streams:measure", 600, model=…)`.

A child imports MLX once, for one engine, so that no engine pays for another's memory or threads.
It answers with JSON; what it prints goes to stderr, and comes back only if it fails.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parent.parent
_STDERR_LINES = 25


class ChildFailed(Exception):
    """A measurement died, or took too long; the message ends with its stderr."""

    @property
    def summary(self) -> str:
        """What happened, and the last line of stderr."""
        first, *rest = str(self).splitlines()
        return f"{first}: {rest[-1]}" if rest else first


def call(task: str, seconds: float, python: str = sys.executable, /, **arguments: Any) -> Any:
    """Run `module:function` with keyword arguments in a new process, for at most `seconds`.

    Args:
        python: the interpreter, which may have other packages than this one.

    Raises:
        ChildFailed: it did not answer in time, or at all.
    """
    command = [python, "-m", "bench.child", task, json.dumps(arguments)]
    with tempfile.TemporaryFile() as stderr:
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=stderr, cwd=ROOT, start_new_session=True
        ) as process:
            try:
                answer, _ = process.communicate(timeout=max(seconds, 1.0))
            except subprocess.TimeoutExpired:
                raise ChildFailed(f"no answer in {seconds:.0f} s\n{_tail(stderr)}") from None
            finally:
                _kill_group(process)
        if process.returncode:
            raise ChildFailed(f"exit code {process.returncode}\n{_tail(stderr)}")
    return json.loads(answer)


def alternate(
    engines: Iterable[str], runs: int, task: str, options: Any, **arguments: Any
) -> tuple[dict[str, list[Any]], dict[str, str]]:
    """Run `task` for each engine in turn, `runs` times over.

    Returns:
        Each engine's answers, and why an engine failed; it is not tried again then, and the
        others go on.
    """
    rows: dict[str, list[Any]] = {engine: [] for engine in engines}
    failed: dict[str, str] = {}
    for run in range(runs):
        for engine in rows:
            if engine in failed:
                continue
            print(f"{task} run {run + 1}/{runs}: {engine}", file=sys.stderr, flush=True)
            try:
                answer = call(task, options.seconds(), engine=engine, **arguments)
            except ChildFailed as error:
                print(error, file=sys.stderr, flush=True)
                failed[engine] = error.summary
            else:
                rows[engine].append(answer)
    return {engine: answers for engine, answers in rows.items() if answers}, failed


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Also ends what the child had started; a child that has ended is left alone."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def _tail(stderr: IO[bytes]) -> str:
    stderr.seek(0)
    lines = stderr.read().decode(errors="replace").splitlines()
    return "\n".join(lines[-_STDERR_LINES:])


def main() -> None:
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # mlx-audio prints while it loads
    code = 0
    try:
        module, _, function = sys.argv[1].partition(":")
        result = getattr(importlib.import_module(module), function)(**json.loads(sys.argv[2]))
        answer.write(json.dumps(result).encode())
    except Exception:
        traceback.print_exc()
        code = 1
    answer.flush()
    sys.stderr.flush()
    # MLX's clean-up at the end of its thread aborts the process if the interpreter is going down.
    os._exit(code)


if __name__ == "__main__":
    main()
