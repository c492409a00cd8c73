# SPDX-License-Identifier: MPL-2.0
"""The control interface of tests. It is no part of the contract.

    GET    /state                 stations, commands, keys that are held, injections
    GET    /log, DELETE /log      the requests in the order of their answers; status null where it was lost
    POST   /site                  changes fields of the site (not stations, base_path, utc_offset_minutes)
    GET    /stations/{id}         a station with its behaviour
    PUT    /stations/{id}         adds or replaces one; DELETE removes it
    POST   /stations/{id}         changes fields; operating_systems and behaviour are merged. A lower
                                  image_generation frees the station's keys
    POST   /stations/{id}/start   {"operating_system"}: somebody has switched it on
    POST   /inject                {"method", "path" (a prefix without the base path), "exact", "status", "body",
                                  "headers", "media", "times", "skip", "delay_seconds", "after", "lose"};
                                  "after" carries the request out first, "lose" ends the connection
    DELETE /inject, /page_tokens, /commands
"""

import json
from urllib.parse import unquote

from commands import held_by
from problems import Problem


class Control:
    def __init__(self, store, api):
        self.store = store
        self.api = api

    def answer(self, method, path, body):
        value = json.loads(body) if body else {}
        parts = [unquote(part) for part in path.strip("/").split("/")]
        name = "_%s_%s" % (method.lower(), parts[0])
        if not hasattr(self, name):
            raise Problem(404, "The control interface has no %s %s" % (method, path), "unknown_path")
        with self.store.changed:
            answer = getattr(self, name)(value, *parts[1:])
            self.store.changed.notify_all()
        return answer if answer is not None else {}

    def _get_state(self, value):
        stations = [self._shown(station) for station in self.store.stations.values()]
        commands = [command.view() for command in self.store.commands.values()]
        keys = [{"station_id": station, "key": key} for station, key in self.store.keys
                if held_by(self.store, station, key)]
        return {"stations": stations, "commands": commands, "held_keys": keys, "features": self.store.features,
                "injections": self.api.injections.view()}

    def _shown(self, station):
        return {**self.store.view(station), "behaviour": station.behaviour}

    def _get_log(self, value):
        with self.api.log_lock:
            return list(self.api.log)

    def _delete_log(self, value):
        with self.api.log_lock:
            self.api.log.clear()

    def _post_site(self, value):
        fixed = {"stations", "base_path", "utc_offset_minutes"} & set(value)
        if fixed:
            raise ValueError("cannot change while the server runs: " + ", ".join(sorted(fixed)))
        self.store.configure(value)

    def _get_stations(self, value, station_id):
        return self._shown(self._station(station_id))

    def _put_stations(self, value, station_id):
        return self._shown(self.store.add_station({**value, "id": station_id}))

    def _post_stations(self, value, station_id, action=None):
        station = self._station(station_id)
        if action == "start":
            station.start(value.get("operating_system"), self.store.clock)
        elif action is not None:
            raise Problem(404, "There is no such action", "unknown_path")
        elif station.change(value):
            self.store.free_keys(station_id)
        return self._shown(station)

    def _delete_stations(self, value, station_id):
        del self.store.stations[self._station(station_id).id]

    def _post_inject(self, value):
        self.api.injections.add(value)

    def _delete_inject(self, value):
        self.api.injections.clear()

    def _delete_page_tokens(self, value):
        self.store.pages.end_all()

    def _delete_commands(self, value):
        self.store.commands.clear()

    def _station(self, station_id):
        if station_id not in self.store.stations:
            raise Problem(404, "There is no such station")
        return self.store.stations[station_id]
