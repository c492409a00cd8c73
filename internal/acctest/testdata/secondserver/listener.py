# SPDX-License-Identifier: MPL-2.0
"""HTTP/1.1 over TLS: reads requests, hands them to the interface and writes its answers."""

import socket
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from api import Request
from injections import Lost
from problems import Answer, Problem

LONGEST_LINE = 4 * 1024 * 1024
MOST_DRAINED = 16 * 1024 * 1024


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port, handler, certificate=None, key=None):
        super().__init__(("127.0.0.1", port), handler)
        self.tls = None
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.minimum_version = ssl.TLSVersion.TLSv1_2
            self.tls.set_alpn_protocols(["http/1.1"])
            self.tls.load_cert_chain(certificate, key)

    def get_request(self):
        # The handshake is left to the connection's own thread, so that a slow one holds up nobody.
        connection, address = super().get_request()
        connection.settimeout(120)
        if self.tls:
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request, client_address):
        """A connection that breaks is the client's own affair."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api = None

    def setup(self):
        if isinstance(self.request, ssl.SSLSocket):
            self.request.do_handshake()
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        super().setup()

    def log_message(self, *_):
        """The ordered log of the control interface says more."""

    def send_error(self, code, message=None, explain=None):
        """What Python's parser refuses before there is a request."""
        self.close_connection = True
        self.request_version = "HTTP/1.1"
        status = 400 if code not in (414, 431) else code
        own_code = None if status == 414 else "invalid_request"
        problem = Problem(status, message or "The request is not HTTP/1.1", own_code)
        self._write(problem.answer())

    def handle_one_request(self):
        self.close_connection = True
        self.raw_requestline = self.rfile.readline(LONGEST_LINE)
        if not self.raw_requestline:
            return
        if not self.raw_requestline.endswith(b"\n"):
            self.command = ""
            self.send_error(414, "The request line is too long")
            return
        if not self.parse_request():
            return
        self.drained = False
        # parse_request changes a path that begins with two slashes; the line as sent counts.
        target = self.raw_requestline.decode("latin-1").split()[1]
        request = Request(self.command, target, self.headers, self._read_body, len(self.raw_requestline))
        try:
            answer = self.api.answer(request)
        except Lost:
            self.close_connection = True
            return
        if not self.drained:
            self._drain()
        self._write(answer)

    def _write(self, answer):
        self.send_response_only(answer.status)
        self.send_header("Date", self.date_time_string())
        for name, value in answer.headers.items():
            self.send_header(name, str(value))
        self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        self.wfile.flush()

    def _drain(self):
        try:
            self._read_body(MOST_DRAINED)
        except Problem:
            self.close_connection = True

    def _read_body(self, limit):
        """The body, decoded where it is chunked. 413 where it is larger than the limit."""
        self.drained = True
        if "chunked" in (self.headers.get("Transfer-Encoding") or "").lower():
            return self._read_chunks(limit)
        text = self.headers.get("Content-Length", "0").strip()
        if not text.isascii() or not text.isdigit():
            self.close_connection = True
            raise Problem(400, "Content-Length is not a number")
        length = int(text)
        if length > limit:
            self._skip(length)
            raise Problem(413, "At most %d bytes" % limit)
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            raise Problem(400, "The body ended early")
        return body

    def _skip(self, length):
        # What was sent is read, within bounds, so that the client sees the answer and no reset.
        self.close_connection = True
        left = min(length, MOST_DRAINED)
        while left > 0:
            piece = self.rfile.read(min(left, 65536))
            if not piece:
                return
            left -= len(piece)

    def _read_chunks(self, limit):
        pieces, size, seen = [], 0, 0
        while True:
            try:
                length = int(self.rfile.readline(1024).split(b";")[0].strip(), 16)
            except ValueError:
                length = -1
            if length < 0 or seen + length > max(MOST_DRAINED, limit):
                self.close_connection = True
                raise Problem(413 if length > 0 else 400, "The chunks are broken or too large")
            if length == 0:
                break
            seen += length
            piece = self.rfile.read(length)
            self.rfile.readline(1024)
            if seen <= limit:
                pieces.append(piece)
                size += len(piece)
        while self.rfile.readline(65536) not in (b"\r\n", b"\n", b""):
            pass
        if seen > limit:
            raise Problem(413, "At most %d bytes" % limit)
        return b"".join(pieces)


def handler_for(api):
    return type("BoundHandler", (Handler,), {"api": api})


def control_handler(control):
    """A handler of the same kind, without TLS, for the control interface."""

    class ControlApi:
        def answer(self, request):
            try:
                body = request.read_body(MOST_DRAINED)
                return Answer(200, control.answer(request.method, request.path, body))
            except Problem as problem:
                return problem.answer()
            except (ValueError, KeyError, TypeError) as error:
                return Problem(400, "%s: %s" % (type(error).__name__, error)).answer()

    return handler_for(ControlApi())
