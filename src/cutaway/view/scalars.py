"""The few numbers of an answer that are worth charting over runs, and over training."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from .header import attribute
from .sentences import stays_from

__all__ = ["SCALARS", "Scalar", "scalars"]

_LAYER = "layer; -1 is the input state"


@dataclass(frozen=True)
class Scalar:
    """One number of an answer: its name, value, unit, and what it is."""

    name: str
    value: float
    units: str
    words: str


def scalars(dataset: xr.Dataset) -> tuple[Scalar, ...]:
    """The scalars of a lens's dataset; those that are undefined are left out, never NaN.

    Empty for a lens that has none worth a chart.
    """
    found = SCALARS.get(str(dataset.attrs.get("lens")), _none)(dataset)
    return tuple(scalar for scalar in found if np.isfinite(scalar.value))


def _none(dataset: xr.Dataset) -> Iterator[Scalar]:  # noqa: ARG001
    yield from ()


def _logit_lens(data: xr.Dataset) -> Iterator[Scalar]:
    layers = [int(layer) for layer in data["layer"].values]
    tops = data["token_id"].values[..., 0]
    leads = [stays_from(tops[:, i], layers) for i in range(tops.shape[1])]
    known = np.array([np.nan if lead is None else lead for lead in leads])
    yield Scalar(
        "lead_layer", known[-1], _LAYER, "from which the last position's token stays on top"
    )
    yield Scalar("mean_lead_layer", _mean(known), _LAYER, "lead_layer, mean over positions")
    yield Scalar("mean_entropy", _mean(data["entropy"][-1]), "nats", "of the last layer")
    whose = attribute(data, "options")["rank_of"]
    whose = whose if whose in ("top", "next", "input") else "chosen"
    yield Scalar(
        f"mean_{whose}_surprisal", _mean(data["surprisal"][-1]), "nats",
        f"of the {whose} token at the last layer",
    )  # fmt: skip
    if "kl" in data:
        before = data["kl"].where(data["layer"] != layers[-1], drop=True)
        yield Scalar("mean_kl", _mean(before), "nats", "over all layers before the last")


def _predictions(data: xr.Dataset) -> Iterator[Scalar]:
    layers = [int(layer) for layer in data["layer"].values]
    final = data["probability"].values[-1]
    yield Scalar("probability", final[0], "1", "of the top token at the last layer")
    if len(final) > 1:
        yield Scalar("margin", final[0] - final[1], "1", "of the top token over the second")
    if len(layers) > 1:
        lead = stays_from(data["token_id"].values[:, 0], layers)
        where = np.nan if lead is None else lead
        yield Scalar("lead_layer", where, _LAYER, "from which the last layer's token is on top")


def _watch(data: xr.Dataset) -> Iterator[Scalar]:
    p = data["probability"].values.astype(np.float64)
    for i, token in enumerate(data["token"].values):
        yield Scalar(f"probability_{i}", p[-1, i], "1", f"of {token} at the last layer")
    if p.shape[1] > 1:
        words = "first watched token over the second, at the last layer"
        yield Scalar("log_odds", _log_odds(p[-1]), "nats", words)
        lead = stays_from(p.argmax(axis=1), [int(layer) for layer in data["layer"].values])
        yield Scalar("lead_layer", float(lead or 0), _LAYER, "from which the winner stays ahead")


def _pairs(data: xr.Dataset) -> Iterator[Scalar]:
    final = data["probability"].isel(layer=-1).values.astype(np.float64)
    if final.shape[1] > 1:
        odds = np.array([_log_odds(row) for row in final])
        words = "first token over the second at the last layer"
        yield Scalar("mean_log_odds", _mean(odds), "nats", f"{words}, mean over texts")
        yield Scalar("spread_log_odds", np.ptp(odds), "nats", f"{words}, largest less smallest")


def _saliency(data: xr.Dataset) -> Iterator[Scalar]:
    share = data["saliency"].astype(np.float64)
    known = share.notnull().any("source")
    made = data["target_produced"] & known
    if made.any():
        prompt = share.where(~data["source_produced"]).sum("source").where(made)
        yield Scalar("prompt_share", _mean(prompt), "1", "of the prompt in the produced tokens")
    yield Scalar("first_share", _mean(share.isel(source=0)), "1", "of the first token")
    entropy = -(share * np.log(share.where(share > 0))).sum("source").where(known)
    yield Scalar("mean_entropy", _mean(entropy), "nats", "of the shares: how far they spread")
    if data["gap"].notnull().any():
        yield Scalar("largest_gap", data["gap"].max().item(), "1", "of completeness")


def _deletion(data: xr.Dataset) -> Iterator[Scalar]:
    fall = data["fall"].sel(run="saliency").item()
    yield Scalar("fall", fall, "1", "mean drop of the probability, most important first")
    yield Scalar("advantage", data["advantage"].item(), "1", "of the fall over random orders")


def _heads(data: xr.Dataset) -> Iterator[Scalar]:
    yield Scalar("mean_entropy", _mean(data["entropy"]), "nats", "of an attention row, all heads")
    yield Scalar("mean_first", _mean(data["first"]), "1", "mass on the first token, all heads")
    for name, words in (
        ("previous", "the token before"), ("induction", "what followed before"),
        ("peak", "the source token that it looks at most"),
    ):  # fmt: skip
        if name in data and data[name].notnull().any():
            most = data[name].max().item()
            yield Scalar(f"largest_{name}", most, "1", f"mean mass of one head on {words}")


def _alignment(data: xr.Dataset) -> Iterator[Scalar]:
    peak = data["weight"].max("source").mean("target")
    unit = data["weight"].attrs["units"]
    words = "the largest cell of a row, mean over targets; of the layer where it is most"
    yield Scalar("mean_peak", float(peak.max()), unit, words)


def _neurons(data: xr.Dataset) -> Iterator[Scalar]:
    size = np.abs(data["activation"].values)
    yield Scalar("mean_absolute", _mean(size), "model's own", "activation")
    yield Scalar("largest_absolute", float(np.nanmax(size)), "model's own", "activation")


def _clusters(data: xr.Dataset) -> Iterator[Scalar]:
    silent = (data["cluster"] == -1).mean().item()
    yield Scalar("silent_share", silent, "1", "of neurons that never fire")
    size = data["size"].values
    yield Scalar("largest_share", size.max() / size.sum(), "1", "of the firing ones in one cluster")


def _factors(data: xr.Dataset) -> Iterator[Scalar]:
    yield Scalar("error", float(data.attrs["error"]), "1", "|X - WH| / |X|")
    yield Scalar("first_share", data["share"].values[0], "1", "of the largest factor")


def _experts(data: xr.Dataset) -> Iterator[Scalar]:
    yield Scalar("mean_entropy", _mean(data["entropy"]), "nats", "of the routers' scores")
    load = data["load"].values
    yield Scalar("largest_load", float(np.nanmax(load)), "1", "of tokens, by one expert")
    never = float((load == 0).sum() / (~np.isnan(load)).sum())
    yield Scalar("never_called", never, "1", "of the experts, at no token")


def _compare(data: xr.Dataset) -> Iterator[Scalar]:
    if "same_top" in data:
        same = _mean(data["same_top"].isel(layer=-1))
        yield Scalar("same_top_share", same, "1", "of positions with one top token in both")
    if "state_distance" in data:
        apart = _mean(data["state_distance"].isel(layer=-1))
        yield Scalar("mean_state_distance", apart, "1", "of the last states, over their norm")
    if "diverged_at" in data and data["diverged_at"].notnull().any():
        yield Scalar(
            "first_divergence", data["diverged_at"].min().item(), _LAYER, "with other top tokens"
        )


def _compare_attention(data: xr.Dataset) -> Iterator[Scalar]:
    words = "total variation between the two, of a head's rows"
    yield Scalar("mean_variation", _mean(data["variation"]), "1", f"{words}, mean of the heads")
    yield Scalar("largest_variation", data["variation"].max().item(), "1", f"{words}, of one head")


def _compare_experts(data: xr.Dataset) -> Iterator[Scalar]:
    words = "weight that goes to other experts, mean over tokens and layers"
    yield Scalar("mean_variation", _mean(data["variation"]), "1", words)
    words = "tokens and layers without an expert in common"
    yield Scalar("rerouted_share", _mean(data["rerouted"]), "1", words)


def _explore(data: xr.Dataset) -> Iterator[Scalar]:
    yield Scalar("probability", data["probability"].values[0], "1", "of the likeliest next token")


def _mean(values: Any) -> float:
    """The mean of what is defined in float64; NaN where nothing is."""
    array = np.asarray(values, dtype=np.float64)
    known = array[~np.isnan(array)]
    return float(known.mean()) if known.size else np.nan


def _log_odds(probability: Any) -> float:
    """ln p0 - ln p1; NaN where either is 0."""
    first, second = (float(p) for p in probability[:2])
    return float(np.log(first) - np.log(second)) if min(first, second) > 0 else np.nan


#: Lens -> its scalars, in the order of interest.
SCALARS: Mapping[str, Callable[[xr.Dataset], Iterator[Scalar]]] = {
    "logit_lens": _logit_lens,
    "predictions": _predictions,
    "watch": _watch,
    "pairs": _pairs,
    "saliency": _saliency,
    "deletion": _deletion,
    "heads": _heads,
    "alignment": _alignment,
    "neurons": _neurons,
    "clusters": _clusters,
    "factors": _factors,
    "experts": _experts,
    "compare": _compare,
    "compare_attention": _compare_attention,
    "compare_experts": _compare_experts,
    "explore": _explore,
}
