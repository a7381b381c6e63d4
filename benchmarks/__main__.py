"""Every benchmark in turn: python -m benchmarks [--smoke] [NAME ...]."""

from __future__ import annotations

import argparse
import pkgutil
import sys
from importlib import import_module

import benchmarks
from benchmarks.promise import report


def run_all() -> int:
    """Run the files asked for, one after the other; 1 where a promise is broken."""
    found = [module.name for module in pkgutil.iter_modules(benchmarks.__path__)]
    known = [name for name in found if name not in ("__main__", "promise")]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}")
    parser.add_argument("--smoke", action="store_true", help="quick: only shows that they run")
    asked = parser.parse_args()
    unknown = set(asked.names) - set(known)
    if unknown:
        parser.error(f"unknown benchmark {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    kept = True
    for name in asked.names or known:
        module = import_module(f"benchmarks.{name}")
        if hasattr(module, "run"):  # the rest are tables made by hand
            title = (module.__doc__ or name).splitlines()[0]
            kept &= report(title, module.run(asked.smoke), smoke=asked.smoke)
    return int(not kept)


if __name__ == "__main__":
    sys.exit(run_all())
