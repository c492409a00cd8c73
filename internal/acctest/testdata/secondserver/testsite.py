# SPDX-License-Identifier: MPL-2.0
"""A site and a caller for the unit tests, without a network."""

import json
import time
from email.message import Message

from api import Api, Request
from engine import Engine
from store import Store

FIRST = "6f1c1c52-6c1e-4f0a-9d57-0b1c5f3f0a01"
SECOND = "6f1c1c52-6c1e-4f0a-9d57-0b1c5f3f0a02"
UNKNOWN = "6f1c1c52-6c1e-4f0a-9d57-0b1c5f3f0aff"


def site(**changes):
    windows = {"name": "Windows 11", "kms_activation": False, "image_kms_activation": False, "image_generation": 4}
    first = {"id": FIRST, "name": "R101-PC01", "location": "R101", "computer_group": "Unterricht", "online": True,
             "last_start": "2026-09-07T08:15:00+02:00", "last_operating_system": "Windows 11",
             "mac": "02:00:5E:10:01:01", "operating_systems": [windows, {"name": "Ubuntu"}]}
    second = {"id": SECOND, "name": "Büro + Straße/1", "location": "", "computer_group": "Verwaltung",
              "online": False, "operating_systems": [{**windows, "kms_activation": True}]}
    given = {"token": "secret", "tokens": [{"token": "teacher", "computer_groups": ["Unterricht"]}],
             "stations": [first, second], "kms": {"host": "kms01.schule.example", "port": 1688, "products": []}}
    return {**given, **changes}


class Caller:
    """Calls the interface as a client would, with the base path left out."""

    def __init__(self, **changes):
        self.store = Store(site(**changes))
        self.api = Api(self.store)
        self.engine = Engine(self.store)

    def call(self, method, path, body=None, token="secret", headers=None):
        given = Message()
        if token:
            given["Authorization"] = "Bearer " + token
        if body is not None:
            given["Content-Type"] = "application/json"
        for name, value in (headers or {}).items():
            del given[name]
            given[name] = value
        raw = body if isinstance(body, bytes) else json.dumps(body).encode("utf-8")
        request = Request(method, "/api/v1" + path, given, lambda limit: raw, len(path))
        answer = self.api.answer(request)
        return answer.status, json.loads(answer.body), answer.headers

    def code(self, *arguments, **named):
        status, document, _ = self.call(*arguments, **named)
        return status, document.get("code")

    def send(self, command, *targets, **fields):
        stations = [{"id": station, "key": key} for station, key in targets]
        return self.call("POST", "/commands", {"command": command, "stations": stations, **fields})

    def settle(self, seconds=0.0):
        """Lets the engine do what is due, after so much time."""
        time.sleep(seconds)
        with self.store.changed:
            return self.engine.step()

    def entries(self, command_id):
        return self.call("GET", "/commands/" + command_id)[1]["stations"]
