"""The command `qwen-tts-bridge`."""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import logging
import os
import re
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from qwen_tts_client import SidecarError
from qwen_tts_client.bridge import token_file

# As browsers send it; `null` is that of pages without an origin.
_ORIGIN = re.compile(r"null|[a-z][a-z0-9+.-]*://[^/?#\sA-Z*]*")
TOKEN_VARIABLE = "QWEN_TTS_BRIDGE_TOKEN"

_LIMITS = (
    ("--max-connections", 64, "connections at a time"),
    ("--max-requests", 24, "requests of one connection in flight"),
    ("--max-credit-ms", 30_000, "the most audio of one stream on its way to its client, in ms"),
)

log = logging.getLogger(__name__)


class Failure(Exception):
    """What the command prints before it exits with 1."""


def main(words: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    options = _parser().parse_args(words)
    logging.basicConfig(level=options.log_level.upper(), format="%(levelname)s %(message)s")
    # That library logs malformed requests, and at the level debug all headers: with the token.
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    try:
        return asyncio.run(_serve(options, _token(options.token_file)))
    except (Failure, SidecarError, OSError) as error:
        print(f"qwen-tts-bridge: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="qwen-tts-bridge",
        description="Serve one qwen-tts-sidecar to many clients over WebSockets.",
        epilog="Words after -- are arguments of the sidecar, such as --model 0.6b-base.",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    add("--port", type=_port, default=8765, help="the port; 0 takes a free one (default: 8765)")
    add(
        "--token-file",
        metavar="FILE",
        type=Path,
        help="the file of the token that clients have to know; it is made if there is none. "
        f"Default: the token is in the environment variable {TOKEN_VARIABLE}",
    )
    add(
        "--allow-origin",
        metavar="ORIGIN",
        type=_origin,
        action="append",
        default=[],
        help="let pages of this origin connect, such as https://example.com; may be repeated",
    )
    add(
        "--allow-paths",
        action="store_true",
        help="let clients name recordings on this machine by reference.path",
    )
    for name, default, meaning in _LIMITS:
        add(
            name,
            type=_positive,
            metavar="N",
            default=default,
            help=f"{meaning} (default: {default})",
        )
    add("--command", type=shlex.split, help="the sidecar's command (default: it is searched for)")
    add(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default="warning",
        help="how much to write to stderr (default: warning)",
    )
    add("sidecar_args", nargs="*", metavar="-- ARGUMENT", help="an argument of the sidecar")
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 0 to 65535")
    return int(text)


def _origin(text: str) -> str:
    if not _ORIGIN.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not an origin as browsers send it: a scheme and a host in small letters, "
            "with the port if it is not the default one, without a path: https://example.com"
        )
    return text


def _token(file: Path | None) -> str:
    """Return the token from the file, which is made if there is none, or from the environment.

    Raises:
        Failure: there is no usable token.
    """
    try:
        if file is not None:
            return token_file.read_token(file)
        token = os.environ.pop(TOKEN_VARIABLE, None)
        if token is None:
            raise Failure(
                f"a token is needed: name a file with --token-file, or set {TOKEN_VARIABLE}."
            )
        return token_file.checked(token, TOKEN_VARIABLE)
    except token_file.TokenError as error:
        raise Failure(str(error)) from None


async def _serve(options: argparse.Namespace, token: str) -> int:
    try:
        from qwen_tts_client.bridge.run import run
        from qwen_tts_client.bridge.server import Bridge, BridgeOptions
    except ImportError as error:
        raise Failure(f"{error}. Install it: pip install websockets") from None
    _warn_outside(options.host)
    settings = BridgeOptions(
        token=token,
        host=options.host,
        port=options.port,
        origins=tuple(options.allow_origin),
        allow_paths=options.allow_paths,
        max_connections=options.max_connections,
        max_requests=options.max_requests,
        max_credit_ms=options.max_credit_ms,
    )
    host = f"[{options.host}]" if ":" in options.host else options.host

    def announce(bridge: Bridge) -> None:
        print(f"Listening on ws://{host}:{bridge.port}/", flush=True)

    return await run(settings, options.command, options.sidecar_args, announce)


def _warn_outside(host: str) -> None:
    try:
        is_loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = host == "localhost"
    if not is_loopback:
        log.warning(
            "%s is not on the loopback: token, text and audio cross the network unencrypted. Put "
            "TLS in front, and let clients use wss://.",
            host,
        )


if __name__ == "__main__":
    sys.exit(main())
