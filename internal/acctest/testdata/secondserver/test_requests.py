# SPDX-License-Identifier: MPL-2.0
"""Form, order of refusals, filters, pages and the option."""

import unittest

import times
from folding import fold
from testsite import FIRST, SECOND, UNKNOWN, Caller

OPTION = "/stations/%s/operating-systems/windows%%2011" % FIRST


class Refusals(unittest.TestCase):
    def setUp(self):
        self.caller = Caller()

    def test_token_comes_before_path_and_path_before_method(self):
        status, document, headers = self.caller.call("GET", "/nothing", token=None)
        self.assertEqual((status, document["code"], headers["WWW-Authenticate"]), (401, "unauthorized", "Bearer"))
        self.assertEqual(self.caller.code("GET", "/info", token="wrong"), (401, "unauthorized"))
        self.assertEqual(self.caller.code("GET", "/nothing"), (404, "unknown_path"))
        self.assertEqual(self.caller.code("GET", "/stations/"), (404, "unknown_path"))
        status, document, headers = self.caller.call("POST", "/stations?room=1")
        self.assertEqual((status, headers["Allow"]), (405, "GET"))

    def test_queries_that_break_the_rules_are_invalid(self):
        for query in ("room=1", "location=a&location=b", "name=", "online=yes", "page_size=0", "page_size=501",
                      "started_after=2026-09-01T00:00:00+02:00", "id=ABC", "name=%ff", "name=%zz", "page_token="):
            self.assertEqual(self.caller.code("GET", "/stations?" + query), (400, "invalid_request"), query)
        self.assertEqual(self.caller.code("GET", "/info?x=1"), (400, "invalid_request"))

    def test_what_the_token_may_not_see_is_forbidden_and_left_out_of_lists(self):
        self.assertEqual(self.caller.code("GET", "/stations/" + SECOND, token="teacher"), (403, "forbidden"))
        self.assertEqual(self.caller.code("GET", "/stations/" + UNKNOWN, token="teacher"), (404, "not_found"))
        listed = self.caller.call("GET", "/stations", token="teacher")[1]["items"]
        self.assertEqual([station["id"] for station in listed], [FIRST])
        groups = self.caller.call("GET", "/computer-groups", token="teacher")[1]["items"]
        self.assertEqual([group["name"] for group in groups], ["Unterricht"])

    def test_bodies_that_break_the_rules(self):
        good = {"command": "restart", "stations": [{"id": FIRST, "key": "k"}]}
        for body in ({}, {**good, "x": 1}, {**good, "stations": []}, {**good, "command": "format"},
                     {**good, "not_before": "tonight"}, {**good, "unless_in_use": 1}, b"{", b"\xef\xbb\xbf{}"):
            self.assertEqual(self.caller.code("POST", "/commands", body), (400, "invalid_request"), body)
        plain = {"Content-Type": "text/plain"}
        self.assertEqual(self.caller.code("POST", "/commands", good, headers=plain)[0], 415)
        self.assertEqual(self.caller.code("POST", "/commands", good)[0], 202)


class Lists(unittest.TestCase):
    def setUp(self):
        self.caller = Caller()

    def names(self, query):
        return [station["name"] for station in self.caller.call("GET", "/stations?" + query)[1]["items"]]

    def test_filters_are_combined_and_compared_without_case(self):
        both = ["R101-PC01", "Büro + Straße/1"]
        self.assertEqual(self.names(""), both)
        self.assertEqual(self.names("name=r101-pc01&name=B%C3%9CRO%20%2B+STRA%E1%BA%9EE/1"), both)
        self.assertEqual(self.names("name=B%C3%BCro%20%2B%20Strasse/1"), [])
        self.assertEqual(self.names("location="), both[1:])
        self.assertEqual(self.names("kms_activation=true"), both[1:])
        self.assertEqual(self.names("kms_activation=false&online=true"), both[:1])
        self.assertEqual(self.names("id=%s&name=R101-PC01" % SECOND), [])
        self.assertEqual(self.names("started_after=2026-09-07T08:14:59.9%2B02:00"), both[:1])
        self.assertEqual(self.names("started_after=2026-09-07T06:15:00Z"), [])

    def test_pages_end_and_tokens_end(self):
        first = self.caller.call("GET", "/stations?page_size=1")[1]
        token = first["next_page_token"]
        other = self.caller.code("GET", "/stations?online=true&page_token=" + token)
        self.assertEqual(other, (400, "invalid_request"))
        for _ in range(2):
            second = self.caller.call("GET", "/stations?page_size=5&page_token=" + token)[1]
            self.assertEqual([station["id"] for station in second["items"]], [SECOND])
            self.assertNotIn("next_page_token", second)
        self.caller.store.pages.end_all()
        self.assertEqual(self.caller.code("GET", "/stations?page_token=" + token), (400, "page_token_ended"))

    def test_locations_count_their_stations(self):
        items = self.caller.call("GET", "/locations")[1]["items"]
        self.assertEqual([(item["name"], item["stations"]) for item in items], [("R101", 1)])

    def test_kms_without_the_feature_has_no_products(self):
        product = {"product": "windows", "name": "Windows 11", "status": "activated"}
        kms = {"host": "kms01.schule.example", "products": [product]}
        self.assertEqual(Caller(kms=kms).call("GET", "/kms")[1]["products"], [product])
        self.assertEqual(Caller(kms=kms, features=["wake"]).call("GET", "/kms")[1]["products"], [])


class Option(unittest.TestCase):
    def setUp(self):
        self.caller = Caller()

    def patch(self, value, etag, path=OPTION):
        headers = {"If-Match": etag} if etag is not None else {}
        return self.caller.call("PATCH", path, {"kms_activation": value}, headers=headers)

    def test_setting_moves_the_etag_and_setting_again_does_not(self):
        status, station, headers = self.patch(True, '"1"')
        self.assertEqual((status, headers["ETag"], station["etag"]), (200, '"2"', '"2"'))
        system = station["operating_systems"][0]
        self.assertEqual((system["kms_activation"], system["image_kms_activation"]), (True, False))
        self.assertEqual(self.patch(True, '"1"')[:1], (412,))
        self.assertEqual(self.patch(True, '"2"')[2]["ETag"], '"2"')

    def test_precondition_takes_one_strong_etag(self):
        self.assertEqual(self.patch(True, None)[0], 428)
        for etag in ("*", 'W/"1"', '"1", "2"', "1", ""):
            self.assertEqual(self.patch(True, etag)[0], 400, etag)

    def test_unknown_system_is_told_from_unknown_station(self):
        status, document, _ = self.patch(True, '"1"', OPTION.replace("11", "12"))
        self.assertEqual((status, document["code"]), (404, "operating_system_not_found"))
        status, document, _ = self.patch(True, '"1"', OPTION.replace(FIRST, UNKNOWN))
        self.assertEqual((status, document["code"]), (404, "not_found"))

    def test_a_value_that_cannot_be_set_is_refused(self):
        station = self.caller.store.stations[FIRST]
        station.behaviour["editing"] = True
        self.assertEqual(self.patch(True, '"1"')[0], 409)
        station.behaviour["editing"] = False
        station.systems[0]["possible"] = [False]
        status, document, _ = self.patch(True, '"1"')
        self.assertEqual((status, document["code"]), (422, "invalid_value"))


class Values(unittest.TestCase):
    def test_folding_is_simple(self):
        self.assertEqual(fold("ÄẞK"), fold("äßK"))
        self.assertNotEqual(fold("ß"), fold("ss"))
        self.assertNotEqual(fold("İ"), fold("i"))

    def test_times_are_exact(self):
        self.assertEqual(times.parse("1970-01-01T01:00:00+01:00"), 0)
        self.assertGreater(times.parse("2026-09-01T00:00:00.0000000001Z"), times.parse("2026-09-01T00:00:00Z"))
        for text in ("2026-09-01", "2026-09-01T00:00:00", "2026-13-01T00:00:00Z", "2026-09-01 00:00:00Z"):
            self.assertRaises(ValueError, times.parse, text)


if __name__ == "__main__":
    unittest.main()
