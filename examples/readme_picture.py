"""Takes the pictures of the README, the page of " Paris", and of the docs: the model's parts.

python examples/readme_picture.py [FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from _camera import camera

import cutaway as ct

HERE = Path(__file__).resolve().parents[1] / "docs" / "images"


def main(folder: Path = HERE) -> None:
    lm = ct.load()
    trace = lm.trace("The capital of France is")
    view = ct.logit_lens(trace)
    last = view.data.sel(position=4, layer=29, k=0)
    assert str(last["token"].values) == "·Paris"
    assert 0.7 < float(last["probability"]) < 0.85
    with TemporaryDirectory() as work, camera() as lens:
        page = view.save(Path(work) / "lens.html")
        lens.photograph(page, folder / "lens.png", parts=(".masthead", "section.card:has(.grid)"))
        page = ct.anatomy(lm).save(Path(work) / "anatomy.html")
        parts = ("section.card:has(.anatomy-stack)", ".readout")
        lens.photograph(page, folder / "anatomy.png", parts=parts)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
