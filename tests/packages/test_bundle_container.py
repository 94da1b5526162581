"""The tree in a container with nothing but the C and C++ libraries and a shell: read-only, for a
user without a name, a home or a variable."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.support.bundles import TEXT, expected
from tests.support.installing import unavailable

pytestmark = [
    pytest.mark.hosts,
    pytest.mark.timeout(900),
    pytest.mark.skipif(sys.platform != "linux", reason="makes a container of Linux's namespaces"),
]
# What docs/packaging.md says that the system must have: glibc, and the libraries of its compiler.
LIBRARIES = (
    "libc.so.6", "libm.so.6", "libmvec.so.1", "libdl.so.2", "libpthread.so.0", "librt.so.1",
    "libutil.so.1", "libgcc_s.so.1", "libstdc++.so.6",
)  # fmt: skip
# A mount can be made read-only only by a second call. `chroot` gives up root at last.
ENTER = """
mount --rbind /proc "$1/proc"
mount --bind "$2" "$1/My App"
mount -o remount,ro,bind "$1/My App"
root=$1
shift 2
exec chroot --userspec=65534:65534 "$root" "$@"
"""


class Container:
    """A root folder, in which the tree is at `/My App`."""

    def __init__(self, root: Path, tree: Path) -> None:
        self.root, self.tree = root, tree

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [
                "/usr/bin/unshare", "--mount", "--propagation", "private", "/bin/sh", "-ec", ENTER,
                "sh", self.root, self.tree, "/My App/bin/qwen-tts-sidecar", *arguments,
            ],
            env=env,
            capture_output=True,
            timeout=120,
            check=False,
        )  # fmt: skip


@pytest.fixture(scope="module")
def container(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Container:
    if os.geteuid() != 0:
        unavailable("only root can make a container")
    root = tmp_path_factory.mktemp("root")
    for name in ("bin", "dev", "proc", "lib", "lib64", "tmp", "My App"):
        (root / name).mkdir()
    root.chmod(0o755)
    (root / "tmp").chmod(0o1777)
    shutil.copy("/bin/sh", root / "bin" / "sh")
    listed = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True)
    places = [line.strip().partition(" (") for line in listed.stdout.splitlines()]
    found = {name: rest.rpartition(" => ")[2] for name, _, rest in reversed(places)}
    for library in LIBRARIES:
        shutil.copy(found[library], root / "lib" / library)
    for loader in Path("/lib64").glob("ld-linux*"):
        shutil.copy(loader, root / "lib64" / loader.name)
    return Container(root, tree)


def test_it_speaks_in_a_container(container: Container) -> None:
    done = container.run("say", TEXT, "--seed", "7", "--output", "/tmp/a.wav")
    assert done.returncode == 0, done.stderr.decode()
    assert (container.root / "tmp" / "a.wav").read_bytes() == expected()


def test_without_a_home_it_says_which_variable_to_set(container: Container) -> None:
    for command in (["voices", "list"], ["models", "list"]):
        done = container.run(*command)
        assert done.returncode == 1
        assert b"Traceback" not in done.stderr
        assert b"HOME" in done.stderr
        assert container.run(*command, HOME="/tmp").returncode == 0
    assert list(container.root.glob("**/~*")) == []


# --- certificates ------------------------------------------------------------------------------


class _Answers(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def https(certificate: Path, key: Path) -> Iterator[str]:
    """Serve on 127.0.0.1; yield the address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_certificates_are_the_system_s_or_those_of_the_variable(
    container: Container, tmp_path: Path
) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    openssl = shutil.which("openssl") or unavailable("openssl is not installed")
    subprocess.run(
        [
            openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", key, "-out", certificate,
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    with https(certificate, key) as address:
        env = {"HOME": "/tmp", "HF_ENDPOINT": address}
        assert b"certificate" in container.run("doctor", "--no-test", **env).stdout
        # Where Debian keeps the certificates; the container had none.
        place = container.root / "etc/ssl/certs/ca-certificates.crt"
        place.parent.mkdir(parents=True)
        shutil.copy(certificate, place)
        assert b" answers in " in container.run("doctor", "--no-test", **env).stdout
        other = place.rename(container.root / "tmp" / "company.pem")
        named = {**env, "SSL_CERT_FILE": f"/tmp/{other.name}"}
        assert b" answers in " in container.run("doctor", "--no-test", **named).stdout
