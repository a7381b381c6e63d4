"""The oldest versions that pyproject.toml allows, as pip's constraints: `python -m tests.lower`.

`make lower` installs them in an environment of their own and runs the fast tests there. torch is
left out (this project is tested with one build of it), and so is what transformers' own bounds
decide; the oldest transformers has a command to itself, `make versions`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

__all__ = ["EXTRAS", "core", "oldest"]

#: The extras that are tried; the trackers' own bounds do not go together at their lowest.
EXTRAS = ("app", "plot", "captum", "netcdf", "accelerate")
_ELSEWHERE = ("torch", "transformers", "safetensors")


def oldest(extras: tuple[str, ...] = EXTRAS) -> Iterator[str]:
    """ "name==version" for the core's requirements and those of some extras.

    >>> next(line for line in oldest() if line.startswith("numpy"))
    'numpy==1.26'
    """
    optional = _project()["optional-dependencies"]
    asked = [Requirement(line) for extra in extras for line in optional[extra]]
    for requirement in [*core(), *asked]:
        if requirement.name not in _ELSEWHERE:
            (bound,) = requirement.specifier
            yield f"{requirement.name}=={bound.version}"


def core() -> list[Requirement]:
    """What `pip install cutaway` asks for."""
    return [Requirement(line) for line in _project()["dependencies"]]


def _project() -> dict[str, Any]:
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8")
    project: dict[str, Any] = tomllib.loads(text)["project"]
    return project


if __name__ == "__main__":
    print(*oldest(), sep="\n")
