# SPDX-License-Identifier: MPL-2.0
"""Comparison without case, by Unicode's simple case folding."""

from functools import lru_cache


@lru_cache(maxsize=4096)
def fold(text):
    return "".join(_fold_character(character) for character in text)


def _fold_character(character):
    full = character.casefold()
    if len(full) == 1:
        return full
    # A folding to several characters is the full one. The simple one, where there is any,
    # is the lower case: the capital sharp s becomes the small one, never "ss".
    lower = character.lower()
    return lower if len(lower) == 1 else character
