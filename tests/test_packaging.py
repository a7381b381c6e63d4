"""The wheel holds the package with its bundle and nothing else; its requirements hold here."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
import tarfile
import tomllib
from importlib.metadata import version
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from . import licences
from .audit import faults, pins
from .lower import core, oldest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
REQUIREMENTS = [
    Requirement(line)
    for line in [*PROJECT["dependencies"], *(line for lines in EXTRAS.values() for line in lines)]
    if not line.startswith("cutaway[")
]
CONSTRAINTS = {
    line.name: line
    for text in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    if text and not text.startswith("#")
    for line in [Requirement(text)]
}


def built(target: str, folder: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (made,) = folder.glob("cutaway-*")
    return made


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("wheel", tmp_path_factory.mktemp("wheel"))


@pytest.mark.slow
def test_the_wheel_holds_the_package_and_its_bundle_only(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    ours = {name for name in names if ".dist-info/" not in name}
    source = ROOT / "src"
    expected = {
        path.relative_to(source).as_posix()
        for path in (source / "cutaway").rglob("*.py")
    }  # fmt: skip
    front = {f"cutaway/render/{name}.js" for name in ("loader", "bundle/cutaway", "bundle/app")}
    assert ours == expected | front | {"cutaway/py.typed"}
    assert any(name.endswith("licenses/LICENSE") for name in names)


@pytest.mark.slow
def test_a_saved_page_carries_a_small_front_end_and_none_of_the_app(wheel: Path) -> None:
    files = ZipFile(wheel)
    page, app = (files.read(f"cutaway/render/bundle/{name}.js") for name in ("cutaway", "app"))
    assert len(gzip.compress(page)) <= 250_000
    assert (b"/api/runs" in page, b"/api/runs" in app) == (False, True)


@pytest.mark.slow
def test_the_wheel_runs_where_it_is_unpacked(wheel: Path, tmp_path: Path) -> None:
    ZipFile(wheel).extractall(tmp_path)
    (scripts,) = tmp_path.glob("*.dist-info/entry_points.txt")
    assert "cutaway = cutaway.app.entry:main" in scripts.read_text("utf-8")
    code = "import sys; sys.argv[0] = 'cutaway'; from cutaway.app.entry import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--version"],
        cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert PROJECT["version"] in done.stdout


@pytest.mark.slow
def test_the_wheel_in_an_empty_environment_runs_the_demo(wheel: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", "empty", folder=tmp_path)
    install = ("-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input")
    run(
        "empty/bin/python",
        *install,
        "-c",
        str(ROOT / "constraints.txt"),
        str(wheel),
        folder=tmp_path,
    )
    said = run("empty/bin/cutaway", "demo", folder=tmp_path)
    assert " Paris" in said or "·Paris" in said
    assert (tmp_path / "demo.html").stat().st_size > 50_000
    frozen = run("empty/bin/python", "-m", "pip", "list", "--format", "freeze", folder=tmp_path)
    brought = {canonicalize_name(line.partition("==")[0]) for line in frozen.splitlines()}
    rows = licences.path().read_text("utf-8").splitlines()
    listed = {line.split(" | ")[0].removeprefix("| ") for line in rows if line.startswith("| ")}
    assert brought - {"cutaway", "pip"} == listed - {"package"}


def run(program: str, *arguments: str, folder: Path) -> str:
    """What a program prints, run in a folder; it must succeed."""
    done = subprocess.run(
        [program, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
def test_the_source_distribution_can_build_the_bundle(tmp_path: Path) -> None:
    with tarfile.open(built("sdist", tmp_path)) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"hatch_build.py", "web/package-lock.json", "web/src/main.ts", "LICENSE"} <= names
    assert not [name for name in names if "node_modules" in name or "/bundle/" in name]


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=str)
def test_a_requirement_states_its_oldest_version(requirement: Requirement) -> None:
    assert [bound.operator for bound in requirement.specifier] == [">="]
    pinned = CONSTRAINTS.get(requirement.name)
    if pinned is not None:
        (bound,) = pinned.specifier
        assert requirement.specifier.contains(bound.version)


def test_the_core_needs_these_twelve_and_no_more() -> None:
    assert sorted(requirement.name for requirement in core()) == [
        "anywidget", "gguf", "numpy", "platformdirs", "rich", "safetensors", "scikit-learn",
        "torch", "tqdm", "transformers", "typer", "xarray",
    ]  # fmt: skip


def test_every_licence_is_known_and_binds_nobody() -> None:
    listed = licences.path().read_text("utf-8").splitlines()
    rows = [line for line in licences.page().splitlines() if line.startswith("| ")]
    assert len(rows) > 60
    for row in rows:
        assert not re.search("GPL|not stated", row)
        if "Cutaway" in row:
            assert row in listed


def test_a_version_that_is_withdrawn_or_gone_is_told() -> None:
    files = [
        {"filename": "a-1.0.tar.gz", "yanked": "breaks numpy"},
        {"filename": "a-1.0-py3-none-any.whl", "yanked": True},
        {"filename": "a-1.1-py3-none-any.whl", "yanked": False},
        {"filename": "a-1.1.win32.exe", "yanked": False},
    ]
    assert faults(Version("1.0"), files) == ["withdrawn: breaks numpy"]
    assert faults(Version("1.1"), files) == []
    assert faults(Version("1.2"), files) == ["not in the index"]
    assert pins().keys() == CONSTRAINTS.keys()


def test_the_lowest_versions_are_those_of_the_bounds() -> None:
    lowest = dict(line.split("==") for line in oldest())
    assert lowest["numpy"] == "1.26"
    assert "torch" not in lowest
    for requirement in REQUIREMENTS:
        if requirement.name in lowest:
            assert requirement.specifier.contains(lowest[requirement.name])


def test_what_the_core_needs_is_pinned_and_installed() -> None:
    for line in PROJECT["dependencies"]:
        name = Requirement(line).name
        assert Requirement(line).specifier.contains(version(name), prereleases=True)
        assert name in CONSTRAINTS


def test_there_is_one_version_number() -> None:
    import cutaway

    assert cutaway.__version__ == PROJECT["version"]
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"version: {PROJECT['version']}" in citation
    assert f"## {PROJECT['version']}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
