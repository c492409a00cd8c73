# SPDX-License-Identifier: MPL-2.0
"""Answers that a test wants instead of the server's own, and answers that get lost."""

import threading
import time

from problems import Answer, Problem


class Lost(Exception):
    """The connection ends without an answer."""


class Injection:
    def __init__(self, given):
        unknown = set(given) - {"method", "path", "exact", "status", "body", "headers", "media", "times", "skip",
                                "after", "lose", "delay_seconds"}
        if unknown:
            raise ValueError("unknown fields: " + ", ".join(sorted(unknown)))
        self.given = given
        self.left = given.get("times", 1)
        self.skip = given.get("skip", 0)

    def fits(self, method, path):
        wanted = self.given.get("path", "")
        fits = path == wanted if self.given.get("exact") else path.startswith(wanted)
        return fits and self.given.get("method", method) == method

    def instead(self, own):
        """With "after", the request is carried out first and its own answer thrown away."""
        time.sleep(self.given.get("delay_seconds", 0))
        lose, status = self.given.get("lose", False), self.given.get("status")
        answer = own() if self.given.get("after") or (status is None and not lose) else None
        if lose:
            raise Lost()
        return self._answer() if status is not None else answer

    def _answer(self):
        status, headers = self.given["status"], dict(self.given.get("headers", {}))
        if status in (429, 503):
            headers.setdefault("Retry-After", "1")
        if status == 401:
            headers.setdefault("WWW-Authenticate", "Bearer")
        body = self.given.get("body")
        if body is None and status >= 400:
            return Problem(status, "Injected by a test", headers=headers).answer()
        media = "application/problem+json" if status >= 400 else "application/json"
        body = body.encode("utf-8") if isinstance(body, str) else body
        return Answer(status, body, headers, self.given.get("media", media))


class Injections:
    def __init__(self):
        self.lock = threading.Lock()
        self.list = []

    def add(self, given):
        injection = Injection(given)
        with self.lock:
            self.list.append(injection)

    def clear(self):
        with self.lock:
            self.list.clear()

    def view(self):
        with self.lock:
            return [{**injection.given, "left": injection.left} for injection in self.list]

    def match(self, method, path):
        with self.lock:
            for injection in self.list:
                if not injection.fits(method, path):
                    continue
                if injection.skip > 0:
                    injection.skip -= 1
                    continue
                injection.left -= 1
                if injection.left <= 0:
                    self.list.remove(injection)
                return injection
        return None
