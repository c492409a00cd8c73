# SPDX-License-Identifier: MPL-2.0
"""Problem documents (RFC 9457) and the answers of the server."""

import json

TITLES = {
    400: ("Bad request", "invalid_request"),
    401: ("Unauthorized", "unauthorized"),
    403: ("Forbidden", "forbidden"),
    404: ("Not found", "not_found"),
    405: ("Method not allowed", "method_not_allowed"),
    409: ("Conflict", "conflict"),
    412: ("Precondition failed", "precondition_failed"),
    413: ("Content too large", "too_large"),
    414: ("URI too long", "uri_too_long"),
    415: ("Unsupported media type", "unsupported_media_type"),
    422: ("Unprocessable", "invalid_value"),
    428: ("Precondition required", "precondition_required"),
    429: ("Too many requests", "rate_limited"),
    500: ("Internal error", "internal_error"),
    503: ("Unavailable", "unavailable"),
}


class Answer:
    """What goes back: a status, a body and the headers that belong to it."""

    def __init__(self, status, body, headers=None, media="application/json"):
        self.status = status
        self.body = body if isinstance(body, bytes) else encode(body)
        self.headers = {"Content-Type": media, **(headers or {})}


class Problem(Exception):
    """An error that is answered as a problem document."""

    def __init__(self, status, detail="", code=None, errors=None, headers=None):
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.code = code
        self.errors = errors
        self.headers = headers or {}

    def answer(self, secrets=()):
        title, code = TITLES.get(self.status, ("Error", "error"))
        document = {"type": "about:blank", "title": title, "status": self.status, "code": self.code or code}
        if self.detail:
            detail = self.detail
            for secret in secrets:
                detail = detail.replace(secret, "(token)")
            document["detail"] = detail
        if self.errors:
            document["errors"] = [{"pointer": p, "detail": d} for p, d in self.errors[:1000]]
        return Answer(self.status, document, self.headers, "application/problem+json")


def invalid(detail, errors=None, code=None):
    return Problem(400, detail, code=code, errors=errors)


def encode(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
