"""Why a program could not be started."""

from __future__ import annotations

import re
from pathlib import Path

from qwen_tts_client.errors import SidecarStartError


def start_error(cause: OSError | ValueError, file: str, cwd: Path) -> SidecarStartError:
    """Return the error for a program that the system could not start.

    The system reports the program as missing even if its working folder or its interpreter is.
    """
    return SidecarStartError(f"{file} cannot be started: {_reason(cause, file, cwd)}")


def _reason(cause: OSError | ValueError, file: str, cwd: Path) -> str:
    if not isinstance(cause, (FileNotFoundError, NotADirectoryError)):
        return str(cause)
    if not cwd.is_dir():
        what = "is not a folder" if cwd.exists() else "does not exist"
        return f"its working folder {cwd} {what}."
    if not Path(file).exists():
        return "it no longer exists."
    interpreter = _interpreter_of(Path(file))
    if interpreter is not None and not Path(interpreter).exists():
        return (
            f"its interpreter {interpreter} does not exist. Was the .venv moved, or its Python "
            "removed? Then create the .venv again."
        )
    return f"it is there, but a file that the system needs to run it is not ({cause})."


def _interpreter_of(script: Path) -> str | None:
    """Return the interpreter in a script's first line, `#!/path/to/python`."""
    try:
        with script.open("rb") as file:
            found = re.match(rb"#![ \t]*([^\s\0]+)", file.read(512))
    except OSError:
        return None
    return found and found[1].decode(errors="replace")
