"""What a release is made of: wheel, sdist, one file that runs anywhere Python is, and the list of what that file holds.

    python -m tests.house.release DIRECTORY

The same tree and the same installed libraries give the same bytes: nothing holds the time or the folder of the build.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
import uuid
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, PackagePath, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from tests.house.tree import ROOT

NAME = "goneaway-tui"
PYZ = f"{NAME}.pyz"
BUNDLED_EXTRAS = {"exporter"}
"""The extras whose libraries are in the one file."""
EPOCH = "315532800"
"""SOURCE_DATE_EPOCH of a build: the first instant that a zip file can hold."""
STAMP = (1980, 1, 1, 0, 0, 0)
SHEBANG = b"#!/usr/bin/env python3\n"
MAIN = """\
import sys

if sys.version_info < (3, 11):
    sys.exit("goneaway-tui: this is Python %d.%d, and goneaway-tui needs 3.11 or newer; run it with a newer one" % sys.version_info[:2])

from goneaway_tui.__main__ import main

sys.exit(main())
"""
"""Any Python can read it, so that an old one is told what is needed."""


def build(kind: str, into: Path) -> Path:
    """A wheel or sdist of this tree, made by the backend that pip would ask."""
    hook = f"import sys; from hatchling.build import build_{kind} as build; print(build(sys.argv[1]))"
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [sys.executable, "-c", hook, into],
        cwd=ROOT,
        env={**env, "SOURCE_DATE_EPOCH": EPOCH},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return into / done.stdout.split()[-1]


def requirements() -> Iterator[Requirement]:
    """What the project needs, with the libraries of BUNDLED_EXTRAS; read from its own file, not from what was installed once."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    yield from map(Requirement, project["dependencies"])
    for extra in sorted(BUNDLED_EXTRAS):
        yield from map(Requirement, project["optional-dependencies"][extra])


def is_pure(library: Distribution) -> bool:
    """Whether the library runs on any machine, and out of a zip file."""
    return not any(path.suffix in {".so", ".pyd", ".dylib"} for path in library.files or ())


def libraries() -> dict[str, Distribution]:
    """The installed libraries that the program needs, by name; those with machine code, and what only these need, are left out."""
    found: dict[str, Distribution] = {}
    seen: set[str] = set()
    ahead = list(requirements())
    while ahead:
        needed = ahead.pop()
        library = distribution(needed.name)
        if str(needed) in seen or not is_pure(library):
            continue
        seen.add(str(needed))
        found[_normalized(needed.name)] = library
        for inner in map(Requirement, library.requires or ()):
            extras = ("", *needed.extras)
            if inner.marker is None or any(inner.marker.evaluate({"extra": extra}) for extra in extras):
                inner.marker = None
                ahead.append(inner)
    return dict(sorted(found.items()))


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def build_pyz(wheel: Path, into: Path) -> Path:
    """The program with its libraries in one file."""
    contents: dict[str, bytes] = {"__main__.py": MAIN.encode()}
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if ".data/" not in name:
                contents[name] = archive.read(name)
    for library in libraries().values():
        for path in library.files or ():
            if _is_bundled(path):
                contents[path.as_posix()] = path.read_binary()
    made = into / PYZ
    with made.open("wb") as file:
        file.write(SHEBANG)
        with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
            for name, data in sorted(contents.items()):
                entry = zipfile.ZipInfo(name, STAMP)
                entry.external_attr = 0o100644 << 16
                entry.create_system = 3
                archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    made.chmod(0o755)
    return made


def _is_bundled(path: PackagePath) -> bool:
    """No scripts, no compiled files, and nothing that says how and where it was installed here."""
    installed_by = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
    return not (".." in path.parts or "__pycache__" in path.parts or path.name in installed_by)


def sbom(version: str) -> dict[str, Any]:
    """The libraries in the one file, as CycloneDX 1.6 writes it."""
    components = [_component(library) for library in libraries().values()]
    own = {"type": "application", "name": NAME, "version": version, "bom-ref": f"pkg:pypi/{NAME}@{version}"}
    digest = hashlib.sha256(json.dumps([own, components]).encode()).hexdigest()
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.UUID(digest[:32], version=4)}",
        "version": 1,
        "metadata": {"component": {**own, "purl": own["bom-ref"], "licenses": [{"license": {"id": "MIT"}}]}},
        "components": components,
        "dependencies": [{"ref": own["bom-ref"], "dependsOn": [each["bom-ref"] for each in components]}],
    }


def _component(library: Distribution) -> dict[str, Any]:
    name = _normalized(library.metadata["Name"])
    purl = f"pkg:pypi/{name}@{library.version}"
    stated = _stated_license(library)
    named = {"licenses": [{"license": {"name": stated}}]} if stated and "\n" not in stated else {}
    return {
        "type": "library",
        "name": name,
        "version": library.version,
        "bom-ref": purl,
        "purl": purl,
        **named,
    }


def _stated_license(library: Distribution) -> str:
    return next(
        (library.metadata[key] for key in ("License-Expression", "License") if key in library.metadata), ""
    )


def build_all(into: Path) -> dict[str, Path]:
    """Every file of a release, by kind."""
    into.mkdir(parents=True, exist_ok=True)
    wheel, sdist = build("wheel", into), build("sdist", into)
    version = wheel.name.split("-")[1]
    listed = into / f"{NAME}.cdx.json"
    listed.write_text(json.dumps(sbom(version), indent=2) + "\n", encoding="utf-8")
    return {"wheel": wheel, "sdist": sdist, "pyz": build_pyz(wheel, into), "sbom": listed}


if __name__ == "__main__":
    for made in build_all(Path(sys.argv[1])).values():
        print(f"{hashlib.sha256(made.read_bytes()).hexdigest()}  {made.name}")
