"""`playground`: serve a page on this machine, and open it in the browser.

The page talks to a sidecar of its own through the WebSocket bridge of the Python client, which a
wheel contains and a checkout has beside it. Nothing else of the sidecar uses that client.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import importlib
import logging
import os
import sys
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sidecar import installation
from sidecar.cli import terminal
from sidecar.cli.terminal import Failure

if TYPE_CHECKING:
    from qwen_tts_client.bridge import Bridge, Page

_BUNDLED = Path(__file__).parents[1] / "bundled"
_PAGE = _BUNDLED / "playground"
_CLIENT = _BUNDLED / "client"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_PORT = 8766  # where no port is named; the bridge's own is 8765


def playground(options: argparse.Namespace) -> int:
    """Run the command until a signal ends it; return the exit code.

    Raises:
        Failure: the page cannot be served.
    """
    _find_client()
    # That library logs malformed requests, and at the level debug all headers: with the token.
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    try:
        return asyncio.run(_serve(options, _PORT if options.port is None else options.port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        if options.port is None:
            return asyncio.run(_serve(options, 0))
        hint = "Name another one with --port; 0 takes a free one."
        raise Failure(f"Port {options.port} is in use.", hint) from None


def _find_client() -> None:
    """Let the client be imported: the wheel's own one, which fits the page, before any other.

    Raises:
        Failure: there is none.
    """
    if _CLIENT.is_dir():
        sys.path.insert(0, str(_CLIENT))
    try:
        importlib.import_module("qwen_tts_client.bridge")
    except ImportError as error:
        hint = installation.to_install('"./clients/python[bridge]"')
        raise Failure(f"The playground needs the bridge, but {error}.", f"{hint}.") from None


async def _serve(options: argparse.Namespace, port: int) -> int:
    from qwen_tts_client import SidecarError
    from qwen_tts_client.bridge import BridgeOptions
    from qwen_tts_client.bridge.run import run

    settings = BridgeOptions(token=_token(options.token_file), port=port, pages=_pages())
    opening: list[asyncio.Task[None]] = []

    def announce(bridge: Bridge) -> None:
        url = f"http://127.0.0.1:{bridge.port}/#{settings.token}"
        print(url, flush=True)
        terminal.note("This is the address of the playground. Ctrl-C ends it.")
        if options.open:
            opening.append(asyncio.create_task(_open(url)))

    command = [sys.executable, "-P", "-m", "sidecar"]
    try:
        return await run(settings, command, _arguments(options), announce)
    except SidecarError as error:
        raise Failure(str(error)) from None


async def _open(url: str) -> None:
    if not _has_screen() or not await asyncio.to_thread(_open_browser, url):
        terminal.warning("No browser could be opened. Open the address above in one.")


def _open_browser(url: str) -> bool:
    with contextlib.suppress(webbrowser.Error):
        return webbrowser.open(url)
    return False


def _has_screen() -> bool:
    """Return whether there is a screen: without one, a browser would take over the terminal."""
    return sys.platform == "darwin" or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    )


def _token(file: str | None) -> str:
    from qwen_tts_client.bridge import token_file

    if file is None:
        return token_file.new_token()
    try:
        return token_file.read_token(Path(file))
    except token_file.TokenError as error:
        raise Failure(f"{error}.") from None


def _pages() -> Mapping[str, Page]:
    """Return the built page: clients/typescript/scripts/build-playground.mjs makes it."""
    from qwen_tts_client.bridge import Page

    files = {
        f"/{path.name}": Page(path.read_bytes(), _TYPES[path.suffix])
        for path in sorted(_PAGE.iterdir())
        if path.suffix in _TYPES
    }
    return {**files, "/": files["/index.html"]}


def _arguments(options: argparse.Namespace) -> list[str]:
    """Return what the sidecar is started with. Other common options are in the environment."""
    named = {
        "--model": options.model,
        "--aligner": options.aligner,
        "--lexicon": options.lexicon,
        "--voices-dir": options.voices_dir,
        "--max-reference-seconds": f"{options.max_reference_seconds:g}",
        "--log-level": options.log_level,
    }
    return [word for name, value in named.items() if value is not None for word in (name, value)]
