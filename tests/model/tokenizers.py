"""Small real tokenizers of the kinds in use, built on the spot."""

from __future__ import annotations

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast


def byte_level() -> PreTrainedTokenizerFast:
    """GPT-2's kind, with every byte but 0x04 and the pair of bytes that begins an emoji."""
    letters = sorted({*pre_tokenizers.ByteLevel.alphabet()} - {"Ą"})  # Ą spells 0x04
    words = ["<|end|>", "<|user|>", *letters, "Ġa", "ðŁ", "Ġ<"]
    merges = [("Ġ", "a"), ("ð", "Ł"), ("Ġ", "<")]
    tokenizer = Tokenizer(models.BPE({word: i for i, word in enumerate(words)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|end|>", "<|user|>"])
    return _wrapped(tokenizer)


def sentence_piece() -> PreTrainedTokenizerFast:
    """Llama 1's kind: spaces as ▁, bytes as <0xF0>, the first space taken away in decoding."""
    letters = "▁abcdehiklnoprstTu.<>/é"
    words = ["<unk>", "<s>", "</s>", *(f"<0x{value:02X}>" for value in range(256)), *letters]
    words += ["▁t", "▁th", "▁the"]
    merges = [("▁", "t"), ("▁t", "h"), ("▁th", "e")]
    model = models.BPE(
        {word: i for i, word in enumerate(words)}, merges, byte_fallback=True, unk_token="<unk>"
    )
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )  # fmt: skip
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    return _wrapped(tokenizer)


def word_piece() -> PreTrainedTokenizerFast:
    """BERT's kind: decoding puts spaces between words, and takes them away before full stops."""
    words = ["[UNK]", "the", "key", "##s", "cab", "##in", "##et", "."]
    tokenizer = Tokenizer(
        models.WordPiece({word: i for i, word in enumerate(words)}, unk_token="[UNK]")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens(["[UNK]"])
    return _wrapped(tokenizer)


def _wrapped(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, clean_up_tokenization_spaces=False)
