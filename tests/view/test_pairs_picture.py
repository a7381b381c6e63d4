"""The sentence of the probes names a prompt, however long it is."""

from __future__ import annotations

from cutaway.view.pairs import pairs_spec

from ..lens.made import made


def test_a_long_prompt_is_named_by_its_end():
    data = made()["pairs"]
    long = "A story that goes on.\n" * 50 + "The capital of Italy is"
    names = [long, *data["run"].values.tolist()[1:]]
    header = pairs_spec(data.assign_coords(run=names)).header
    said = [text for style, text in header["sentence"] if style == "in"]
    assert said[0].startswith("…")
    assert said[0].endswith("The capital of Italy is")
    assert len(said[0]) == 80
    assert "\n" not in said[0]
    assert said[1:] == names[1:4]
    assert header["runs"][0] == long
