"""What the arrays of a trace file are called: a part of the format, whatever the code's own names.

states/-1, neurons/0     a material after a layer
answers/rank             the logit lens' stored answers;  answers/distances/kl
verdicts/logits          a classifier's logits after each layer
sound/features           the features of a sound
attention/0/query        a block's attention call;  crossings/0/query  one to the source
encoder/states/0         any of these, of an encoder-decoder's encoder
"""

from __future__ import annotations

__all__ = [
    "ANSWERS", "ANSWER_FIELDS", "ATTENTION", "CLASS_LOGITS", "CROSS_ATTENTION", "DISTANCES",
    "ENCODER", "SOUND_FEATURES",
]  # fmt: skip

ANSWERS = "answers/"
DISTANCES = "answers/distances/"
#: The fields of Rows that are one array each.
ANSWER_FIELDS = (
    "token_id", "probability", "logit", "target_id", "rank", "target_logit", "target_logprob",
    "entropy",
)  # fmt: skip
CLASS_LOGITS = "verdicts/logits"
SOUND_FEATURES = "sound/features"
ATTENTION = "attention/"
CROSS_ATTENTION = "crossings/"
ENCODER = "encoder/"
