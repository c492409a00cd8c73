# SPDX-License-Identifier: MPL-2.0
"""Tokens and their rights: per call and per computer group."""

import hmac

from folding import fold
from problems import Problem


class Token:
    def __init__(self, given):
        self.value = given["token"]
        groups = given.get("computer_groups")
        self.groups = None if groups is None else {fold(group) for group in groups}
        self.calls = given.get("calls")
        self.ended = given.get("ended", False)

    def sees_group(self, group):
        return self.groups is None or fold(group) in self.groups

    def need_call(self, call):
        if self.calls is not None and call not in self.calls:
            raise Problem(403, "No right for this call")

    def need_station(self, station):
        if not self.sees_group(station.group):
            raise Problem(403, "No right on the computer group " + station.group)


def authorized(tokens, header):
    """The token of the request. 401 with a challenge where there is none that is good."""
    scheme, _, value = (header or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not value.strip():
        raise Problem(401, "There is no token", headers={"WWW-Authenticate": "Bearer"})
    given = value.strip().encode("utf-8", "replace")
    for token in tokens:
        if hmac.compare_digest(token.value.encode("utf-8"), given) and not token.ended:
            return token
    challenge = 'Bearer error="invalid_token"'
    raise Problem(401, "The token is wrong or has ended", headers={"WWW-Authenticate": challenge})
