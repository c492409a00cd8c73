# SPDX-License-Identifier: MPL-2.0
"""Pages of lists: tokens that stand for a place in the order of ids, and that end."""

import secrets
import time

from problems import encode, invalid

MOST_BYTES = 15 * 1024 * 1024


class Pages:
    def __init__(self, limits):
        self.limits = limits
        self.tokens = {}

    def start(self, token, filters, owner):
        """The key after which the page begins. Filters and owner must be those of the first page."""
        if token is None:
            return ""
        held = self.tokens.get(token)
        if held is None or held["ends"] < time.monotonic() or held["owner"] != owner:
            raise invalid("The page token has ended", code="page_token_ended")
        if held["filters"] != filters:
            raise invalid("The page token belongs to other filters")
        return held["after"]

    def cut(self, items, after, size, filters, owner):
        """One page of (key, item) pairs. Keys never change, so nothing that stays is left out."""
        rest = sorted((pair for pair in items if pair[0] > after), key=lambda pair: pair[0])
        page, space = [], MOST_BYTES
        for key, item in rest[: min(size, self.limits["page_items"])]:
            space -= len(encode(item)) + 1
            if space < 0 and page:
                break
            page.append(item)
            after = key
        answer = {"items": page}
        if len(rest) > len(page):
            answer["next_page_token"] = self._issue(after, filters, owner)
        return answer

    def end_all(self):
        self.tokens.clear()

    def _issue(self, after, filters, owner):
        now = time.monotonic()
        for token in [t for t, held in self.tokens.items() if held["ends"] < now]:
            del self.tokens[token]
        token, ends = secrets.token_urlsafe(12), now + self.limits["page_token_seconds"]
        self.tokens[token] = {"after": after, "filters": filters, "owner": owner, "ends": ends}
        return token
