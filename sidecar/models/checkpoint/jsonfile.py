"""The JSON files of a checkpoint, read as Python's own parser reads them.

Transformers reads and writes these files with that parser, so NaN and Infinity are accepted, which
other parsers refuse. A byte-order mark is accepted as well: editors on Windows write one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sidecar.errors import NotACheckpoint
from sidecar.files import describe_os_error, read_regular

# Python's parser holds the interpreter's lock for some 15 ms for each MiB, and its objects take
# twenty times as much. The largest of these files, the index of the shards, has some hundred KiB.
MAX_JSON_BYTES = 2 * 2**20


def read_object(path: Path, most: int = MAX_JSON_BYTES) -> dict[str, Any]:
    """Return the object that a JSON file holds.

    Args:
        most: the largest file that is read, in bytes.

    Raises:
        FileNotFoundError: there is no such file.
        NotACheckpoint: the file cannot be read, is not JSON, or holds something else.
    """
    try:
        data = read_regular(path, most)
        encoding = json.detect_encoding(data)
        if not encoding.startswith("utf-8"):
            raise _refused(path, f"it is encoded as {encoding.upper()}, not as UTF-8")
        value = json.loads(data)
    except FileNotFoundError:
        raise
    except RecursionError:
        raise _refused(path, "its JSON is nested too deeply") from None
    except UnicodeDecodeError:
        raise _refused(path, "it is not UTF-8 text") from None
    except ValueError as error:
        raise _refused(path, f"it is not JSON: {error}") from None
    except OSError as error:
        raise _refused(path, describe_os_error(error, path)) from None
    if not isinstance(value, dict):
        raise _refused(path, f"it is a JSON {type(value).__name__}, not an object")
    return value


def read_leniently(path: Path) -> dict[str, Any]:
    """Return the object that a JSON file holds, or an empty one if it cannot be read."""
    try:
        return read_object(path)
    except (OSError, NotACheckpoint):
        return {}


def _refused(path: Path, why: str) -> NotACheckpoint:
    return NotACheckpoint(
        f"{path} cannot be read: {why}.",
        hint="Download it again, or correct it in an editor.",
        field="model",
    )
