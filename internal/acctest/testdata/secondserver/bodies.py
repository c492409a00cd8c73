# SPDX-License-Identifier: MPL-2.0
"""Bodies of requests: strict JSON, and the two shapes that the contract has."""

import json
import re
from dataclasses import dataclass

import times
from problems import Problem, invalid
from stations import ID

COMMANDS = ("restart", "reset_image", "wake", "shutdown")
_KEY = re.compile("[A-Za-z0-9_-]{1,64}")


@dataclass
class CommandRequest:
    command: str
    targets: list
    operating_system: object
    unless_in_use: bool
    not_before: object


def media_type(headers):
    """415 unless the body is plain JSON in UTF-8."""
    media, *options = [part.strip().lower() for part in (headers.get("Content-Type") or "").split(";")]
    charset = [option.partition("=")[2].strip('"') for option in options if option.startswith("charset=")]
    coding = (headers.get("Content-Encoding") or "identity").strip().lower()
    if media != "application/json" or charset not in ([], ["utf-8"], ["utf8"]) or coding != "identity":
        raise Problem(415, "Send application/json")


def parse(body):
    try:
        text = body.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise invalid("The body is not JSON in UTF-8 without a byte order mark") from None
    return value


def _object(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field twice")
    return found


def _constant(name):
    raise ValueError(name)


def option(value):
    errors = _shape(value, "", {"kms_activation"}, {"kms_activation"})
    if not errors and not isinstance(value["kms_activation"], bool):
        errors = [("/kms_activation", "must be true or false")]
    _refuse(errors)
    return value["kms_activation"]


def command(value):
    known = {"command", "stations", "operating_system", "unless_in_use", "not_before"}
    errors = _shape(value, "", known, {"command", "stations"})
    _refuse(errors)
    if value["command"] not in COMMANDS:
        errors.append(("/command", "must be one of " + ", ".join(COMMANDS)))
    system = value.get("operating_system")
    if "operating_system" in value and not (isinstance(system, str) and 1 <= len(system) <= 255):
        errors.append(("/operating_system", "must be a text of 1 to 255 characters"))
    if not isinstance(value.get("unless_in_use", False), bool):
        errors.append(("/unless_in_use", "must be true or false"))
    not_before = None
    if "not_before" in value:
        try:
            not_before = times.parse(value["not_before"])
        except (ValueError, TypeError):
            errors.append(("/not_before", "must be an RFC 3339 time"))
    errors += _targets(value["stations"])
    _refuse(errors)
    targets = [(target["id"], target["key"]) for target in value["stations"]]
    return CommandRequest(value["command"], targets, system, value.get("unless_in_use", False), not_before)


def _targets(targets):
    if not isinstance(targets, list) or not 1 <= len(targets) <= 1000:
        return [("/stations", "must be a list of 1 to 1000")]
    errors = []
    for index, target in enumerate(targets):
        place = "/stations/%d" % index
        wrong = _shape(target, place, {"id", "key"}, {"id", "key"})
        if not wrong:
            if not (isinstance(target["id"], str) and ID.fullmatch(target["id"])):
                wrong.append((place + "/id", "must be a GUID in lower case"))
            if not (isinstance(target["key"], str) and _KEY.fullmatch(target["key"])):
                wrong.append((place + "/key", "must be 1 to 64 letters, digits, _ or -"))
        errors += wrong
    return errors


def _shape(value, place, known, required):
    if not isinstance(value, dict):
        return [(place, "must be an object")]
    escaped = {name: name.replace("~", "~0").replace("/", "~1") for name in value}
    errors = [(place + "/" + escaped[name], "unknown") for name in value if name not in known]
    return errors + [(place + "/" + name, "missing") for name in sorted(required - set(value))]


def _refuse(errors):
    if errors:
        raise invalid("The body does not keep to the contract", errors)
