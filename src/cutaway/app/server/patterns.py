"""Patterns that come over the network: one that takes too long would hold up every thread."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable

from ...core.errors import InvalidError

__all__ = ["check_pattern"]

#: Processor seconds in which a pattern must be found in every token; most take a thousandth of one.
SECONDS = 2.0
#: Seconds by the clock after which nobody waits any more, and all there is on Windows.
_TIMEOUT = 60.0
_FOUND = "found"
_SEARCH = f"""
import json, re, signal, sys
if hasattr(signal, "setitimer"):
    signal.setitimer(signal.ITIMER_VIRTUAL, float(sys.argv[1]))
pattern, texts = json.load(sys.stdin)
try:
    for text in texts:
        re.search(pattern, text)
finally:
    print({_FOUND!r})
"""


def check_pattern(pattern: str, texts: Iterable[str]) -> None:
    """Refuse, with InvalidError, a pattern that can't be looked for in these texts soon.

    >>> check_pattern("^a", ["a", "b"])

    Python's `re` tries some patterns, such as (a+)+$, in 2^n ways on n characters, and no thread
    runs meanwhile: a process of its own tries it first. What is no pattern passes: who compiles it
    says why.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _SEARCH, str(SECONDS)], timeout=_TIMEOUT,
            input=json.dumps([pattern, list(texts)]).encode(), capture_output=True, check=False,
        )  # fmt: skip
        in_time = _FOUND.encode() in done.stdout
    except subprocess.TimeoutExpired:
        in_time = False
    if not in_time:
        raise InvalidError(
            "tokens", f"re:{pattern}", allowed=f"a pattern found in {SECONDS:g} s in all tokens",
            fix="write it without a repeat inside a repeat",
        )  # fmt: skip
