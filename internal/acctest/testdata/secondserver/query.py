# SPDX-License-Identifier: MPL-2.0
"""Percent-encoding of paths and queries, and the rules for parameters."""

import re
from urllib.parse import unquote_to_bytes

from problems import invalid

_BROKEN = re.compile("%(?![0-9A-Fa-f]{2})")
REPEATABLE = {"id", "name"}
EMPTY_MEANS_NONE = {"location", "computer_group"}


def decode(text):
    """Decodes one part of a path; a plus stays a plus. ValueError where it is not UTF-8."""
    if _BROKEN.search(text):
        raise ValueError("broken percent-encoding")
    return unquote_to_bytes(text.encode("ascii")).decode("utf-8")


def parameters(query, known):
    """The query's parameters as lists of values, checked against the names that are known."""
    found = {}
    for piece in query.split("&"):
        if not piece:
            continue
        raw_name, _, raw_value = piece.partition("=")
        try:
            name, value = (decode(part.replace("+", " ")) for part in (raw_name, raw_value))
        except ValueError:
            raise invalid("The query is not percent-encoded UTF-8") from None
        if name not in known:
            raise invalid("There is no parameter " + name)
        if name in found and name not in REPEATABLE:
            raise invalid(name + " may be given once")
        if not value and name not in EMPTY_MEANS_NONE:
            raise invalid(name + " is empty")
        found.setdefault(name, []).append(value)
    return found


def boolean(found, name):
    if name not in found:
        return None
    value = found[name][0]
    if value not in ("true", "false"):
        raise invalid(name + " must be true or false")
    return value == "true"


def page_size(found):
    text = found.get("page_size", ["100"])[0]
    if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= 500:
        raise invalid("page_size must be 1 to 500")
    return int(text)


def page_token(found):
    token = found.get("page_token", [None])[0]
    if token is not None and len(token) > 4096:
        raise invalid("page_token is longer than 4096")
    return token
