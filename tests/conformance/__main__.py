"""The whole suite in one run: python -m tests.conformance [FAMILY ...] [--page] [--json FILE].

Every family of transformers' own lists is built tiny and looked at. Prints what failed and the
counts; `--page` writes docs/families.md, `--json` what came of each family.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from tests.models import EVERY

from .crew import crew
from .outcome import Outcome
from .table import PATH, page, tally


def main() -> int:
    """Returns 1 where a family was wrong, or was not what is expected of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance")
    parser.add_argument("families", nargs="*", help="only these, such as llama or 'masked bert'")
    parser.add_argument("--page", action="store_true", help="write docs/families.md")
    parser.add_argument("--json", type=Path, help="write what came of each family there")
    asked = parser.parse_args()
    if asked.page and asked.families:
        parser.error("the page is of all families")
    begun = time.perf_counter()
    outcomes = survey(asked.families or list(EVERY))
    print(tally(outcomes))
    print(f"{len(outcomes)} looked at in {time.perf_counter() - begun:.0f} s")
    if asked.page:
        PATH.write_text(page(outcomes), encoding="utf-8")
    if asked.json:
        asked.json.write_text(json.dumps([asdict(one) for one in outcomes], indent=1))
    return int(any(outcome.verdict == "wrong" for outcome in outcomes))


def survey(families: list[str]) -> list[Outcome]:
    """What came of each, in the order of their names in the lists; failures are told at once."""
    outcomes = []
    with crew(families) as found:
        for family in families:
            outcomes.append(found[family].result())
            if outcomes[-1].verdict == "unproven":
                print(f"UNPROVEN {family}: {outcomes[-1].why}", flush=True)
            for check, failure in outcomes[-1].failures.items():
                print(f"WRONG {family}: {check}: {failure}", flush=True)
    return outcomes


if __name__ == "__main__":
    sys.exit(main())
