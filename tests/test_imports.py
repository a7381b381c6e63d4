"""Data goes one way through the rooms: every import is read and held to the table of the design."""

from __future__ import annotations

import ast
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "cutaway"
MODULES = sorted(SOURCE.rglob("*.py"))

#: room: (our rooms it may import, others' packages it may import)
TABLE = {
    "core": ("", "numpy"),
    "trace": ("core", "numpy safetensors"),
    "model": (
        "core trace",
        "numpy torch transformers tokenizers safetensors gguf platformdirs tqdm "
        "captum accelerate peft",
    ),
    "lens": ("core trace", "numpy xarray sklearn"),
    "view": ("core", "numpy xarray"),
    "render": ("core view", "numpy rich anywidget traitlets matplotlib PIL"),
    "app": (
        "core trace model lens view render",
        "numpy xarray pandas torch transformers anywidget typer click rich platformdirs "
        "IPython netCDF4 PIL tqdm fastapi starlette pydantic uvicorn mlflow comet_ml wandb "
        "tensorboard faiss",
    ),
}
#: What an extra installs: imported inside functions only, where its absence is explained.
OPTIONAL = {
    "captum", "accelerate", "peft", "matplotlib", "fastapi", "starlette", "pydantic", "uvicorn",
    "mlflow", "comet_ml", "wandb", "tensorboard", "IPython", "netCDF4", "PIL", "faiss",
}  # fmt: skip
#: A package that holds the imports of its extra, and what explains the extra's absence: nothing
#: else may import it when it is imported itself.
HELD_APART = "cutaway.app.server"


@cache
def imports(path: Path, *, at_import: bool = False) -> set[str]:
    """Full names of what a module imports, its own packages' as "cutaway.…"; at_import leaves
    out what stands in a function or under TYPE_CHECKING."""
    found: set[str] = set()
    package = ("cutaway", *path.relative_to(SOURCE).parent.parts)

    def read(node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            base = ".".join(part for part in (above, node.module) if part)
            found.update({base} | {f"{base}.{alias.name}" for alias in node.names})
        later = isinstance(node, ast.FunctionDef) or (
            isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        )
        if not (at_import and later):
            for child in ast.iter_child_nodes(node):
                read(child)

    read(ast.parse(path.read_text("utf-8")))
    return found


def module_name(path: Path) -> str:
    parts = ("cutaway", *path.relative_to(SOURCE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("room", TABLE)
def test_a_room_imports_what_the_table_allows(room: str) -> None:
    ours, others = (set(names.split()) for names in TABLE[room])
    for path in (SOURCE / room).rglob("*.py"):
        for name in imports(path):
            top, _, rest = name.partition(".")
            if top == "cutaway":
                within = rest.split(".")[0]
                allowed = within in {*ours, room, "", "__version__"}
            else:
                allowed = top in others or top in sys.stdlib_module_names
            assert allowed, f"{path.relative_to(SOURCE)} imports {name}"


def test_every_room_is_in_the_table() -> None:
    rooms = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert rooms == set(TABLE)


def test_optional_packages_are_imported_inside_functions() -> None:
    for path in MODULES:
        if module_name(path).startswith(HELD_APART):
            continue
        names = imports(path, at_import=True)
        early = {name.partition(".")[0] for name in names} & OPTIONAL
        early |= {name for name in names if name.startswith(HELD_APART)}
        assert not early, f"{path.relative_to(SOURCE)} imports {early} when it is imported itself"


def test_no_import_goes_in_a_circle() -> None:
    names = {module_name(path) for path in MODULES}
    graph = {
        module_name(path): imports(path, at_import=True) & names - {module_name(path)}
        for path in MODULES
    }
    TopologicalSorter(graph).prepare()  # raises CycleError, naming the circle
