# SPDX-License-Identifier: MPL-2.0
"""The contract's paths, and the order in which a request is looked at."""

import re
import sys
import threading
import traceback

import bodies
import commands
import query
import times
from injections import Injections, Lost
from problems import Answer, Problem, invalid
from rights import authorized
from stations import ID, Filters

PAGED = {"page_size", "page_token"}
STATION_FILTERS = {"id", "name", "location", "computer_group", "online", "kms_activation", "started_after"}
ROUTES = [
    (("info",), {"GET": "info"}),
    (("stations",), {"GET": "stations"}),
    (("stations", None), {"GET": "station"}),
    (("stations", None, "operating-systems", None), {"PATCH": "option"}),
    (("commands",), {"POST": "send"}),
    (("commands", None), {"GET": "command"}),
    (("locations",), {"GET": "locations"}),
    (("computer-groups",), {"GET": "computer_groups"}),
    (("kms",), {"GET": "kms"}),
]
KNOWN = {"stations": STATION_FILTERS | PAGED, "locations": PAGED, "computer_groups": PAGED}
COMMAND_ID = re.compile("[A-Za-z0-9._~-]{1,128}")
ETAG = re.compile('"[\x21\x23-\x7e\x80-\xff]*"')


class Request:
    """One request as it came in. The body is read only when it is wanted."""

    def __init__(self, method, target, headers, read_body, line_bytes):
        self.method, self.headers, self.read_body, self.line_bytes = method, headers, read_body, line_bytes
        target = re.sub("^https?://[^/?]*", "", target, flags=re.IGNORECASE) or "/"
        self.path, _, self.query = target.partition("?")
        self.body = None


class Api:
    def __init__(self, store):
        self.store = store
        self.injections = Injections()
        self.log = []
        self.log_lock = threading.Lock()

    def answer(self, request):
        """The answer to a request; Lost where it is to be lost on its way."""
        injected = self.injections.match(request.method, self._short(request.path))
        try:
            if injected:
                answer = injected.instead(lambda: self._outcome(request))
            else:
                answer = self._outcome(request)
        except Lost:
            self._note(request, None, injected)
            raise
        self._note(request, answer.status, injected)
        return answer

    def _outcome(self, request):
        secrets = [token.value for token in self.store.tokens]
        try:
            return self._route(request)
        except Problem as problem:
            return problem.answer(secrets)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return Problem(500, "The server failed").answer()

    def _route(self, request):
        token = authorized(self.store.tokens, request.headers.get("Authorization"))
        name, given = self._operation(request)
        if request.line_bytes > self.store.limits["request_line_bytes"]:
            raise Problem(414, "At most %d bytes" % self.store.limits["request_line_bytes"])
        found = query.parameters(request.query, KNOWN.get(name, set()))
        return getattr(self, "_" + name)(token, request, found, *[_decoded(part) for part in given])

    def _short(self, path):
        base = self.store.base_path
        return path[len(base):] if path.startswith(base + "/") else path

    def _operation(self, request):
        if not request.path.startswith(self.store.base_path + "/"):
            raise _unknown_path(request)
        parts = self._short(request.path).split("/")[1:]
        for pattern, methods in ROUTES:
            if len(parts) == len(pattern) and all(map(_fits, pattern, parts)):
                if request.method not in methods:
                    allow = ", ".join(sorted(methods))
                    raise Problem(405, "This path has " + allow, headers={"Allow": allow})
                return methods[request.method], [part for part, want in zip(parts, pattern) if want is None]
        raise _unknown_path(request)

    def _note(self, request, status, injected):
        entry = {"at": self.store.clock.text(), "method": request.method, "path": self._short(request.path),
                 "query": request.query, "status": status, "lost": status is None, "injected": bool(injected),
                 "if_match": request.headers.get("If-Match"), "user_agent": request.headers.get("User-Agent"),
                 "body": request.body.decode("utf-8", "replace") if request.body is not None else None}
        with self.log_lock:
            self.log.append(entry)

    # One method for each operation of the contract.

    def _info(self, token, request, found):
        with self.store.lock:
            return Answer(200, {"version": self.store.version, "server_time": self.store.clock.text(),
                                "features": self.store.features})

    def _stations(self, token, request, found):
        filters = self._filters(found)
        with self.store.lock:
            def items():
                return [(station.id, self.store.view(station)) for station in self.store.stations.values()
                        if filters.passes(station) and token.sees_group(station.group)]
            return self._page("stations", token, found, filters.identity(), items)

    def _filters(self, found):
        for name in ("id", "name"):
            if len(found.get(name, [])) > 500:
                raise invalid(name + " may be given 500 times")
        if not all(map(ID.fullmatch, found.get("id", []))):
            raise invalid("id must be a GUID in lower case")
        after = None
        if "started_after" in found:
            try:
                after = times.parse(found["started_after"][0])
            except ValueError:
                raise invalid("started_after must be an RFC 3339 time") from None
        return Filters(found, query.boolean(found, "online"), query.boolean(found, "kms_activation"), after)

    def _page(self, call, token, found, filters, items):
        pages, owner = self.store.pages, token.value
        size, filters = query.page_size(found), (call, filters)
        after = pages.start(query.page_token(found), filters, owner)
        token.need_call(call)
        return Answer(200, pages.cut(items(), after, size, filters, owner))

    def _locations(self, token, request, found):
        with self.store.lock:
            return self._page("locations", token, found, (), lambda: self.store.groupings("location", token))

    def _computer_groups(self, token, request, found):
        with self.store.lock:
            return self._page("computer_groups", token, found, (),
                              lambda: self.store.groupings("computer_group", token))

    def _station(self, token, request, found, station_id):
        with self.store.lock:
            station = self._seen(token, "station", _station_id(station_id))
            return Answer(200, self.store.view(station), {"ETag": station.etag})

    def _seen(self, token, call, station_id):
        station = self.store.stations.get(station_id)
        if station is None:
            raise Problem(404, "There is no such station")
        token.need_call(call)
        token.need_station(station)
        return station

    def _option(self, token, request, found, station_id, name):
        _station_id(station_id)
        if len(name) > 255:
            raise invalid("The name is longer than 255 characters")
        wanted = bodies.option(self._json(request))
        etag = _if_match(request.headers.get_all("If-Match"))
        with self.store.changed:
            station = self._seen(token, "option", station_id)
            system = station.system(name)
            if system is None:
                detail = "%s has no operating system %s" % (station.name, name)
                raise Problem(404, detail, "operating_system_not_found")
            if station.etag != etag:
                raise Problem(412, "The station has changed since")
            self._set_option(station, system, wanted)
            return Answer(200, self.store.view(station), {"ETag": station.etag})

    def _set_option(self, station, system, wanted):
        if system["kms_activation"] == wanted:
            return
        if station.behaviour.get("editing"):
            raise Problem(409, "The station is being edited in Timago")
        if station.behaviour.get("option") == "unsupported":
            raise Problem(422, "This server cannot set the option", "unsupported")
        if wanted not in system.get("possible", [True, False]):
            errors = [("/kms_activation", "not possible for this image")]
            raise Problem(422, "The image of %s cannot have this" % system["name"], errors=errors)
        station.change({"operating_systems": [{"name": system["name"], "kms_activation": wanted}]})

    def _send(self, token, request, found):
        wanted = bodies.command(self._json(request))
        token.need_call("send")
        with self.store.changed:
            return Answer(202, commands.take(self.store, token, wanted).view())

    def _command(self, token, request, found, command_id):
        with self.store.lock:
            if not COMMAND_ID.fullmatch(command_id):
                raise Problem(404, "There is no such command")
            command = commands.find(self.store, token, command_id)
            token.need_call("command")
            return Answer(200, command.view())

    def _kms(self, token, request, found):
        token.need_call("kms")
        with self.store.lock:
            kms = {"host": None, "products": [], **self.store.kms}
            if "kms_status" not in self.store.features:
                kms["products"] = []
            return Answer(200, kms)

    def _json(self, request):
        bodies.media_type(request.headers)
        request.body = request.read_body(self.store.limits["body_bytes"])
        return bodies.parse(request.body)


def _fits(want, part):
    if want is None:
        return part != ""
    try:
        return query.decode(part) == want
    except ValueError:
        return False


def _decoded(part):
    try:
        return query.decode(part)
    except ValueError:
        raise invalid("The path is not percent-encoded UTF-8") from None


def _unknown_path(request):
    return Problem(404, "There is no such path: " + request.path[:1000], "unknown_path")


def _station_id(station_id):
    if not ID.fullmatch(station_id):
        raise invalid("A station's id is a GUID in lower case")
    return station_id


def _if_match(headers):
    if not headers:
        raise Problem(428, "If-Match is missing: send the station's ETag")
    value = headers[0].strip()
    if len(headers) > 1 or len(value) > 1000 or not ETAG.fullmatch(value):
        raise invalid("If-Match takes one ETag, with its quotes")
    return value
