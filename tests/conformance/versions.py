"""The suite on the oldest transformers that Cutaway takes, and on the newest: make versions.

Each release gets an environment of its own under .cache/versions. Both tables' differences are
printed; a family that only one of them has is tried like any other.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "versions"
#: What comes with a release of transformers, and so is not what the constraints say.
_ITS_OWN = ("transformers", "tokenizers", "huggingface-hub", "huggingface_hub", "hf-xet", "hf_xet")


def oldest() -> str:
    """The lower bound that pyproject.toml states."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(r'"transformers>=([\d.]+)"', text)
    assert found is not None
    return found[1]


def prepared(wanted: str) -> Path:
    """The Python of an environment that has Cutaway's needs and one release of transformers."""
    folder = CACHE / (wanted or "newest")
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(tuple(f"{name}==" for name in _ITS_OWN))]
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(kept) + "\n", encoding="utf-8")
    release = f"transformers=={wanted}.*" if wanted else "transformers"
    install = [python, "-m", "pip", "install", "-qq", "--upgrade", "-c", constraints]
    subprocess.run([*install, release, *needs(), "pytest"], check=True)
    return python


def needs() -> list[str]:
    """Cutaway's own dependencies but transformers, as pyproject.toml lists them."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    listed = text.partition("\ndependencies = [")[2].partition("]")[0]
    names = re.findall(r'"([^"]+)"', listed)
    return [name for name in names if not name.startswith("transformers")]


def surveyed(wanted: str) -> tuple[str, dict[str, dict[str, Any]]]:
    """A release's own version, and family -> what came of it there."""
    python, found = prepared(wanted), CACHE / f"{wanted or 'newest'}.json"
    paths = {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "HF_HUB_OFFLINE": "1"}
    told = "from importlib.metadata import version; print(version('transformers'))"
    version = subprocess.check_output([python, "-c", told], text=True).strip()
    print(f"\ntransformers {version}", flush=True)
    subprocess.run(
        [python, "-W", "ignore", "-m", "tests.conformance", "--json", found],
        env={**os.environ, **paths}, cwd=ROOT, check=False,
    )  # fmt: skip
    outcomes = json.loads(found.read_text(encoding="utf-8"))
    return version, {one["family"]: one for one in outcomes}


def differences(old: dict[str, dict[str, Any]], new: dict[str, dict[str, Any]]) -> list[str]:
    """What a family's verdict or marks are in both releases, where they differ."""
    lines = []
    for family in (name for name in old if name in new):
        a, b = (seen_of(each[family]) for each in (old, new))
        changed = [f"{k or 'verdict'} {a.get(k)} -> {b.get(k)}" for k in b if a.get(k) != b.get(k)]
        if changed:
            lines.append(f"{family}: {'; '.join(changed)} ({old[family]['why'][:120]})")
    return lines


def seen_of(outcome: dict[str, Any]) -> dict[str, str]:
    """A verdict, the marks and what is had of a mixture's routers."""
    own = {"": outcome["verdict"], "experts": outcome["experts"]}
    return {**own, **outcome["marks"]}


def main() -> int:
    """Returns 1 where a check failed in either release."""
    (a, old), (b, new) = surveyed(oldest()), surveyed("")
    print(f"\nonly in {b}: {len(new.keys() - old.keys())} families")
    print(f"only in {a}: {', '.join(sorted(old.keys() - new.keys())) or 'none'}")
    print(f"different in {a} and {b}:")
    print("\n".join(differences(old, new)) or "nothing")
    wrong = [one["family"] for each in (old, new) for one in each.values() if one["failures"]]
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
