# SPDX-License-Identifier: MPL-2.0
"""Taking commands: keys, refusals and what a command shows of its entries."""

import time
from dataclasses import dataclass, field

from folding import fold
from problems import Problem

ENDED = ("succeeded", "failed", "expired")
FURTHEST_AHEAD = 7 * 24 * 3600


@dataclass
class Job:
    """One effect on one station. Several entries may show it when they bear its key."""

    command_id: str
    station_id: str
    key: str
    command: str
    named: object
    system: object
    unless_in_use: bool
    not_before: float
    state: str = "queued"
    reason: object = None
    started: bool = False
    made_with: object = None
    made: bool = False
    was_online: bool = True
    calling: bool = False
    ready: float = None
    since: float = None
    due: float = None
    ended: float = None

    def end(self, state, code=None, detail=""):
        self.state, self.ended = state, time.monotonic()
        if code:
            self.reason = {"code": code, **({"detail": detail} if detail else {})}


@dataclass
class Command:
    id: str
    command: str
    sender: str
    entries: list = field(default_factory=list)

    def view(self):
        shown = []
        for job, repeated in self.entries:
            entry = {"id": job.station_id, "key": job.key, "state": job.state, "repeated": repeated}
            if job.state == "failed":
                entry["reason"] = job.reason
            shown.append(entry)
        return {"id": self.id, "command": self.command, "stations": shown}

    def ended_at(self):
        """When the last of its entries ended; None while one has not."""
        times = [job.ended for job, _ in self.entries]
        return None if None in times else max(times)


def held_by(store, station_id, key):
    """The job that holds the key for the station; None where the key is free."""
    job = store.keys.get((station_id, key))
    if job is None or job.state in ("failed", "expired"):
        return None
    if job.state == "succeeded":
        if job.command == "wake" and not job.started:
            return None
        if time.monotonic() - job.ended > store.limits["key_seconds"]:
            return None
    return job


def take(store, token, request):
    """Takes the command for every entry, or raises a Problem and takes nothing."""
    refuse_edited(store, token, request)
    refuse_unsupported(store, request)
    refuse_reused_keys(store, token, request)
    store.numbers += 1
    command = Command("c-%06d" % store.numbers, request.command, token.value)
    for station_id, key in request.targets:
        command.entries.append(_entry(store, token, command.id, request, station_id, key))
    store.commands[command.id] = command
    store.changed.notify_all()
    return command


def refuse_edited(store, token, request):
    for station_id, _ in request.targets:
        station = store.stations.get(station_id)
        if station and token.sees_group(station.group) and station.behaviour.get("editing"):
            raise Problem(409, station.name + " is being edited in Timago")


def refuse_unsupported(store, request):
    if request.command not in store.features:
        errors = [("/command", "not among the features")]
        raise Problem(422, "This server has no " + request.command, "unsupported", errors)
    if request.not_before is not None and "not_before" not in store.features:
        errors = [("/not_before", "not among the features")]
        raise Problem(422, "This server has no not_before", "unsupported", errors)
    if request.not_before is not None and request.not_before > store.clock.now() + FURTHEST_AHEAD:
        errors = [("/not_before", "at most 7 days ahead")]
        raise Problem(422, "not_before lies more than 7 days ahead", errors=errors)


def refuse_reused_keys(store, token, request):
    errors = []
    for index, (station_id, key) in enumerate(request.targets):
        station, job = store.stations.get(station_id), held_by(store, station_id, key)
        if job and station and token.sees_group(station.group) and not _same(job, request):
            stands = job.command + (" of " + job.system if job.system else "")
            errors.append(("/stations/%d/key" % index, "stands for " + stands))
    if errors:
        raise Problem(422, "The key was used for another command", "key_reused", errors)


def _same(job, request):
    if job.command != request.command:
        return False
    if job.command == "shutdown" or request.operating_system is None:
        return True
    return job.system is not None and fold(job.system) == fold(request.operating_system)


def _entry(store, token, command_id, request, station_id, key):
    station = store.stations.get(station_id)
    not_before = request.not_before if request.not_before is not None else 0
    job = Job(command_id, station_id, key, request.command, request.operating_system, None,
              request.unless_in_use, not_before)
    if station is None:
        job.end("failed", "station_not_found", "There is no such station")
        return job, False
    if not token.sees_group(station.group):
        job.end("failed", "not_permitted", "No right on the computer group " + station.group)
        return job, False
    held = held_by(store, station_id, key)
    if held:
        return held, True
    store.keys[(station_id, key)] = job
    refusal = refused_at_once(station, job)
    if refusal:
        job.end("failed", *refusal)
    else:
        store.queues.setdefault(station_id, []).append(job)
    return job, False


def refused_at_once(station, job):
    """Names the system that is meant, or says why the station can never do this."""
    fails = station.behaviour.get("fail", {}).get(job.command, {})
    if fails.get("code") == "unsupported":
        return "unsupported", fails.get("detail", "")
    if job.command == "shutdown":
        return None
    if job.named is None:
        job.system = station.meant_system()
        if job.system is None and job.command == "reset_image":
            return "operating_system_not_found", station.name + " never started and has several systems"
        return None
    system = station.system(job.named)
    if system is None:
        return "operating_system_not_found", "%s has no operating system %s" % (station.name, job.named)
    job.system = system["name"]
    return None


def find(store, token, command_id):
    """The command, 404 where there is none any more, 403 where the token may see none of it."""
    command = store.commands.get(command_id)
    ended = command.ended_at() if command else None
    if ended is not None and time.monotonic() - ended > store.limits["command_seconds"]:
        del store.commands[command_id]
        command = None
    if command is None:
        raise Problem(404, "There is no such command")
    if command.sender == token.value:
        return command
    stations = [store.stations.get(job.station_id) for job, _ in command.entries]
    if not any(station and token.sees_group(station.group) for station in stations):
        raise Problem(403, "No right on any computer group of this command")
    return command
