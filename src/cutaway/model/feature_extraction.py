"""A sound that a user gives, and the feature extractor that turns it into what a model takes."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ..core.axes import read_whole
from ..core.errors import InvalidError, MissingError
from .frame_count import measure_frames

__all__ = ["FEATURES", "FeatureExtraction", "Sound"]

#: What sounds are called among the arguments of transformers' encoders.
FEATURES = ("input_features", "input_values")
_FORMS = (
    "one sound: a one-dimensional array of floats, its samples, or what the model's feature "
    "extractor makes of it"
)
#: Seconds of the noises on which an extractor is measured, shorter than any that is filled up.
_MEASURED = (0.5, 1.0)
_SEED = 0
_LOUD = 0.1


@dataclass(frozen=True, eq=False)
class Sound:
    """One sound to be read.

    features  (1, ...) float32, as the encoder takes them
    seconds   how long its samples last; None where features were given
    given     what was given, in words: the trace keeps these, and not the samples
    notes     what a reader should know
    """

    features: NDArray[np.float32]
    seconds: float | None
    given: str
    notes: tuple[str, ...] = ()


class FeatureExtraction:
    """A feature extractor, and what is measured of it.

    >>> extraction = FeatureExtraction(extractor, "input_features")  # doctest: +SKIP
    >>> extraction.rate, extraction.hop, extraction.axis, extraction.fixed  # doctest: +SKIP
    (16000, 160, 2, 3000)

    extractor  transformers' own
    name       what the encoder calls the features, of FEATURES
    rate       samples a second
    hop        samples from one column of the features to the next
    axis       of the features, along which the columns go
    fixed      how many columns every sound is filled up to; None: as many as it has
    """

    def __init__(self, extractor: Any, name: str) -> None:
        self.extractor = extractor
        self.name = name
        self.rate = int(extractor.sampling_rate)
        one, two = (self._extracted(self.noise(s), padding=False) for s in _MEASURED)
        grown = [axis for axis in range(one.ndim) if one.shape[axis] != two.shape[axis]]
        if len(grown) != 1:
            raise MissingError(
                "the time of a frame", because="this feature extractor gives as many features "
                "whatever the length of the sound, or grows them along several axes",
            )  # fmt: skip
        (self.axis,) = grown
        self.hop = measure_frames(self._columns, self.rate).step
        filled = [self._extracted(self.noise(s)).shape for s in _MEASURED]
        self._shape = filled[0]
        self.fixed = filled[0][self.axis] if filled[0] == filled[1] else None

    def noise(self, seconds: float) -> NDArray[np.float32]:
        """(n,) samples of a noise, the same each time, on which things are measured and proven."""
        return _noise(round(seconds * self.rate))

    def read(self, x: object, sampling_rate: int | None = None) -> Sound:
        """Samples, or features that are there already, as the encoder takes them.

        sampling_rate  of the samples; None: they are at the extractor's

        Raises InvalidError for what is no sound, or not one that the model takes.
        """
        if sampling_rate is not None:
            self._check_rate(sampling_rate)
        if isinstance(x, Mapping) and self.name in x:
            _check_mask(x.get("attention_mask"))
            return self._features(_floats(x[self.name]))
        values = _floats(x)
        if values.ndim == 2:  # one of them may be channels
            raise self._refused(values)
        return self._samples(values) if values.ndim == 1 else self._features(values)

    def _check_rate(self, given: object) -> None:
        rate = read_whole("sampling_rate", given, 1)
        if rate != self.rate:
            raise InvalidError(
                "sampling_rate", rate, allowed=f"{self.rate}, at which this model hears",
                fix="resample the sound first: scipy.signal.resample_poly or torchaudio do it",
            )  # fmt: skip

    def _samples(self, samples: NDArray[np.float32]) -> Sound:
        seconds = len(samples) / self.rate
        self._check_length(len(samples), seconds)
        try:
            features = self._extracted(samples)
        except (ValueError, RuntimeError, IndexError) as failure:
            raise InvalidError(
                "sound", f"{seconds:.4g} s", allowed="what the model's feature extractor takes "
                f"({str(failure).splitlines()[0] if str(failure) else type(failure).__name__})",
            ) from failure  # fmt: skip
        mark = hashlib.sha256(samples.data).hexdigest()[:16]
        words = f"sound of {seconds:.2f} s: {len(samples):,} samples, SHA-256 {mark}…"
        return Sound(features, seconds, words, (self._note(seconds),))

    def _check_length(self, n: int, seconds: float) -> None:
        most = None if self.fixed is None else self.fixed * self.hop
        if most is not None and n > most:
            raise InvalidError(
                "sound", f"{seconds:.2f} s", allowed=f"{most / self.rate:g} s at most",
                fix="trace a part of it",
            )  # fmt: skip

    def _note(self, seconds: float) -> str:
        heard = f"the sound was read at {self.rate:,} samples a second"
        if self.fixed is None:
            return heard
        whole = self.fixed * self.hop / self.rate
        return f"{heard} and filled up from {seconds:.2f} s to {whole:g} s with silence"

    def _features(self, values: NDArray[np.float32]) -> Sound:
        """Features as they are, if they have the shape of the extractor's."""
        wanted = list(self._shape)
        if self.fixed is None and values.ndim == len(wanted):
            wanted[self.axis] = values.shape[self.axis]
        if values.shape != tuple(wanted):
            raise self._refused(values)
        mark = hashlib.sha256(values.data).hexdigest()[:16]
        shape = " x ".join(map(str, values.shape[1:]))
        return Sound(values, None, f"{self.name} of a sound: {shape}, SHA-256 {mark}…")

    def _refused(self, values: NDArray[np.float32]) -> InvalidError:
        open_ended = self.fixed is None
        sizes = ["any" if open_ended and i == self.axis else str(n)
                 for i, n in enumerate(self._shape)]  # fmt: skip
        return InvalidError(
            "sound", f"an array of the shape {values.shape}",
            allowed=f"{_FORMS}, {self.name} of the shape ({', '.join(sizes)})",
            fix="of several channels take their mean; give several sounds as a list",
        )  # fmt: skip

    def _columns(self, n: int) -> int:
        return int(self._extracted(_noise(n), padding=False).shape[self.axis])

    def _extracted(self, samples: NDArray[np.float32], **how: Any) -> NDArray[np.float32]:
        """(1, ...) the features of samples, none of which is cut off.

        Raises MissingError where the extractor masks a part of them.
        """
        taken = inspect.signature(self.extractor.__call__).parameters
        options = {"truncation": False, **how} if "truncation" in taken else how
        found = self.extractor(samples, sampling_rate=self.rate, return_tensors="np", **options)
        _check_mask(found.get("attention_mask"))
        if self.name not in found:
            raise MissingError(
                self.name, because=f"{type(self.extractor).__name__} gives {', '.join(found)}",
                fix="take the feature extractor that belongs to the model",
            )  # fmt: skip
        return np.ascontiguousarray(found[self.name], dtype=np.float32)


def _check_mask(mask: object) -> None:
    """MissingError where a part of the features is masked."""
    if mask is not None and not np.asarray(mask).all():
        raise MissingError(
            "the whole sound", because="its features are filled up, and the rest is masked",
            fix="give one sound, without padding",
        )  # fmt: skip


def _noise(n: int) -> NDArray[np.float32]:
    draw = np.random.default_rng(_SEED)
    return (_LOUD * draw.standard_normal(n)).astype(np.float32)


def _floats(x: object) -> NDArray[np.float32]:
    """An array of finite numbers with a fraction."""
    if isinstance(x, Tensor):
        x = x.detach().cpu().float().numpy() if x.is_floating_point() else x.cpu().numpy()
    try:
        values = np.asarray(x)
    except ValueError:  # rows of unlike lengths
        values = np.asarray(None)
    if values.dtype.kind != "f" or not values.size or not values.ndim:
        whole = values.dtype.kind in "iu" and values.ndim
        fix = "divide whole numbers by their largest, 32768 of 16 bits" if whole else ""
        raise InvalidError("sound", x if isinstance(x, str) else type(x).__name__,
                           allowed=_FORMS, fix=fix)  # fmt: skip
    if not np.isfinite(values).all():
        raise InvalidError("sound", "an array with NaN or infinity", allowed="finite numbers")
    return np.ascontiguousarray(values, dtype=np.float32)
