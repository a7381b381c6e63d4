"""Opens a model: by hub id, from a folder or a GGUF file, or one that is already in memory."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    AutoModelForMaskedLM,
    AutoModelForQuestionAnswering,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING,
    MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING,
    MODEL_FOR_MASKED_LM_MAPPING,
    MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING,
    MODEL_MAPPING,
)
from transformers.utils import logging

from ..core.errors import FileError, InvalidError
from .classes import task_named, task_of
from .classifier import Classifier
from .devices import read_device, read_dtype
from .embedded import EMBEDDED, PACKAGE, embedded_folder
from .explain import explained_loading
from .held import uncompiled
from .lm import LM
from .objective import reads_source
from .seq2seq import Seq2SeqLM

__all__ = ["load", "wrap"]

#: A hub id: owner/name or an old one-word name.
_HUB_ID = re.compile(r"\w[\w.-]*(/[\w.-]+)?")
_HUB_FIX = "check the name, the network, and that HF_HUB_OFFLINE is not set"
_FOLDER_FIX = "fetch it again"
_CLASSIFYING: Mapping[str, Any] = {
    "sequence": AutoModelForSequenceClassification,
    "token": AutoModelForTokenClassification,
    "span": AutoModelForQuestionAnswering,
}


def load(
    name: str | Path | None = None,
    *,
    revision: str | None = None,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype | None = None,
    device_map: str | Mapping[str, Any] | None = None,
    trust_remote_code: bool = False,
) -> LM:
    """A model by name; the user's documentation is at `cutaway.load`."""
    if device is not None and device_map is not None:
        raise InvalidError("device", device, allowed="device or device_map, not both")
    place, wanted = read_device(device), read_dtype(dtype)
    shown = EMBEDDED if name is None else str(name)
    where, fix = _where(name, revision)
    options = {**where, "revision": revision or "main", "trust_remote_code": trust_remote_code}
    with explained_loading(shown, fix), _quiet(name is None):
        config = AutoConfig.from_pretrained(**options)
        auto = _auto_class(config, shown, trust_remote_code)
        tokenizer = AutoTokenizer.from_pretrained(**options)
        loaded: Any = auto.from_pretrained(
            **options, dtype=wanted, device_map=device_map, output_loading_info=True
        )
        model, report = loaded
        _check_complete(report, shown)
        if place is not None:
            model.to(place)
    commit = getattr(config, "_commit_hash", None) or ""
    return _opened(model, tokenizer, shown, PACKAGE if name is None else str(commit))


def wrap(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> LM:
    """A model in memory; the user's documentation is at `cutaway.wrap`."""
    model = _inner(model)
    if not isinstance(model, PreTrainedModel):
        raise InvalidError(
            "model", type(model).__name__, allowed="a transformers PreTrainedModel",
            fix="to load one by its name, call cutaway.load(name)",
        )  # fmt: skip
    if not isinstance(tokenizer, PreTrainedTokenizerBase):
        raise InvalidError(
            "tokenizer", type(tokenizer).__name__, allowed="a transformers tokenizer",
            fix="take AutoTokenizer.from_pretrained(name), or a processor's .tokenizer",
        )  # fmt: skip
    name = model.name_or_path or type(model).__name__
    _check_weights(model)
    return _opened(model, tokenizer, name, getattr(model.config, "_commit_hash", "") or "")


def _opened(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, name: str, revision: str
) -> LM:
    kind = Classifier if task_of(model) else LM
    if reads_source(model):
        if kind is Classifier:
            raise InvalidError(
                "model", name, allowed="a classifier of one stack of blocks; this one reads its "
                "text with an encoder and again with a decoder",
            )  # fmt: skip
        kind = Seq2SeqLM
    return kind(model, tokenizer, name=name, revision=revision)


def _where(name: str | Path | None, revision: str | None) -> tuple[dict[str, Any], str]:
    """transformers' arguments for a folder, a GGUF file or a hub id; and what to do if it fails."""
    if name is None:
        if revision is not None:
            raise InvalidError("revision", revision, allowed="with the name of a model only")
        folder = embedded_folder()
        return _local(folder), f"delete the folder {folder}, and it is made again"
    path = Path(name).expanduser()
    if path.is_dir():
        if not (path / "config.json").is_file():
            raise FileError(path, "has no config.json", fix="give the folder of one model")
        return _local(path), _FOLDER_FIX
    if path.suffix == ".gguf" and path.is_file():
        return _local(path.parent, gguf_file=path.name), _FOLDER_FIX
    if path.suffix == ".gguf" or path.exists() or not _HUB_ID.fullmatch(str(name)):
        raise FileError(
            name, "is no model", fix="give a folder with a config.json, a .gguf file or owner/name"
        )
    here = not _hub_has_address()
    return {"pretrained_model_name_or_path": str(name), "local_files_only": here}, _HUB_FIX


def _local(folder: Path, **more: str) -> dict[str, Any]:
    return {"pretrained_model_name_or_path": folder, "local_files_only": True, **more}


def _hub_has_address() -> bool:
    """Whether the hub's name is known here; if not, asking for files would be tried for 24 s.

    What is in the hub's cache is then read from there at once.
    """
    host = urlsplit(os.environ.get("HF_ENDPOINT", "https://huggingface.co")).hostname
    if getproxies():  # then the proxy knows names, and this machine need not
        return True
    try:
        return bool(socket.getaddrinfo(host, 443))
    except OSError:
        return False


def _auto_class(config: PretrainedConfig, name: str, trusted: bool) -> Any:
    """transformers' class for it: its language head, masked for an encoder, else causal; or what
    was saved, where that is its bare body or a head that classifies.

    Raises InvalidError where transformers has none of them, before weights are read.
    """
    body: Any = MODEL_MAPPING.get(type(config), ())
    bodies = body if isinstance(body, tuple) else (body,)  # Funnel has two
    if config.architectures in [[each.__name__] for each in bodies]:
        return AutoModel
    own = (getattr(config, "auto_map", None) or {}) if trusted else {}
    if (task := task_named(config, own)) in _CLASSIFYING:
        return _CLASSIFYING[task]
    writes = type(config) in MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING
    if config.is_encoder_decoder and (writes or "AutoModelForSeq2SeqLM" in own):
        return AutoModelForSeq2SeqLM
    masked = type(config) in MODEL_FOR_MASKED_LM_MAPPING or "AutoModelForMaskedLM" in own
    if masked and not getattr(config, "is_decoder", False):
        return AutoModelForMaskedLM
    if type(config) in MODEL_FOR_CAUSAL_LM_MAPPING or "AutoModelForCausalLM" in own:
        return AutoModelForCausalLM
    if type(config) in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING:  # of which the text side is read
        return AutoModelForImageTextToText
    raise InvalidError(
        "model", name,
        allowed="a causal, masked or encoder-decoder language model, and this is a "
        f"{config.model_type} model",
    )  # fmt: skip


def _check_complete(report: Mapping[str, Any], name: str) -> None:
    """transformers fills missing weights with random numbers and only warns."""
    lacking = sorted(report["missing_keys"]) or sorted(map(str, report["mismatched_keys"]))
    if lacking:
        raise FileError(
            name,
            f"lacks weights of {len(lacking)} parameters ({', '.join(lacking[:3])})",
            fix="fetch it again, or give the model that has a language head",
        )


def _check_weights(model: PreTrainedModel) -> None:
    """Weights must be somewhere: in memory, or off-loaded by accelerate, which brings them."""
    on_meta = any(parameter.is_meta for parameter in model.parameters())
    if on_meta and not hasattr(model, "hf_device_map"):
        raise InvalidError(
            "model", type(model).__name__, allowed="a model with weights; this one's are on the "
            "meta device", fix="load it with from_pretrained",
        )  # fmt: skip


def _inner(model: Any) -> Any:
    """A compiled or PEFT model's transformers model, whose layers hold the adapters."""
    model = uncompiled(model) if isinstance(model, nn.Module) else model
    if not type(model).__module__.startswith("peft."):
        return model
    from peft import PeftModel

    if isinstance(model, PeftModel) and model.active_peft_config.is_prompt_learning:
        raise InvalidError(
            "model", type(model).__name__, allowed="adapters inside the layers; a learned prompt "
            "has no tokens to show",
        )  # fmt: skip
    return uncompiled(model.get_base_model())


@contextmanager
def _quiet(quiet: bool) -> Iterator[None]:
    """Without transformers' progress bars, which flicker by on a model that loads in a second."""
    shown = logging.is_progress_bar_enabled()
    if quiet:
        logging.disable_progress_bar()
    try:
        yield
    finally:
        if quiet and shown:
            logging.enable_progress_bar()
