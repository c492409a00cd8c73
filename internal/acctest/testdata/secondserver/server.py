# SPDX-License-Identifier: MPL-2.0
"""Starts the server: HTTPS for the contract, HTTP for the control interface of tests."""

import argparse
import json
import os
import signal
import sys
import threading

from api import Api
from control import Control
from engine import Engine
from listener import Listener, control_handler, handler_for
from store import Store


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--site", required=True, help="JSON file with the site")
    arguments.add_argument("--cert", required=True, help="certificate in PEM")
    arguments.add_argument("--key", required=True, help="its private key in PEM")
    arguments.add_argument("--port", type=int, default=0, help="0 takes a free one")
    given = arguments.parse_args()
    try:
        with open(given.site, encoding="utf-8") as file:
            store = Store(json.load(file))
        api = Api(store)
        listener = Listener(given.port, handler_for(api), given.cert, given.key)
        control = Listener(0, control_handler(Control(store, api)))
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.exit("secondserver: %s: %s" % (type(error).__name__, error))
    serve(store, listener, control)


def serve(store, listener, control):
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    signal.signal(signal.SIGINT, lambda *_: ended.set())
    engine = Engine(store)
    engine.start()
    for each in (listener, control):
        threading.Thread(target=each.serve_forever, args=(0.1,), daemon=True).start()
    threading.Thread(target=wait_for_end_of_input, args=(ended,), daemon=True).start()
    origin = "https://127.0.0.1:%d" % listener.server_port
    ready = {"endpoint": origin + store.base_path, "origin": origin, "base_path": store.base_path,
             "control": "http://127.0.0.1:%d" % control.server_port, "pid": os.getpid()}
    print(json.dumps(ready), flush=True)
    ended.wait()
    engine.stop()
    listener.shutdown()
    control.shutdown()
    # A reader that still blocks on stdin must not hold up the end of the process.
    os._exit(0)


def wait_for_end_of_input(ended):
    while os.read(0, 65536):
        pass
    ended.set()


if __name__ == "__main__":
    main()
