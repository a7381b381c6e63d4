"""What came of one family: every check made in one look at it, and its row of the page."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import torch
import transformers

from cutaway.core.errors import CutawayError
from tests.models import kind_of

from .checks import CHECKS
from .expected import NO_ATTENTION, NOT_RUNNABLE
from .survey import Found, NoReference, Unrunnable, look, reads_twice

__all__ = ["LENSES", "Outcome", "conclude"]

#: The columns of the page, by the names of capabilities.
LENSES = ("logit lens", "inside", "attention", "queries and keys", "neurons", "saliency")


@dataclass(frozen=True)
class Outcome:
    """What came of one family.

    verdict   "exact", "refused", "not run", "wrong" where a check failed, or "unproven" where a
              release's own code gives nothing to check with
    marks     column -> "yes", "no" or "none"
    why       the reasons for all that is not "yes", in words
    failures  check -> how it failed
    layers    the blocks whose attention weights are had
    experts   of a mixture: "refused", "choices" where a block's scores are not had, or "scores"
    """

    family: str
    verdict: str
    marks: dict[str, str] = field(default_factory=dict)
    why: str = ""
    failures: dict[str, str] = field(default_factory=dict)
    layers: tuple[int, ...] = ()
    experts: str = ""
    seconds: float = 0.0


def conclude(family: str) -> Outcome:
    """Look at a family and make every check.

    >>> conclude("llama").verdict  # doctest: +SKIP
    'exact'
    """
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    begun = time.perf_counter()
    if family in NOT_RUNNABLE:
        return Outcome(family, "not run", why=NOT_RUNNABLE[family])
    try:
        found = look(family)
    except Unrunnable as cause:
        return Outcome(family, "not run", why=str(cause))
    except CutawayError as refusal:
        return Outcome(family, "refused", why=words_of(refusal))
    except Exception as failure:
        return Outcome(family, "wrong", failures={"look": told(failure)})
    (failures, without), marks = checked(found), marks_of(found)
    proven = next(iter(marks.values())) == "yes"
    return Outcome(
        family,
        "wrong" if failures else "unproven" if without else "exact" if proven else "refused",
        marks,
        "; ".join([*without, *reasons(found)]),
        failures,
        tuple(found.lm.anatomy.heads),
        experts_of(found),
        time.perf_counter() - begun,
    )


def words_of(refusal: CutawayError) -> str:
    """What was refused and why, without what to do."""
    return str(refusal).removesuffix("; this architecture is not supported")


def checked(found: Found) -> tuple[dict[str, str], list[str]]:
    """Check -> how it failed, and which had nothing to compare with."""
    failures, without = {}, []
    for name, check in CHECKS.items():
        try:
            check(found)
        except NoReference as cause:
            without.append(f"{name} has no reference: {cause}")
        except Exception as failure:
            failures[name] = told(failure)
    return failures, without


def told(failure: Exception) -> str:
    """Where and how: the last line of ours, and what was said."""
    place = failure.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = "" if place is None else f"{place.tb_frame.f_code.co_name}:{place.tb_lineno} "
    return f"{where}{type(failure).__name__}: {failure}"[:600]


def marks_of(found: Found) -> dict[str, str]:
    known = found.lm.card.capabilities
    marks = {name: "yes" if known[name].proven else "no" for name in columns(found)}
    if kind_of(found.family)[1] in NO_ATTENTION:
        marks["attention"] = marks["queries and keys"] = "none"
    if found.leaks:
        marks["saliency"] = "no"
    return marks


def experts_of(found: Found) -> str:
    """What is had of a mixture's routers; "" of a model without any."""
    known = found.lm.card.capabilities.get("experts")
    if known is None or not known.proven:
        return "" if known is None else "refused"
    routers = [scores for count, _, scores in found.lm.card.routers if count]
    return "scores" if all(routers) else "choices"


def columns(found: Found) -> tuple[str, ...]:
    """What is asked of it: a classifier says labels and no tokens."""
    first = "classes" if found.lm.card.task else "logit lens"
    crossing = ("cross-attention",) * reads_twice(found.model)
    return (first, *LENSES[1:], *crossing)


def reasons(found: Found) -> list[str]:
    words = []
    for name in columns(found):
        known = found.lm.card.capabilities[name]
        if not known.proven:
            words.append(f"{name}: {known.why}")
        elif name == "attention" and "layers without" in known.why:
            words.append(known.why.split("; ")[-1])
    if experts_of(found) in ("refused", "choices"):
        words.append(f"experts: {found.lm.card.capabilities['experts'].why}")
    if found.leaks and found.lm.card.capabilities["saliency"].proven:
        words.append("saliency: this model reads tokens after the one it says")
    return words
