"""Write the bill of materials of a folder of installed packages, as CycloneDX 1.6 in JSON.

python packaging/sbom.py lib/python3.13/site-packages --output sbom.cdx.json \\
    --runtime pkg:github/python/cpython@v3.13.9 Python-2.0 bin/python3.13 \\
    --library pkg:generic/openblas@0.3.30 BSD-3-Clause lib/libopenblas.so.0

cyclonedx-py lists the packages with their licences and what each one requires. Added here are the
SHA-256 of each wheel, where uv.lock has that wheel, and the programs and shared libraries that came
without a package. The same content gives the same bytes: the serial number is computed from the
content, and the time is that of SOURCE_DATE_EPOCH, or left out if that is not set.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.spdx import is_expression
from cyclonedx.validation import make_schemabased_validator
from packageurl import PackageURL
from packaging.tags import Tag, parse_tag
from packaging.utils import canonicalize_name, parse_wheel_filename

import locked

PROJECT = "qwen-tts-sidecar"
_SCHEMA = SchemaVersion.V1_6

Json = dict[str, Any]


def bill(site_packages: Path, others: list[Json]) -> str:
    """Return the bill of materials of the packages in a folder and of other components, in JSON.

    Raises `LookupError` if the project itself is not installed there, `ValueError` if the result
    does not follow the schema of CycloneDX, and `subprocess.CalledProcessError` if the packages
    cannot be listed.
    """
    installed = {
        canonicalize_name(one.name): one for one in distributions(path=[str(site_packages)])
    }
    if PROJECT not in installed:
        raise LookupError(f"{site_packages} does not contain the package {PROJECT}.")
    document = _listed(site_packages)
    components: list[Json] = document["components"]
    for one in components:
        _complete(one, installed[canonicalize_name(one["name"])])
    project = next(one for one in components if one["name"] == PROJECT)
    components.remove(project)
    components.extend(others)
    document["metadata"]["component"] = project | {"type": "application"}
    requirements = {one["ref"]: one for one in document["dependencies"]}
    for one in others:
        requirements[project["bom-ref"]].setdefault("dependsOn", []).append(one["bom-ref"])
        document["dependencies"].append({"ref": one["bom-ref"]})
    document["serialNumber"] = uuid5(NAMESPACE_URL, json.dumps(document, sort_keys=True)).urn
    text = json.dumps(document, indent=2, sort_keys=True) + "\n"
    fault = make_schemabased_validator(OutputFormat.JSON, _SCHEMA).validate_str(text)
    if fault is not None:
        raise ValueError(f"The bill of materials does not follow its schema: {fault}")
    return text


def component(kind: str, purl: str, licence: str, file: Path) -> Json:
    """Describe a file that belongs to no Python package, by its package URL and SPDX expression.

    `kind` is a type of component in CycloneDX: "platform" for a runtime, or "library". Raises
    `ValueError` if the URL or the expression is not valid, and `OSError` if the file is unreadable.
    """
    address = PackageURL.from_string(purl)
    if not is_expression(licence):
        raise ValueError(f"{licence!r} is not an SPDX expression of licences.")
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {
        "type": kind,
        "name": address.name,
        "version": address.version or "",
        "purl": str(address),
        "bom-ref": str(address),
        "licenses": [{"expression": licence}],
        "hashes": [_sha256(digest)],
    }


def _listed(site_packages: Path) -> Json:
    """Return what cyclonedx-py finds in a folder, and nowhere else."""
    tool = [sys.executable, "-I", "-m", "cyclonedx_py", "environment", "-S", "--no-validate"]
    tool += ["--short-PURLs", "--output-reproducible"]
    tool += ["--spec-version", _SCHEMA.to_version(), sys.executable]
    done = subprocess.run(
        tool,
        cwd=site_packages,
        env={**os.environ, "PYTHONPATH": str(site_packages)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def _complete(one: Json, distribution: Distribution) -> None:
    """Add the wheel that a package was installed from, and a licence that is no SPDX expression.

    Addresses of folders are removed, since they are those of the machine that installed it.
    """
    sources: list[Json] = one.get("externalReferences", [])
    sources = [source for source in sources if not source["url"].startswith("file:")]
    tags = frozenset(_tags(distribution))
    for wheel in locked.wheels().get((canonicalize_name(one["name"]), one["version"]), []):
        if parse_wheel_filename(wheel.filename)[3] == tags:
            hashes = [_sha256(wheel.hashes["sha256"])]
            sources.append({"type": "distribution", "url": wheel.url, "hashes": hashes})
    one["externalReferences"] = sources
    metadata = distribution.metadata
    if not one.get("licenses") and "License" in metadata:
        named = {"acknowledgement": "declared", "name": metadata["License"].partition("\n")[0]}
        one["licenses"] = [{"license": named}]


def _tags(distribution: Distribution) -> Iterator[Tag]:
    """Yield the tags of the wheel that a distribution was installed from."""
    for line in (distribution.read_text("WHEEL") or "").splitlines():
        if line.startswith("Tag:"):
            yield from parse_tag(line.removeprefix("Tag:").strip())


def _sha256(digest: str) -> Json:
    return {"alg": "SHA-256", "content": digest}


def main() -> None:
    """Write the bill of materials that the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("site_packages", type=Path, help="the folder of the installed packages")
    parser.add_argument("--output", type=Path, help="the file to write; stdout if not given")
    kinds = {"runtime": "platform", "library": "library"}
    for option, what in ("runtime", "a program that runs it"), ("library", "a shared library"):
        parser.add_argument(
            f"--{option}",
            action="append",
            default=[],
            nargs=3,
            metavar=("PURL", "LICENCE", "FILE"),
            help=f"{what}; may be given several times",
        )
    arguments = parser.parse_args()
    try:
        others = [
            component(kind, purl, licence, Path(file))
            for option, kind in kinds.items()
            for purl, licence, file in getattr(arguments, option)
        ]
        text = bill(arguments.site_packages.resolve(), others)
    except (LookupError, ValueError, OSError) as error:
        parser.error(str(error))
    except subprocess.CalledProcessError as error:
        parser.error(f"`{' '.join(error.cmd)}` failed: {error.stderr}")
    if arguments.output is None:
        sys.stdout.write(text)
    else:
        arguments.output.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
