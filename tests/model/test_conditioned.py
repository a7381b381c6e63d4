"""Conditioned models: with a part of their input given they answer as the whole model does."""

from __future__ import annotations

import torch

from cutaway.model.conditioned import Decoder, GivenTypes
from cutaway.model.forward import as_input, forward
from tests.models import tiny_model

SOURCE, TARGET = [5, 6, 7, 8, 9], [0, 11, 12, 13]


def test_a_decoder_under_its_source_answers_as_the_whole_model() -> None:
    model = tiny_model("seq2seq bart")
    source = as_input(model, SOURCE)
    with torch.no_grad():
        whole = model(input_ids=source, decoder_input_ids=as_input(model, TARGET)).logits
        encoded = model.get_encoder()(source).last_hidden_state
        other = model.get_encoder()(source.flip(1)).last_hidden_state
        conditioned = Decoder(model, encoded, source)
        two = torch.cat([as_input(model, TARGET)] * 2)
        assert torch.equal(forward(conditioned, as_input(model, TARGET)).logits, whole)
        assert torch.allclose(forward(conditioned, two).logits, whole.expand(2, -1, -1), atol=1e-5)
        under = conditioned.under(other, source.flip(1))
        assert not torch.allclose(forward(under, as_input(model, TARGET)).logits, whole, atol=1e-2)
    assert conditioned.source_length == len(SOURCE)


def test_a_posed_model_has_the_parts_hooks_and_modes_of_the_model() -> None:
    model = tiny_model("seq2seq bart").train()
    conditioned = Decoder(model, torch.zeros(1, 5, 64))
    path = "model.decoder.layers.1.fc2"
    assert conditioned.get_submodule(path) is model.get_submodule(path)
    names = [[name for name, _ in one.named_parameters()] for one in (conditioned, model)]
    assert names[0] == names[1]
    assert conditioned.config is model.config
    conditioned.eval()
    assert not model.training
    assert not model.get_submodule(path).training


def test_types_go_with_every_token_of_a_text_or_a_part_of_it() -> None:
    model = tiny_model("masked bert")
    ids, types = as_input(model, [5, 6, 7, 8]), [0, 0, 1, 1]
    conditioned = GivenTypes(model, types)
    with torch.no_grad():
        expected = model(input_ids=ids, token_type_ids=torch.tensor([types])).logits
        first = model(input_ids=ids[:, :3], token_type_ids=torch.tensor([types[:3]])).logits
        assert torch.equal(forward(conditioned, ids).logits, expected)
        assert torch.equal(forward(conditioned, ids[:, :3]).logits, first)
        assert not torch.allclose(forward(model, ids).logits, expected, atol=1e-3)
