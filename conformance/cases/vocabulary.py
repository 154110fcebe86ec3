"""Suggest what a case file has in place of words of frameworks, of ONNX and of people.

A word that is spelt like one of ours may mean something else: `target_shape` is no
`output_padding`. So words that the tables have come first, and only typing errors are guessed.
"""

import difflib
import re
from cmath import isfinite
from collections.abc import Collection, Iterable, Mapping
from itertools import zip_longest

from conformance.utils.resources import table

_NONFINITE = "a number that is not finite is written .nan, .inf or -.inf"
_COMPLEX = "a complex number is written with a j, as in 1+2j"
NEAR = 0.8
"""The least likeness (at most 1) of a word and a typing error of it."""


def _by_word(entries: Mapping[str, str]) -> dict[str, str]:
    """Return the sentence of each word, of entries with several words."""
    return {word: sentence for words, sentence in entries.items() for word in words.split()}


def _meanings(entries: Mapping[str, str]) -> dict[str, str]:
    """Return the word of ours that each word of a table means."""
    return _by_word({words: meaning for meaning, words in entries.items()})


_TABLES = table(__file__, "vocabulary.toml")
SYNONYMS: Mapping[str, str] = _meanings(_TABLES["keys"])
"""Keys of frameworks, and ours that mean the same."""
EXPLANATIONS: Mapping[str, str] = _by_word(_TABLES["explanations"])
"""Words of frameworks that mean no key, or several, and what a case has instead."""
VALUE_SYNONYMS = {key: _meanings(words) for key, words in _TABLES["values"].items()}
"""Values of frameworks in small letters, by key, and ours that mean the same."""
VALUE_EXPLANATIONS = {key: _by_word(t) for key, t in _TABLES["value_explanations"].items()}
"""Values that mean none of ours, or several; the last such word of an op counts."""
LISTED: Mapping[str, str] = {"dtype": EXPLANATIONS["x_dtype"], "expected": EXPLANATIONS["y"]}
"""Keys that have one word, and the sentence about a list or a mapping in its place."""


def key_hint(word: str, keys: Collection[str]) -> str:
    """Return the end of a sentence about a key that is none of ``keys``.

    It says what a case has in its place, or else which keys may stand there.
    """
    keys = [*dict.fromkeys(keys)]
    if word == "dtype" and "memory" in keys:  # these are the keys of an array
        return f"; {LISTED['dtype']}"
    explanation = _look_up(word, EXPLANATIONS)
    if explanation and "kernel" in keys:  # these are the keys of a question
        return f"; {explanation}"
    key = _look_up(word, {**SYNONYMS, **{key: key for key in keys}})
    if key in keys:
        return f"; did you mean '{key}'?"
    return did_you_mean(word, keys) or f"; the keys are {', '.join(keys)}"


def _look_up(word: str, table: Mapping[str, str]) -> str | None:
    """Return a table's entry, however the parts of a word are joined: outputShape, output_shape."""
    return table.get(word) or {_joined(key): entry for key, entry in table.items()}.get(
        _joined(word)
    )


def _joined(word: str) -> str:
    return re.sub("[-_ ]", "", word).lower()


def value_hint(key: str, value: object, choices: Iterable[str]) -> str:
    """Return the end of a sentence about the value of a key, which may have only ``choices``.

    It says what a case has in its place, and is empty if that is not known.
    """
    key = key.removeprefix("kernel_")  # kernel_dtype has the values of dtype
    if not isinstance(value, str):
        return f"; {LISTED[key]}" if key in LISTED and isinstance(value, list | dict) else ""
    small = value.strip().lower().rpartition(".")[2]  # as of torch.float32
    choices = set(choices)
    plain = re.sub("[0-9]+d?|_", "", small)  # as of ConvTranspose2d and Conv2DTranspose
    kernel = "_".join(SYNONYMS.get(part, part) for part in small.split("_"))  # weight_gradient
    values = VALUE_SYNONYMS.get(key, {})
    for candidate in (small, values.get(small), values.get(plain), kernel):
        if candidate in choices:
            return f"; did you mean '{candidate}'?"
    explanations = VALUE_EXPLANATIONS.get(key, {})
    parts = reversed(small.split("_")) if key == "op" else (small,)
    sentence = next((explanations[part] for part in parts if part in explanations), None)
    return f"; {sentence}" if sentence else did_you_mean(value, choices)


def number_hint(word: str) -> str:
    """Return the end of a sentence about text in place of a number.

    It is empty unless the text is a number that is not finite or not real.
    """
    for literal in (word, word.replace("i", "j")):
        try:
            number = complex(literal)
        except ValueError:
            continue
        if not isfinite(number):
            return f"; {_NONFINITE}"
        return f"; {_COMPLEX}" if number.imag else ""
    return ""


def did_you_mean(word: str, choices: Iterable[str], near: float = NEAR) -> str:
    """Return the end of a sentence about an unknown word: the choice that it is a typing error of.

    It is empty if no choice has at least the likeness ``near``, of at most 1.
    """
    word = word[:80]
    candidates = [choice for choice in sorted(choices) if _parts_match(word, choice, near)]
    nearest = difflib.get_close_matches(word, candidates, n=1, cutoff=near)
    return f"; did you mean '{nearest[0]}'?" if nearest else ""


def _parts_match(word: str, choice: str, near: float) -> bool:
    """Return whether each part of a word is near the same part of ``choice``."""
    pairs = zip_longest(*(re.findall("[^-_]+", text.lower()) for text in (word, choice)))
    return all(
        left and right and difflib.SequenceMatcher(None, left, right).ratio() >= near
        for left, right in pairs
    )
