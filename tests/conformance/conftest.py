"""What came of a family: worked out once, whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import pytest

from .crew import crew
from .outcome import Outcome, conclude

#: Fewer families than these are looked at here, without processes of their own.
_FEW = 24


@pytest.fixture(scope="session")
def surveyed(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Outcome]]:
    """Family -> what came of it; a full run looks at several at a time."""
    asking = [item for item in request.session.items if "surveyed" in item.fixturenames]
    families = dict.fromkeys(item.callspec.params["family"] for item in asking)
    if len(families) < _FEW:
        yield cache(conclude)
        return
    with crew(list(families)) as found:
        yield lambda family: found[family].result()
