"""A saved trace opens, answers the lens and becomes a page where torch is not installed."""

import subprocess
import sys
from pathlib import Path

import cutaway as ct
from cutaway.lens.logit_lens import logit_lens
from cutaway.trace.source import Question

from .linear import linear_trace

CODE = """
import sys
for name in ("torch", "transformers", "tokenizers"):
    sys.modules[name] = None  # importing it now raises ImportError
import cutaway as ct
from cutaway.lens.logit_lens import logit_lens
from cutaway.render.page import page
from cutaway.render.text import text
from cutaway.view.kinds import spec_of

trace = ct.open(sys.argv[1])
spec = spec_of(logit_lens(trace, k=3, rank_of="next", distances=("kl", "js")))
print(len(page(spec)) > 10_000)
print(text(spec))
"""


ATTENTION = """
import sys
for name in ("torch", "transformers", "tokenizers"):
    sys.modules[name] = None  # importing it now raises ImportError
import cutaway as ct

view = ct.attention(ct.open(sys.argv[1]))
weights = view.data["weight"].sel(layer=2, head=[1])
print(weights.dims, repr(weights.values.sum()))
view.save(sys.argv[2])
"""


def test_attention_of_a_saved_trace_and_its_page(tmp_path: Path) -> None:
    trace = linear_trace(keep=["attention"])
    path = trace.save(tmp_path / "a.trace")
    page = tmp_path / "a.html"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ATTENTION, str(path), str(page)],
        capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.stderr == ""
    total = trace.calls[2].weights([1]).sum()
    assert done.stdout == f"('head', 'query', 'key') {total!r}\n"
    assert page.stat().st_size > 10_000


def test_open_lens_text_and_page(tmp_path: Path) -> None:
    trace = linear_trace(keep=["lens"])
    path = trace.save(tmp_path / "a.trace")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", CODE, str(path)],
        capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.startswith("True\n")
    top = trace.source.project(trace, Question((2,), (4,), k=1)).token_id[0, 0, 0]
    assert f"·t{top}" in done.stdout


def test_the_lens_of_a_saved_trace_is_that_of_the_live_one(tmp_path: Path) -> None:
    live = linear_trace(keep=["lens"])
    stored = ct.open(live.save(tmp_path / "a.trace"))
    for rank_of in ("top", "next", "input"):
        options = {"rank_of": rank_of, "distances": ("kl", "js", "tv"), "against": "input"}
        assert logit_lens(stored, **options).identical(logit_lens(linear_trace(), **options))
