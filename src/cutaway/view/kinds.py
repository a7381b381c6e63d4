"""Which view shows the answer of which lens."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import xarray as xr

from ..core.errors import UnknownError
from .alignment import alignment_spec
from .anatomy import anatomy_spec
from .attention import attention_spec
from .attention_neuron import attention_neuron_spec
from .candidates import candidates_spec
from .classes import classes_spec
from .clusters import clusters_spec
from .compare import compare_spec
from .compare_attention import compare_attention_spec
from .compare_experts import compare_experts_spec
from .deletion import deletion_spec
from .embed import embed_spec
from .explore import explore_spec
from .factors import factors_spec
from .lens import lens_spec
from .neurons import neurons_spec
from .pairs import pairs_spec
from .points import nearest_spec, projection_spec
from .routing import experts_spec
from .saliency import saliency_spec
from .spec import Spec
from .walk import walk_spec
from .watch import watch_spec

__all__ = ["VIEWS", "spec_of"]

#: Lens name (the dataset's attribute "lens") -> the function that makes its picture.
VIEWS: Mapping[str, Callable[[xr.Dataset], Spec]] = {
    "logit_lens": lens_spec,
    "predictions": candidates_spec,
    "classes": classes_spec,
    "saliency": saliency_spec,
    "deletion": deletion_spec,
    "anatomy": anatomy_spec,
    "walk": walk_spec,
    "embed": embed_spec,
    "nearest": nearest_spec,
    "projection": projection_spec,
    "explore": explore_spec,
    "watch": watch_spec,
    "pairs": pairs_spec,
    "neurons": neurons_spec,
    "clusters": clusters_spec,
    "factors": factors_spec,
    "experts": experts_spec,
    "attention": attention_spec,
    "alignment": alignment_spec,
    "compare": compare_spec,
    "compare_attention": compare_attention_spec,
    "compare_experts": compare_experts_spec,
    "attention_neuron": attention_neuron_spec,
}


def spec_of(dataset: xr.Dataset) -> Spec:
    """The picture of a lens's dataset.

    Raises UnknownError where no view shows it.
    """
    lens = str(dataset.attrs.get("lens"))
    if lens not in VIEWS:
        raise UnknownError(
            "lens", lens, allowed=VIEWS, fix="give a dataset that a lens of cutaway made"
        )
    return VIEWS[lens](dataset)
