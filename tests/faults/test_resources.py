"""Memory that runs out, a fork, and two threads: each leaves model, trace and files whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
#: Bytes that are left; `make fuzz` tries several.
SPARE = ("40e6", "150e6", "400e6") if "CUTAWAY_EXAMPLES" in os.environ else ("150e6",)
#: A tiny model and a trace of it, then whatever a test does to them.
BEGIN = """
import resource, sys
from pathlib import Path
import numpy as np
import torch
torch.set_num_threads(1)
import cutaway as ct
from cutaway.core.errors import CutawayError
from tests.same import same
from tests.models import tiny
lm = ct.wrap(*tiny("llama", max_position_embeddings=8192))
trace = lm.trace([5, 6, 7, 8])
expected = ct.saliency(trace).data
path = Path(sys.argv[1])

def whole(folder_holds):
    assert ct.saliency(lm.trace([5, 6, 7, 8])).data.equals(expected)
    assert same(ct.open(path / "a.trace"), trace)
    assert sorted(entry.name for entry in path.iterdir()) == folder_holds
trace.save(path / "a.trace")
"""
#: Questions that need hundreds of megabytes, in an address space of somewhat more than is used.
STARVED = """
long = [i % 190 for i in range(8000)]
some = lm.trace(long[:3000])
asks = (
    lambda: lm.trace(long, keep="all"),
    lambda: lm.trace([long] * 40),
    lambda: lm.generate(long[:4000], max_new_tokens=3),
    lambda: ct.attention(lm.trace(long[:6000])).data["weight"].compute(),
    lambda: ct.attention(some, aggregate="rollout").data.compute(),
    lambda: ct.attention(some).figures,
    lambda: ct.saliency(lm.trace(long), targets=[8000]),
    lambda: ct.neurons(lm.trace(long)).save(path / "b.html"),
    lambda: ct.logit_lens(some, k=100, inside=True).save(path / "b.html"),
    lambda: ct.factors(some, n=8).data,
    lambda: ct.clusters(some, n=8).data,
    lambda: ct.walk(some, layer=1).data,
    lambda: ct.compare(some, some, lens="neurons").data,
    lambda: ct.explore(lm, long[:4000]).sample(20).data,
    lambda: lm.embed(["x" * 4000] * 50),
    lambda: lm.trace(long, keep=["neurons", "inside"]).save(path / "b.trace"),
)
tried = refused = 0
for spare in map(float, sys.argv[2:]):
    for ask in asks if len(sys.argv) > 3 else asks[::3]:  # the short form takes a third
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + int(spare), resource.RLIM_INFINITY))
        tried += 1
        try:
            ask()
        except CutawayError as error:
            assert "memory" in str(error), error
            refused += 1
        except MemoryError:  # numpy's, of an array of a lens: no model is at work
            refused += 1
        finally:
            resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)
        (path / "b.html").unlink(missing_ok=True)
        (path / "b.trace").unlink(missing_ok=True)
        assert ct.saliency(trace).data.equals(expected)
assert refused, "nothing was refused: the address space was not small"
whole(["a.trace"])
print(tried, "tried,", refused, "refused")
"""
FORKED = """
import os
child = os.fork()
if child == 0:
    good = same(ct.open(path / "a.trace"), trace)
    good = good and ct.saliency(lm.trace([5, 6, 7, 8])).data.equals(expected)
    trace.save(path / "child.trace")
    os._exit(0 if good else 1)
assert os.waitpid(child, 0)[1] == 0
assert same(ct.open(path / "child.trace"), trace)
whole(["a.trace", "child.trace"])
"""
THREADS = """
from concurrent.futures import ThreadPoolExecutor
def work(number):
    ids = [5 + number, 6, 7, 8]
    one = lm.trace(ids, keep="all")
    one.save(path / f"{number % 2}.trace")  # two threads on each file
    return ids, ct.saliency(one).data, ct.attention(one).data["weight"].compute()
with ThreadPoolExecutor(8) as pool:
    answers = list(pool.map(work, range(16)))
for ids, saliency, weights in answers:
    alone = lm.trace(ids)
    assert ct.saliency(alone).data.equals(saliency)
    assert ct.attention(alone).data["weight"].compute().equals(weights)
for name in ("0.trace", "1.trace"):
    assert ct.open(path / name).n_positions == 4
whole(["0.trace", "1.trace", "a.trace"])
"""


@pytest.mark.parametrize(
    "act", [pytest.param(STARVED, id="memory"), pytest.param(FORKED, id="fork"),
            pytest.param(THREADS, id="threads")],
)  # fmt: skip
def test_model_trace_and_files_stay_whole(act: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + act, str(tmp_path), *SPARE],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
