# SPDX-License-Identifier: MPL-2.0
"""The process as a whole: TLS, the control interface, the hook, lost answers and the end."""

import http.client
import json
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from testsite import FIRST, site

HERE = Path(__file__).parent


class Process(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.hooked = []
        given = {**site(), "hook": self.start_hook()}
        place = Path(folder.name)
        (place / "site.json").write_text(json.dumps(given), encoding="utf-8")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", "key.pem", "-out", "cert.pem"], cwd=place, check=True, capture_output=True)
        self.process = subprocess.Popen(
            [sys.executable, HERE / "server.py", "--site", place / "site.json", "--cert", place / "cert.pem",
             "--key", place / "key.pem"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(self.end)
        self.ready = json.loads(self.process.stdout.readline())
        self.trust = ssl.create_default_context(cafile=place / "cert.pem")

    def start_hook(self):
        hooked = self.hooked

        class Hook(BaseHTTPRequestHandler):
            def do_POST(self):
                hooked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                """Tests say what they need."""

        server = HTTPServer(("127.0.0.1", 0), Hook)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        return "http://127.0.0.1:%d/" % server.server_port

    def end(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.assertEqual(self.process.wait(10), 0)

    def call(self, method, url, body=None, headers=None):
        parts = urllib.parse.urlsplit(url)
        kind = {"https": http.client.HTTPSConnection, "http": http.client.HTTPConnection}[parts.scheme]
        extra = {"context": self.trust} if parts.scheme == "https" else {}
        connection = kind(parts.hostname, parts.port, timeout=10, **extra)
        self.addCleanup(connection.close)
        data = json.dumps(body) if body is not None else None
        target = parts.path + ("?" + parts.query if parts.query else "")
        connection.request(method, target, data, {"Authorization": "Bearer secret",
                                                  "Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()), answer.headers

    def test_a_command_reaches_the_hook_also_when_its_answer_is_lost(self):
        commands = self.ready["endpoint"] + "/commands"
        control = self.ready["control"]
        body = {"command": "restart", "stations": [{"id": FIRST, "key": "k"}]}
        self.call("POST", control + "/inject", {"method": "POST", "path": "/commands", "after": True, "lose": True})
        self.assertRaises(http.client.RemoteDisconnected, self.call, "POST", commands, body)
        status, again, _ = self.call("POST", commands, body)
        self.assertEqual((status, again["stations"][0]["repeated"]), (202, True))
        until = time.monotonic() + 10
        while self.call("GET", commands + "/" + again["id"])[1]["stations"][0]["state"] != "succeeded":
            self.assertLess(time.monotonic(), until)
            time.sleep(0.02)
        self.assertEqual([(told["command"], told["station_name"]) for told in self.hooked], [("restart", "R101-PC01")])
        log = self.call("GET", control + "/log")[1]
        self.assertEqual([(entry["path"], entry["lost"]) for entry in log[:2]],
                         [("/commands", True), ("/commands", False)])

    def test_injected_answers_and_changes_of_stations(self):
        stations, control = self.ready["endpoint"] + "/stations/" + FIRST, self.ready["control"]
        self.call("POST", control + "/inject", {"path": "/stations", "status": 429, "times": 1})
        status, document, headers = self.call("GET", stations)
        self.assertEqual((status, document["code"], headers["Retry-After"]), (429, "rate_limited", "1"))
        self.call("POST", control + "/stations/" + FIRST, {"logged_on_user": "m.muster", "location": "R102"})
        _, station, headers = self.call("GET", stations)
        self.assertEqual((station["logged_on_user"], station["etag"], headers["ETag"]), ("m.muster", '"2"', '"2"'))

    def test_bodies_and_lines_that_are_too_large(self):
        endpoint = self.ready["endpoint"]
        body = {"command": "x" * (1024 * 1024), "stations": []}
        self.assertEqual(self.call("POST", endpoint + "/commands", body)[1]["code"], "too_large")
        line = endpoint + "/stations?name=" + "x" * 70000
        self.assertEqual(self.call("GET", line)[1]["code"], "uri_too_long")
        ids = "&".join(["id=" + FIRST] * 500)
        self.assertEqual(self.call("GET", endpoint + "/stations?" + ids)[0], 200)

    def test_the_process_ends_when_told(self):
        self.process.terminate()
        self.assertEqual(self.process.wait(10), 0)


if __name__ == "__main__":
    unittest.main()
