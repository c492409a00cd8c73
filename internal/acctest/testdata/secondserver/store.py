# SPDX-License-Identifier: MPL-2.0
"""What the server holds: its site, its stations, commands and keys.

The site is a JSON object. Only a token is needed; all else has a default.

    token            a token with all rights
    tokens           [{"token", "computer_groups": [...], "calls": [...], "ended": false}]; without
                     "computer_groups" or "calls" all are allowed. Calls: stations, station, option,
                     send, command, locations, computer_groups, kms
    stations         the contract's fields of a station, and "behaviour" and "extra" (fields to show besides)
    locations        [{"id", "name"}] that exist also without stations; computer_groups likewise
    kms              as GET /kms shows it
    version, features, base_path, clock_offset_seconds, utc_offset_minutes
    limits           see LIMITS
    hook             URL that is told when a restart, a reset or a wake is carried out

An operating system takes "possible" as well: the values that its option can have.

    behaviour: send_seconds, restart_seconds, reset_seconds, wake_seconds, shutdown_seconds (0 each)
               fail: {"reset_image": {"code", "detail", "times"}}; without "times" always. The code
                     unsupported fails the entry when it is taken; not_started leaves the station off
               editing: true answers 409; option: "unsupported" answers 422 to a change of the option
               boots: the system that starts where none is meant
               foreign_command: {"id", "command", "state"} keeps the station busy until it is null
"""

import hashlib
import threading

from folding import fold
from paging import Pages
from rights import Token
from stations import Station
from times import Clock

FEATURES = ["restart", "reset_image", "wake", "shutdown", "not_before", "kms_status"]
MONTH = 30 * 24 * 3600
LIMITS = {
    "request_line_bytes": 64 * 1024,
    "body_bytes": 1024 * 1024,
    "page_items": 500,
    "page_token_seconds": 3600,
    "queued_seconds": 1800,
    "running_seconds": 1800,
    "key_seconds": MONTH,
    "command_seconds": MONTH,
}
SITE_FIELDS = {
    "token", "tokens", "version", "features", "kms", "stations", "locations", "computer_groups",
    "limits", "hook", "base_path", "clock_offset_seconds", "utc_offset_minutes",
}


class Store:
    def __init__(self, site):
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.clock = Clock(site.get("clock_offset_seconds", 0), site.get("utc_offset_minutes", 120))
        self.base_path = site.get("base_path", "/api/v1")
        self.limits = dict(LIMITS)
        self.tokens, self.declared = [], {"location": [], "computer_group": []}
        self.version, self.features, self.kms, self.hook = "1.0.0", list(FEATURES), {}, None
        self.configure(site)
        self.pages = Pages(self.limits)
        self.stations = {}
        for given in site.get("stations", []):
            self.add_station(given)
        self.commands = {}
        self.keys = {}
        self.queues = {}
        self.numbers = 0

    def configure(self, site):
        """Takes the fields of a site that may change while the server runs."""
        unknown = set(site) - SITE_FIELDS
        if unknown:
            raise ValueError("unknown fields of the site: " + ", ".join(sorted(unknown)))
        if "token" in site or "tokens" in site:
            given = [{"token": site["token"]}] if "token" in site else []
            self.tokens = [Token(each) for each in given + site.get("tokens", [])]
        unknown = set(site.get("limits", {})) - set(LIMITS)
        if unknown:
            raise ValueError("unknown limits: " + ", ".join(sorted(unknown)))
        self.limits.update(site.get("limits", {}))
        self.version = site.get("version", self.version)
        self.features = site.get("features", self.features)
        self.kms = site.get("kms", self.kms)
        self.hook = site.get("hook", self.hook)
        self.declared["location"] = site.get("locations", self.declared["location"])
        self.declared["computer_group"] = site.get("computer_groups", self.declared["computer_group"])
        self.clock.offset_seconds = site.get("clock_offset_seconds", self.clock.offset_seconds)

    def add_station(self, given):
        station = Station(given)
        self.stations[station.id] = station
        return station

    def free_keys(self, station_id):
        """Frees all keys of a station, as the contract asks where an image number fell."""
        for held in [held for held in self.keys if held[0] == station_id]:
            del self.keys[held]

    def pending(self, station):
        """The command under way or next, as the station shows it."""
        foreign = station.behaviour.get("foreign_command")
        if foreign:
            return {name: foreign[name] for name in ("id", "command", "state")}
        jobs = self.queues.get(station.id, [])
        now = self.clock.now()
        ranked = sorted(jobs, key=lambda job: (job.state == "queued", max(job.not_before - now, 0)))
        if not ranked:
            return None
        first = ranked[0]
        return {"id": first.command_id, "command": first.command, "state": first.state}

    def view(self, station):
        return station.view(self.pending(station))

    def groupings(self, field, token):
        """Locations or computer groups with their stations, without what the token may not see."""
        found = {}
        for declared in self.declared[field]:
            name = declared["name"]
            if field == "location" or token.sees_group(name):
                found[fold(name)] = {"id": declared.get("id") or grouping_id(field, name), "name": name, "stations": 0}
        for station in self.stations.values():
            name = station.fields[field]
            if not name or not token.sees_group(station.group):
                continue
            empty = {"id": grouping_id(field, name), "name": name, "stations": 0}
            found.setdefault(fold(name), empty)["stations"] += 1
        return [(grouping["id"], grouping) for grouping in found.values()]


def grouping_id(field, name):
    return field[0] + "-" + hashlib.sha256(fold(name).encode("utf-8")).hexdigest()[:12]
