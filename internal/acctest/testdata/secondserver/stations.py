# SPDX-License-Identifier: MPL-2.0
"""Stations: what the contract shows of them, their ETags and the filters of the list."""

import re

import times
from folding import fold

ID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
MAC = re.compile("([0-9A-F]{2}:){5}[0-9A-F]{2}")
REQUIRED = ("location", "computer_group", "online", "last_start", "last_operating_system", "logged_on_user")
DEFAULTS = {"location": "", "computer_group": "", "online": True}
OPTIONAL = ("mac", "address", "storage_up_to_date", "client_version", "image_server")
SYSTEM_FIELDS = ("name", "kms_activation", "image_kms_activation", "image_generation")
SYSTEM_DEFAULTS = {"kms_activation": False, "image_kms_activation": None, "image_generation": 0}


class Station:
    def __init__(self, given):
        given = dict(given)
        self.id = given.pop("id")
        self.version = 1
        self.behaviour = dict(given.pop("behaviour", {}))
        self.extra = dict(given.pop("extra", {}))
        self.made = {}  # by system: the option of an image that was made and has not started
        self.systems = [{**SYSTEM_DEFAULTS, **system} for system in given.pop("operating_systems", [])]
        self.fields = {name: DEFAULTS.get(name) for name in REQUIRED}
        self.fields.update(given)
        self.check()

    def check(self):
        """ValueError where the site describes a station that the contract does not allow."""
        if not isinstance(self.id, str) or not ID.fullmatch(self.id):
            raise ValueError("station id %r is not a GUID in lower case" % (self.id,))
        unknown = set(self.fields) - set(REQUIRED) - set(OPTIONAL) - {"name"}
        if unknown:
            raise ValueError("station %s: unknown fields %s" % (self.id, ", ".join(sorted(unknown))))
        if not self.fields.get("name"):
            raise ValueError("station %s has no name" % self.id)
        if "mac" in self.fields and not MAC.fullmatch(self.fields["mac"]):
            raise ValueError("station %s: mac must look like 02:00:5E:10:01:01" % self.id)
        if self.fields["last_start"] is not None:
            times.parse(self.fields["last_start"])
        names = [fold(system["name"]) for system in self.systems]
        if len(set(names)) != len(names):
            raise ValueError("station %s has two operating systems of one name" % self.id)

    @property
    def etag(self):
        return '"%d"' % self.version

    @property
    def name(self):
        return self.fields["name"]

    @property
    def group(self):
        return self.fields["computer_group"]

    @property
    def online(self):
        return self.fields["online"]

    @property
    def user(self):
        return self.fields["logged_on_user"]

    def settings(self):
        """What the ETag stands for: the settings, and nothing that merely happens."""
        options = tuple((system["name"], system["kms_activation"]) for system in self.systems)
        return (self.name, self.fields["location"], self.group, options)

    def system(self, name):
        wanted = fold(name)
        return next((system for system in self.systems if fold(system["name"]) == wanted), None)

    def meant_system(self):
        """The system that is meant where none is named: last started, else the only one."""
        last = self.fields["last_operating_system"]
        named = self.system(last) if last else None
        if named is None and len(self.systems) == 1:
            named = self.systems[0]
        return named["name"] if named else None

    def view(self, pending):
        shown = {"id": self.id, "name": self.name}
        shown.update({name: self.fields[name] for name in OPTIONAL if name in self.fields})
        shown.update({name: self.fields[name] for name in REQUIRED})
        shown["pending_command"] = pending
        shown["operating_systems"] = [{name: s[name] for name in SYSTEM_FIELDS} for s in self.systems]
        shown["etag"] = self.etag
        shown.update(self.extra)
        return shown

    def change(self, given):
        """Takes new values; the ETag moves where a setting did. Says whether an image number fell."""
        before, fell = self.settings(), False
        for field, value in given.items():
            if field == "operating_systems":
                fell = self._change_systems(value)
            elif field == "behaviour":
                self.behaviour.update(value)
            elif field == "extra":
                self.extra.update(value)
            elif field in OPTIONAL and value is None:
                self.fields.pop(field, None)
            else:
                self.fields[field] = value
        self.check()
        if self.settings() != before:
            self.version += 1
        return fell

    def _change_systems(self, systems):
        fell = False
        for given in systems:
            held = self.system(given["name"])
            if held is None:
                self.systems.append({**SYSTEM_DEFAULTS, **given})
                continue
            fell = fell or given.get("image_generation", held["image_generation"]) < held["image_generation"]
            held.update(given)
        return fell

    def start(self, system, clock):
        now, last = clock.text(), self.fields["last_start"]
        if last is not None and times.parse(now) <= times.parse(last):
            now = clock.text(float(times.parse(last)) + 0.001)
        self.fields.update(online=True, logged_on_user=None, last_start=now)
        if system:
            self.fields["last_operating_system"] = system
        if system in self.made:
            started = self.system(system)
            started["image_generation"] += 1
            started["image_kms_activation"] = self.made.pop(system)

    def go_down(self):
        self.fields.update(online=False, logged_on_user=None)


class Filters:
    """The filters of GET /stations. All that are given must be passed."""

    def __init__(self, found, online, kms_activation, started_after):
        self.ids = frozenset(found["id"]) if "id" in found else None
        self.names = frozenset(map(fold, found["name"])) if "name" in found else None
        self.location = fold(found["location"][0]) if "location" in found else None
        self.group = fold(found["computer_group"][0]) if "computer_group" in found else None
        self.online = online
        self.kms_activation = kms_activation
        self.started_after = started_after

    def identity(self):
        return tuple(sorted(vars(self).items(), key=lambda pair: pair[0]))

    def passes(self, station):
        fields = station.fields
        start = fields["last_start"]
        return (
            (self.ids is None or station.id in self.ids)
            and (self.names is None or fold(station.name) in self.names)
            and (self.location is None or fold(fields["location"]) == self.location)
            and (self.group is None or fold(station.group) == self.group)
            and (self.online is None or station.online == self.online)
            and (
                self.kms_activation is None
                or any(system["kms_activation"] == self.kms_activation for system in station.systems)
            )
            and (
                self.started_after is None
                or (start is not None and times.parse(start) > self.started_after)
            )
        )
