"""What is in the tree of `make bundle`, and in its archive."""

from __future__ import annotations

import json
import sys
import tarfile
from importlib import metadata
from pathlib import Path

import pytest

from tests.support.wire import ROOT

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(900)]

LARGEST_ARCHIVE = 110_000_000
# Places of the machine that builds: the checkout, its environment, its interpreter.
PLACES = {str(ROOT), sys.prefix, sys.base_prefix}
# Its own code and the system's libraries, which the build does not write.
FOREIGN = ("python/bin/", "python/lib/lib")


@pytest.fixture(scope="module")
def site_packages(tree: Path) -> Path:
    (folder,) = tree.glob("python/lib/python3.*/site-packages")
    return folder


def test_the_archive_has_just_the_files_of_the_tree(tree: Path, archive: Path) -> None:
    with tarfile.open(archive) as file:
        members = file.getmembers()
    top = archive.name.removesuffix(".tar.gz")
    names = [member.name for member in members]
    assert names == [str(path) for path in sorted(map(Path, names))]
    inside = {f"{top}/{path.relative_to(tree).as_posix()}": path for path in tree.rglob("*")}
    assert set(names) == {top, *inside}
    for member in members[1:]:
        assert (member.uid, member.gid, member.uname, member.gname) == (0, 0, "", "")
        assert member.mtime == members[0].mtime
        assert member.mode == inside[member.name].stat().st_mode & 0o777
    assert {f"{top}/bin/qwen-tts-sidecar", f"{top}/python/bin/python3"} <= {
        member.name for member in members if member.mode == 0o755 and member.isfile()
    }


def test_the_archive_is_not_larger_than_planned(archive: Path) -> None:
    if sys.platform == "linux":
        assert archive.stat().st_size <= LARGEST_ARCHIVE


def test_no_file_names_a_place_of_the_building_machine(tree: Path) -> None:
    found = [
        f"{path}: {place}"
        for path in tree.rglob("*")
        if path.is_file() and not path.relative_to(tree).as_posix().startswith(FOREIGN)
        for place in PLACES
        if place != "/" and f"{place}/".encode() in path.read_bytes()
    ]
    assert found == []


def test_each_module_is_compiled_and_not_compared_with_its_source(tree: Path) -> None:
    """Without bytecode each start would compile: 0.25 s of CPU time for the standard library."""
    modules = list((tree / "python" / "lib").rglob("*.py"))
    assert len(modules) > 1000
    tag = sys.implementation.cache_tag
    for module in modules:
        (compiled,) = (module.parent / "__pycache__").glob(f"{module.stem}.*.pyc")
        assert compiled.name == f"{module.stem}.{tag}.pyc"
        assert int.from_bytes(compiled.read_bytes()[4:8], "little") == 1, compiled  # PEP 552


def test_each_distribution_has_its_licence_and_a_true_record(
    tree: Path, site_packages: Path
) -> None:
    found = list(metadata.distributions(path=[str(site_packages)]))
    assert {"qwen-tts-sidecar", "mlx", "numpy", "tokenizers"} <= {one.name for one in found}
    for one in found:
        name = one.name.lower().replace("_", "-")
        texts = list((tree / "licences" / f"{name}-{one.version}").iterdir())
        assert texts, name
        assert all(text.stat().st_size > 100 for text in texts), name
        for file in one.files or ():
            assert Path(str(one.locate_file(file))).is_file(), file
        assert one.read_text("direct_url.json") is None


def test_each_library_is_in_the_bill_of_materials(tree: Path) -> None:
    bill = json.loads((tree / "sbom.cdx.json").read_text("utf-8"))
    digests = {one["content"] for part in bill["components"] for one in part.get("hashes", [])}
    files = json.loads((tree / "manifest.json").read_text("utf-8"))["files"]
    own = [name for name in files if name.startswith(("python/lib/lib", "python/bin/"))]
    assert "python/bin/python3" in own
    assert [name for name in own if files[name] not in digests and "libpython" not in name] == []


def test_what_the_manifest_says(tree: Path) -> None:
    manifest = json.loads((tree / "manifest.json").read_text("utf-8"))
    assert manifest["name"] == "qwen-tts-sidecar"
    assert manifest["version"] == metadata.version("qwen-tts-sidecar")
    assert manifest["platform"] == tree.name
    if sys.platform == "linux":
        # What the interpreter of this machine needs may be more than a release's.
        assert tuple(map(int, manifest["glibc"].split("."))) >= (2, 35)
