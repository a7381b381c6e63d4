"""The model in the user's hands: what a trace holds, and that the model is left as it was."""

from __future__ import annotations

import inspect
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import cutaway as ct
from cutaway.core.errors import CutawayError, InvalidError, MissingError, UnknownError
from cutaway.model.arguments import Generating, Naming, Tracing
from cutaway.model.lm import LM
from tests.models import END, tiny

TEXT = "The keys to the cabinet are on the table."
CHAT_TEMPLATE = (
    "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)


@pytest.fixture(scope="module")
def chat_lm() -> LM:
    """A wrapped model whose tokenizer has a chat template; the shared tokenizer has none."""
    import copy

    model, tokenizer = tiny("llama")
    tokenizer = copy.deepcopy(tokenizer)
    tokenizer.chat_template = CHAT_TEMPLATE
    return ct.wrap(model, tokenizer)


def hooks(model: torch.nn.Module) -> int:
    return sum(
        len(module._forward_hooks) + len(module._forward_pre_hooks) + len(module._backward_hooks)
        for module in model.modules()
    )


@pytest.mark.parametrize("family", ["llama", "gpt2", "mamba"])
def test_a_wrapped_model_is_left_as_it_was(family: str) -> None:
    model, tokenizer = tiny(family)
    model.train()
    next(iter(model.children())).eval()  # a part frozen by hand
    before = {name: value.clone() for name, value in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    config, attention = model.config.to_dict(), model.config._attn_implementation
    generation = model.generation_config.to_dict()
    torch.manual_seed(5)
    draw = torch.rand(1)

    torch.manual_seed(5)
    lm = ct.wrap(model, tokenizer)
    lm.trace(TEXT, keep="all")
    lm.generate(TEXT, max_new_tokens=3, temperature=1.0, seed=3)
    lm.trace([TEXT, "The"])

    assert torch.equal(torch.rand(1), draw)
    assert lm.model is model
    assert hooks(model) == 0
    assert [module.training for module in model.modules()] == modes
    assert (model.config.to_dict(), model.config._attn_implementation) == (config, attention)
    assert model.generation_config.to_dict() == generation
    after = model.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_an_interruption_leaves_it_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    lm = ct.wrap(*tiny("llama"))
    lm.model.train()
    generation = lm.model.generation_config

    def interrupt(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    handle = lm.model.get_submodule(lm.anatomy.blocks[2].path).register_forward_hook(interrupt)
    for run in (lm.trace, lm.generate, lambda text: lm.trace([text, "The"])):
        with pytest.raises(KeyboardInterrupt):
            run(TEXT)
    handle.remove()
    assert hooks(lm.model) == 0
    assert lm.model.training
    assert lm.model.generation_config is generation
    assert lm.trace(TEXT).n_layers == 4  # and it still works, lock and all


def test_states_are_the_inputs_and_outputs_of_the_blocks(tiny_lm: LM) -> None:
    seen: dict[int, torch.Tensor] = {}
    blocks = [tiny_lm.model.get_submodule(block.path) for block in tiny_lm.anatomy.blocks]
    handles = [
        block.register_forward_hook(lambda m, args, out, layer=layer: seen.update({layer: out[0]}))
        for layer, block in enumerate(blocks)
    ]
    trace = tiny_lm.trace(TEXT)
    with torch.no_grad():
        tiny_lm.model(torch.tensor([trace.token_ids]), use_cache=False)
        embedded = tiny_lm.model.get_input_embeddings()(torch.tensor(trace.token_ids))
    for handle in handles:
        handle.remove()
    np.testing.assert_array_equal(trace.state(-1), embedded.numpy())
    for layer, state in seen.items():
        np.testing.assert_array_equal(trace.state(layer), state.reshape(-1, 64).numpy())


def test_a_text_its_ids_and_their_trace_are_one(tiny_lm: LM) -> None:
    trace = tiny_lm.trace(TEXT)
    again = tiny_lm.trace(trace.token_ids)
    assert trace.text == again.text == TEXT
    assert (trace.n_prompt, trace.n_positions) == (len(trace.token_ids),) * 2
    np.testing.assert_array_equal(trace.state(3), again.state(3))
    assert trace.options == {"prompt": TEXT}
    assert again.options == {"prompt": list(trace.token_ids)}


@pytest.mark.parametrize("keep", [None, "neurons", ["inside", "neurons"], "all"])
def test_the_cost_is_known_beforehand(tiny_lm: LM, keep: Any) -> None:
    cost = tiny_lm.cost(TEXT, keep)
    trace = tiny_lm.trace(TEXT, keep=keep)
    assert set(cost) == set(trace.kept)
    for name in trace.materials:
        assert cost[name] == sum(array.nbytes for array in trace.materials[name].values())
    if trace.answers is not None:
        held = [*vars(trace.answers).values(), *trace.answers.distances.values()]
        assert cost["lens"] == sum(a.nbytes for a in held if isinstance(a, np.ndarray))


def test_what_was_not_kept_is_replayed(tiny_lm: LM) -> None:
    trace, kept = tiny_lm.trace(TEXT), tiny_lm.trace(TEXT, keep="neurons")
    replayed = trace.material("neurons", [2, 0])
    for layer in (0, 2):
        np.testing.assert_array_equal(replayed[layer], kept.material("neurons", [layer])[layer])


def test_a_material_that_a_model_lacks_is_refused_unless_all_is_asked_for() -> None:
    lm = ct.wrap(*tiny("mamba"))
    with pytest.raises(MissingError, match="missing the material 'inside'"):
        lm.trace(TEXT, keep="inside")
    assert "inside" not in lm.trace(TEXT, keep="all").kept
    with pytest.raises(UnknownError, match="known: 'states'"):
        lm.trace(TEXT, keep="everything")


def test_chats_have_roles_and_an_opening(chat_lm: LM) -> None:
    chat = [{"role": "user", "content": "The keys"}]
    trace = chat_lm.trace(chat)
    assert trace.text == "user: The keys\nassistant:"
    assert set(trace.tokens.roles) == {"user", "assistant"}
    assert chat_lm.trace(chat, add_generation_prompt=False).text == "user: The keys\n"
    assert chat_lm.trace("user: x").tokens.roles[0] == ""
    answer = chat_lm.generate(chat, max_new_tokens=2)
    assert answer.tokens.roles[answer.n_prompt :] == ("assistant",) * 2
    assert answer.options["prompt"] == chat


def test_a_batch_is_answered_by_a_list(tiny_lm: LM, chat_lm: LM) -> None:
    texts = [TEXT, "The", "1, 1, 2,"]
    traces = tiny_lm.trace(texts)
    assert [trace.text for trace in traces] == texts
    assert [trace.options["prompt"] for trace in traces] == texts
    assert len(tiny_lm.trace(["The"])) == 1
    ids = [list(trace.token_ids) for trace in traces]
    assert [trace.text for trace in tiny_lm.trace(ids)] == texts
    chats = [[{"role": "user", "content": text}] for text in texts]
    assert [trace.text for trace in chat_lm.trace(chats)] == [
        f"user: {text}\nassistant:" for text in texts
    ]
    with pytest.raises(InvalidError, match="at least one token"):
        tiny_lm.trace(["The", ""])
    with pytest.raises(InvalidError, match="generate one by one"):
        tiny_lm.generate(texts)  # type: ignore[arg-type]


def test_a_text_longer_than_the_model_takes_is_refused() -> None:
    lm = ct.wrap(*tiny("gpt2", n_positions=16))
    assert lm.trace(list(range(16))).n_positions == 16
    with pytest.raises(InvalidError, match="16 tokens, and it has 17"):
        lm.trace(list(range(17)))
    told = "16 tokens in all: the prompt has 13, and 4 would follow"
    with pytest.raises(InvalidError, match=told):
        lm.generate(list(range(13)), max_new_tokens=4)
    assert lm.generate(list(range(13)), max_new_tokens=3).n_prompt == 13
    with pytest.raises(InvalidError, match="invalid continuation"):
        lm.generate(list(range(13)), continuation="The keys to the cabinet")


def test_ids_beyond_the_embedding_table_are_refused(tiny_lm: LM) -> None:
    assert tiny_lm.trace([199]).token_ids == (199,)
    with pytest.raises(InvalidError, match="0 to 199, the rows of the model's embedding table"):
        tiny_lm.trace([200])
    small = ct.wrap(tiny("llama", vocab_size=60)[0], tiny("llama")[1])
    with pytest.raises(InvalidError, match=r"token id of '\S+' \d+; allowed: 0 to 59"):
        small.trace(TEXT)


def test_a_table_larger_than_the_tokenizer_is_normal() -> None:
    lm = ct.wrap(*tiny("llama", vocab_size=300))
    assert lm.trace([299]).tokens.labels == ("‹id 299›",)
    assert lm.card.vocab_size == 300


def test_hostile_tokens_are_text() -> None:
    model, tokenizer = tiny("llama")
    hostile = "</script><img src=x onerror=alert(1)>"
    cut = ct.wrap(model, tokenizer).trace(hostile)
    assert cut.text == hostile
    assert "".join(cut.tokens.texts) == hostile


def test_threads_wait_for_each_other(tiny_lm: LM) -> None:
    expected = tiny_lm.trace(TEXT).state(3)
    barrier = threading.Barrier(4)

    def work(number: int) -> np.ndarray[Any, Any]:
        barrier.wait()
        if number % 2:
            tiny_lm.generate(TEXT, max_new_tokens=2)
        return tiny_lm.trace(TEXT).state(3)

    with ThreadPoolExecutor(4) as pool:
        for state in pool.map(work, range(4)):
            np.testing.assert_array_equal(state, expected)


def test_it_says_what_it_is(tiny_lm: LM) -> None:
    assert repr(tiny_lm).startswith("LM(LlamaForCausalLM: llama, 4 layers, width 64, 0.2 M")


@pytest.mark.skipif(
    not (torch.cuda.is_available() or torch.mps.is_available()),
    reason="no CUDA or MPS device: the accelerator path was not run",
)
def test_an_accelerator_gives_the_same_states(tmp_path: Path) -> None:
    device = "cuda" if torch.cuda.is_available() else "mps"
    model, tokenizer = tiny("llama")
    expected = ct.wrap(model, tokenizer).trace(TEXT)
    found = ct.wrap(model.to(device), tokenizer).trace(TEXT)
    assert found.card.device.startswith(device)
    for layer in range(-1, 4):
        np.testing.assert_allclose(found.state(layer), expected.state(layer), rtol=1e-3, atol=1e-4)


def test_every_refusal_is_one_of_ours(tiny_lm: LM) -> None:
    wrong: Any
    for wrong in ("", [], [-1], [10**9], None, 5, [{"role": "user", "content": "no template"}]):
        with pytest.raises(CutawayError):
            tiny_lm.trace(wrong)


def test_an_end_token_is_marked(tiny_lm: LM) -> None:
    trace = tiny_lm.trace(f"The{END}")
    assert trace.tokens.special[-1]
    assert trace.tokens.texts[-1] == END


@pytest.mark.parametrize(
    ("method", "passed_on"), [(LM.__init__, Naming), (LM.trace, Tracing), (LM.generate, Generating)]
)
def test_what_is_passed_on_is_what_an_lm_takes(method: Any, passed_on: type) -> None:
    taken = inspect.signature(method).parameters.values()
    assert {one.name for one in taken if one.kind is one.KEYWORD_ONLY} == set(
        passed_on.__annotations__
    )


def test_only_an_encoder_decoder_begins_with_a_target(tiny_lm: LM) -> None:
    with pytest.raises(InvalidError, match="target"):
        tiny_lm.generate(TEXT, target="The", max_new_tokens=1)
