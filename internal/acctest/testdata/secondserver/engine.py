# SPDX-License-Identifier: MPL-2.0
"""Carries commands out over time, one after the other for each station."""

import json
import threading
import time
import urllib.request
from http.client import HTTPException

LONGEST_WAIT = 3600.0
SECONDS = {"restart": "restart_seconds", "reset_image": "reset_seconds", "wake": "wake_seconds",
           "shutdown": "shutdown_seconds"}


class Engine:
    def __init__(self, store):
        self.store = store
        self.stopping = False

    def start(self):
        threading.Thread(target=self._run, name="engine", daemon=True).start()

    def _run(self):
        with self.store.changed:
            while not self.stopping:
                self.store.changed.wait(max(self.step(), 0.001))

    def stop(self):
        with self.store.changed:
            self.stopping = True
            self.store.changed.notify_all()

    def step(self):
        """Does all that is due and answers how long nothing else will be."""
        waits = [LONGEST_WAIT]
        for station_id, jobs in list(self.store.queues.items()):
            waits += self._advance(self.store.stations.get(station_id), jobs)
            jobs[:] = [job for job in jobs if job.ended is None]
            if not jobs:
                del self.store.queues[station_id]
        return min(waits)

    def _advance(self, station, jobs):
        if station is None:
            for job in jobs:
                job.end("failed", "station_not_found", "The station was removed")
            return []
        self._ripen(jobs)
        while True:
            job = next((job for job in jobs if job.state in ("sent", "running")), None)
            job = job or self._pick(station, jobs)
            if job is None:
                break
            if job.state == "queued":
                self._tell(station, job)
            if job.ended is None and not self._move(station, job):
                break
        return self._waits(jobs)

    def _ripen(self, jobs):
        """Notes since when a command could be carried out, and ends those that waited too long."""
        mono, wall = time.monotonic(), self.store.clock.now()
        for job in jobs:
            if job.ready is None and job.not_before <= wall:
                job.ready = mono
            waited = job.state in ("queued", "sent") and job.ready is not None and mono - job.ready
            if waited is not False and waited >= self.store.limits["queued_seconds"]:
                job.end("expired")

    def _pick(self, station, jobs):
        if station.behaviour.get("foreign_command"):
            return None
        ready = [job for job in jobs if job.state == "queued" and job.ready is not None]
        if not ready or station.online or ready[0].command == "shutdown":
            return ready[0] if ready else None
        return next((job for job in ready if job.command == "wake"), None)

    def _tell(self, station, job):
        """The last look before the station is told, and what needs no telling."""
        if job.unless_in_use and job.command != "wake" and station.user is not None:
            job.end("failed", "in_use", station.user + " is logged on")
        elif job.system and station.system(job.system) is None:
            job.end("failed", "operating_system_not_found", "%s has no %s any more" % (station.name, job.system))
        elif job.command == "wake" and station.online:
            job.end("succeeded")
        elif job.command == "shutdown" and not station.online:
            job.end("succeeded")
        else:
            job.state = "sent"
            job.due = time.monotonic() + station.behaviour.get("send_seconds", 0)

    def _move(self, station, job):
        """Takes the job one step on. False where it has to wait."""
        mono = time.monotonic()
        if job.state == "running" and mono - job.since >= self.store.limits["running_seconds"]:
            job.end("failed", "not_started", "The station did not start in time")
            return True
        if job.calling or mono < job.due:
            return False
        if job.state == "sent":
            self._begin(station, job, mono)
            return True
        return self._finish(station, job)

    def _begin(self, station, job, mono):
        job.state, job.since, job.was_online = "running", mono, station.online
        job.due = mono + station.behaviour.get(SECONDS[job.command], 0)
        if job.command == "reset_image":
            job.made_with = station.system(job.system)["kms_activation"]
        station.go_down()

    def _finish(self, station, job):
        fails = self._failure(station, job)
        if fails:
            code = fails["code"]
            if code == "not_started":
                self._make_image(station, job)
            else:
                station.fields["online"] = job.was_online
            job.end("failed", code, fails.get("detail", ""))
            return True
        self._make_image(station, job)
        if job.command == "shutdown":
            job.end("succeeded")
            return True
        if not self.store.hook:
            self._started(station, job)
            return True
        job.calling = True
        threading.Thread(target=self._call_hook, args=(station, job), daemon=True).start()
        return False

    def _failure(self, station, job):
        fails = station.behaviour.get("fail", {}).get(job.command)
        if not fails or "times" not in fails:
            return fails
        if fails["times"] <= 0:
            return None
        fails["times"] -= 1
        return fails

    def _make_image(self, station, job):
        system = station.system(job.system) if job.command == "reset_image" and not job.made else None
        if system:
            job.made = True
            station.made[system["name"]] = job.made_with

    def _started(self, station, job):
        system = job.system or station.behaviour.get("boots")
        if system is None and station.systems:
            system = station.systems[0]["name"]
        station.start(system, self.store.clock)
        job.started = True
        if job.ended is None:
            job.end("succeeded")

    def _call_hook(self, station, job):
        """Tells the test's hook, without holding the lock; its 200 means that the station has started."""
        told = {"command": job.command, "station_id": station.id, "station_name": station.name,
                "operating_system": job.system, "kms_activation": job.made_with}
        problem = call(self.store.hook, told, self.store.limits["running_seconds"])
        with self.store.changed:
            job.calling = False
            if not problem:
                self._started(station, job)
            elif job.ended is None:
                job.end("failed", "not_started", problem)
            self.store.changed.notify_all()

    def _waits(self, jobs):
        mono, wall, limits = time.monotonic(), self.store.clock.now(), self.store.limits
        waits = []
        for job in jobs:
            if job.ended is not None:
                continue
            if job.state == "queued" and job.ready is None:
                waits.append(min(float(job.not_before - wall), LONGEST_WAIT))
            elif job.state == "queued":
                waits.append(job.ready + limits["queued_seconds"] - mono)
            else:
                waits += [job.ready + limits["queued_seconds"] - mono] if job.state == "sent" else []
                waits += [] if job.calling else [job.due - mono]
                waits += [job.since + limits["running_seconds"] - mono] if job.since else []
        return waits


def call(url, told, seconds):
    """Posts to the hook and answers what went wrong, or nothing."""
    request = urllib.request.Request(url, json.dumps(told).encode("utf-8"), {"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=min(seconds, 600)) as answer:
            answer.read(65536)
            return "" if answer.status == 200 else "the hook answered %d" % answer.status
    except (OSError, ValueError, HTTPException) as error:
        return "the hook: %s" % error
