"""Has Apple check a signed tree ("notarise" it), which Gatekeeper asks for.

A ticket cannot be stapled to a folder, only to an app, a disk image or an installer package:
Gatekeeper asks Apple's servers for the ticket of these files. An app that contains the tree is
notarised and stapled as a whole.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path


def notarise(tree: Path, credentials: list[str]) -> None:
    """Upload a tree and wait for the answer.

    Args:
        credentials: options of `xcrun notarytool`: `--key`, `--key-id` and `--issuer`, or others.

    Raises:
        subprocess.CalledProcessError: the upload failed, or took more than half an hour.
        ValueError: Apple does not accept the tree; the message has its reasons.
    """
    with tempfile.TemporaryDirectory() as folder:
        packed = str(Path(folder) / "tree.zip")
        subprocess.run(["ditto", "-c", "-k", "--keepParent", str(tree), packed], check=True)
        answer = _notarytool(["submit", packed, "--wait", "--timeout", "30m"], credentials)
    result = json.loads(answer)
    if result["status"] != "Accepted":
        reasons = _notarytool(["log", result["id"]], credentials)
        raise ValueError(f"Apple answers {result['status']!r}: {reasons}")


def _notarytool(arguments: list[str], credentials: list[str]) -> str:
    # It exits with 0 whether Apple has accepted the files or not.
    command = ["xcrun", "notarytool", *arguments, *credentials, "--output-format", "json"]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=notarise.__doc__)
    parser.add_argument("tree", type=Path)
    options, others = parser.parse_known_args()
    try:
        notarise(options.tree, others)
    except (ValueError, subprocess.CalledProcessError) as error:
        sys.exit(f"notarisation: {error}")
