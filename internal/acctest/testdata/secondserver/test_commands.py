# SPDX-License-Identifier: MPL-2.0
"""Commands: keys, order, waiting, and what a reset makes."""

import unittest

import times
from testsite import FIRST, SECOND, UNKNOWN, Caller


def in_an_hour(caller):
    return caller.store.clock.text(caller.store.clock.now() + 3600)


class Keys(unittest.TestCase):
    def setUp(self):
        self.caller = Caller()

    def test_a_held_key_has_no_second_effect(self):
        first = self.caller.send("restart", (FIRST, "k"))[1]
        second = self.caller.send("restart", (FIRST, "k"), operating_system="WINDOWS 11")[1]
        self.assertEqual([first["stations"][0]["repeated"], second["stations"][0]["repeated"]], [False, True])
        self.caller.settle()
        self.assertEqual(self.caller.entries(second["id"])[0]["state"], "succeeded")
        self.assertTrue(self.caller.send("restart", (FIRST, "k"))[1]["stations"][0]["repeated"])

    def test_one_key_twice_in_one_request(self):
        sent = self.caller.send("restart", (FIRST, "k"), (FIRST, "k"), (FIRST, "l"))[1]["stations"]
        self.assertEqual([entry["repeated"] for entry in sent], [False, True, False])

    def test_a_key_held_for_something_else_refuses_the_whole_request(self):
        self.caller.send("restart", (FIRST, "k"))
        status, document, _ = self.caller.send("reset_image", (SECOND, "new"), (FIRST, "k"))
        self.assertEqual((status, document["code"]), (422, "key_reused"))
        self.assertEqual(document["errors"][0]["pointer"], "/stations/1/key")
        self.assertEqual(self.caller.send("restart", (FIRST, "k"), operating_system="Ubuntu")[0], 422)
        self.assertFalse(self.caller.send("reset_image", (SECOND, "new"))[1]["stations"][0]["repeated"])

    def test_without_a_system_that_of_the_first_is_meant(self):
        station = self.caller.store.stations[FIRST]
        self.caller.send("restart", (FIRST, "k"))
        self.caller.settle()
        station.fields["last_operating_system"] = "Ubuntu"
        self.assertTrue(self.caller.send("restart", (FIRST, "k"))[1]["stations"][0]["repeated"])
        self.assertEqual(self.caller.send("restart", (FIRST, "k"), operating_system="Ubuntu")[0], 422)

    def test_a_failed_key_is_free_again(self):
        self.caller.store.stations[FIRST].fields["logged_on_user"] = "m.muster"
        sent = self.caller.send("restart", (FIRST, "k"), unless_in_use=True)[1]
        self.caller.settle()
        self.assertEqual(self.caller.entries(sent["id"])[0]["reason"]["code"], "in_use")
        again = self.caller.send("restart", (FIRST, "k"))[1]
        self.assertFalse(again["stations"][0]["repeated"])

    def test_the_conditions_of_the_first_hold(self):
        self.caller.store.stations[FIRST].fields["logged_on_user"] = "m.muster"
        self.caller.send("restart", (FIRST, "k"), unless_in_use=True)
        second = self.caller.send("restart", (FIRST, "k"), not_before=in_an_hour(self.caller))[1]
        self.caller.settle()
        self.assertEqual(self.caller.entries(second["id"])[0]["state"], "failed")

    def test_a_wake_without_a_start_frees_its_key(self):
        self.caller.send("wake", (FIRST, "k"), (SECOND, "k"))
        self.caller.settle()
        sent = self.caller.send("wake", (FIRST, "k"), (SECOND, "k"))[1]["stations"]
        self.assertEqual([entry["repeated"] for entry in sent], [False, True])

    def test_entries_fail_one_by_one(self):
        sent = self.caller.call("POST", "/commands", {
            "command": "reset_image", "operating_system": "Windows 11", "stations": [
                {"id": UNKNOWN, "key": "a"}, {"id": SECOND, "key": "b"}, {"id": FIRST, "key": "c"}]}, token="teacher")
        codes = [entry.get("reason", {}).get("code") for entry in sent[1]["stations"]]
        self.assertEqual((sent[0], codes), (202, ["station_not_found", "not_permitted", None]))

    def test_missing_features_refuse_the_whole_request(self):
        caller = Caller(features=["restart"])
        self.assertEqual(caller.send("wake", (FIRST, "k"))[1]["code"], "unsupported")
        late = caller.send("restart", (FIRST, "k"), not_before=in_an_hour(caller))
        self.assertEqual((late[0], late[1]["code"]), (422, "unsupported"))
        self.assertEqual(caller.send("restart", (FIRST, "k"))[0], 202)


class Time(unittest.TestCase):
    def test_a_reset_uses_the_option_as_it_is_when_the_image_is_made(self):
        caller = Caller()
        station = caller.store.stations[FIRST]
        sent = caller.send("reset_image", (FIRST, "k"))[1]
        station.change({"operating_systems": [{"name": "Windows 11", "kms_activation": True}]})
        caller.settle()
        self.assertEqual(caller.entries(sent["id"])[0]["state"], "succeeded")
        system = caller.call("GET", "/stations/" + FIRST)[1]["operating_systems"][0]
        self.assertEqual((system["image_generation"], system["image_kms_activation"]), (5, True))

    def test_a_reset_that_does_not_name_a_system_of_several_fails(self):
        caller = Caller()
        caller.store.stations[FIRST].fields["last_operating_system"] = None
        sent = caller.send("reset_image", (FIRST, "k"))[1]["stations"][0]
        self.assertEqual(sent["reason"]["code"], "operating_system_not_found")
        self.assertEqual(caller.send("restart", (FIRST, "l"))[1]["stations"][0]["state"], "queued")

    def test_commands_wait_their_turn_and_a_wake_does_not_wait_for_an_off_station(self):
        caller = Caller()
        restart = caller.send("restart", (SECOND, "r"))[1]["id"]
        caller.settle()
        self.assertEqual(caller.entries(restart)[0]["state"], "queued")
        pending = caller.call("GET", "/stations/" + SECOND)[1]["pending_command"]
        self.assertEqual(pending, {"id": restart, "command": "restart", "state": "queued"})
        wake = caller.send("wake", (SECOND, "w"))[1]["id"]
        caller.settle()
        self.assertEqual([caller.entries(each)[0]["state"] for each in (wake, restart)], ["succeeded"] * 2)

    def test_a_command_runs_until_its_time_and_the_next_waits(self):
        caller = Caller()
        caller.store.stations[FIRST].behaviour["reset_seconds"] = 0.2
        reset = caller.send("reset_image", (FIRST, "a"))[1]["id"]
        restart = caller.send("restart", (FIRST, "b"))[1]["id"]
        caller.settle()
        self.assertEqual([caller.entries(each)[0]["state"] for each in (reset, restart)], ["running", "queued"])
        self.assertFalse(caller.call("GET", "/stations/" + FIRST)[1]["online"])
        caller.settle(0.25)
        self.assertEqual([caller.entries(each)[0]["state"] for each in (reset, restart)], ["succeeded"] * 2)

    def test_not_before_holds_no_other_up(self):
        caller = Caller()
        late = caller.send("restart", (FIRST, "a"), not_before=in_an_hour(caller))[1]["id"]
        soon = caller.send("restart", (FIRST, "b"))[1]["id"]
        caller.settle()
        self.assertEqual([caller.entries(each)[0]["state"] for each in (late, soon)], ["queued", "succeeded"])

    def test_not_before_lies_at_most_a_week_ahead(self):
        caller = Caller()
        clock = caller.store.clock
        for days, status in ((6.9, 202), (7.1, 422)):
            when = clock.text(clock.now() + days * 24 * 3600)
            self.assertEqual(caller.send("restart", (FIRST, str(days)[0]), not_before=when)[0], status)

    def test_what_was_sent_and_is_not_taken_ends(self):
        caller = Caller(limits={"queued_seconds": 0.05})
        caller.store.stations[FIRST].behaviour["send_seconds"] = 60
        sent = caller.send("restart", (FIRST, "k"))[1]["id"]
        caller.settle()
        self.assertEqual(caller.entries(sent)[0]["state"], "sent")
        caller.settle(0.1)
        self.assertEqual(caller.entries(sent)[0]["state"], "expired")

    def test_a_wake_does_not_look_who_is_logged_on(self):
        caller = Caller()
        caller.store.stations[FIRST].fields["logged_on_user"] = "m.muster"
        sent = caller.send("wake", (FIRST, "k"), unless_in_use=True)[1]["id"]
        caller.settle()
        self.assertEqual(caller.entries(sent)[0]["state"], "succeeded")

    def test_every_start_raises_the_last_one(self):
        caller = Caller(clock_offset_seconds=3600)
        caller.send("restart", (FIRST, "a"))
        caller.settle()
        before = caller.call("GET", "/stations/" + FIRST)[1]["last_start"]
        caller.store.clock.offset_seconds = 0
        caller.send("restart", (FIRST, "b"))
        caller.settle()
        after = caller.call("GET", "/stations/" + FIRST)[1]["last_start"]
        self.assertGreater(times.parse(after), times.parse(before))

    def test_waiting_and_running_end(self):
        caller = Caller(limits={"queued_seconds": 0.05, "running_seconds": 0.05})
        caller.store.stations[FIRST].behaviour["restart_seconds"] = 60
        sent = caller.send("restart", (FIRST, "k"), (SECOND, "k"))[1]["id"]
        caller.settle()
        caller.settle(0.1)
        first, second = caller.entries(sent)
        self.assertEqual((first["state"], first["reason"]["code"]), ("failed", "not_started"))
        self.assertEqual(second["state"], "expired")
        self.assertNotIn("reason", second)

    def test_a_failure_that_the_site_wants(self):
        caller = Caller()
        caller.store.stations[FIRST].behaviour["fail"] = {"reset_image": {"code": "image_failed", "times": 1}}
        for key, state in (("k", "failed"), ("k", "succeeded")):
            sent = caller.send("reset_image", (FIRST, key))[1]["id"]
            caller.settle()
            self.assertEqual(caller.entries(sent)[0]["state"], state)
        self.assertEqual(caller.store.stations[FIRST].systems[0]["image_generation"], 5)


if __name__ == "__main__":
    unittest.main()
