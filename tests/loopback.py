"""A real server on loopback, for tests that need a network. It gives the answers that a test sets."""

import contextlib
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

BYTES = "application/octet-stream"
Answer = Callable[[BaseHTTPRequestHandler], object]


class Handler(BaseHTTPRequestHandler):
    server: "Server"

    def do_GET(self) -> None:
        answers = self.server.answers.get(self.path, [self.server.otherwise])
        self.server.log.append(self.path)
        self.server.times.append(time.monotonic())
        try:
            (answers.pop(0) if len(answers) > 1 else answers[0])(self)
        except ConnectionError:
            self.server.left.put(self.path)

    do_HEAD = do_GET  # an answer then leaves out its body


class Server(ThreadingHTTPServer):
    """A loopback server: `answers[path]` are given in turn, the last one for ever. Other paths get `otherwise`."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.server_port}"
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.answers: dict[str, list[Answer]] = {}
        self.otherwise = answer(status=404)
        self.log: list[str] = []
        self.times: list[float] = []
        self.left = queue.SimpleQueue[str]()  # the paths whose answers the client did not read to the end


@contextlib.contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    with Server(tls) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


def answer(
    body: bytes = b"", status: int = 200, claim: int | None = None, kind: str = BYTES, part: str = ""
) -> Answer:
    """An answer that gives `body`, and then closes. claim: its Content-Length; part: its Content-Range."""

    def give(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(claim or len(body)))
        handler.send_header("Content-Type", kind)
        if part:
            handler.send_header("Content-Range", part)
        handler.end_headers()
        handler.wfile.write(body)

    return give


def ranged(body: bytes, sent: list[int]) -> Answer:
    """An answer with the range of `body` that was asked for. Its length in bytes is added to `sent`."""

    def give(handler: BaseHTTPRequestHandler) -> None:
        first, last = re.fullmatch(r"bytes=(\d+)-(\d*)", handler.headers["Range"] or "bytes=0-").groups()  # type: ignore[union-attr]
        part = body[int(first) : int(last) + 1 if last else None]
        sent.append(len(part))
        end = int(first) + len(part) - 1
        answer(part, 206, part=f"bytes {first}-{end}/{len(body)}")(handler)

    return give


def broken_off(body: bytes, at: int) -> Answer:
    """An answer that sends only the first `at` bytes of `body`."""

    def give(handler: BaseHTTPRequestHandler) -> None:
        answer(body[:at], claim=len(body))(handler)
        time.sleep(0.1)  # so that the client reads all of it before it notices the end

    return give


def without_a_length(body: bytes) -> Answer:
    """An answer without a length: it ends with the connection."""

    def give(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(body)

    return give


def only_by_its_name(given: Answer) -> Answer:
    """`given` for a program that names itself; 403 for the default user agents of Python and its libraries."""

    def give(handler: BaseHTTPRequestHandler) -> None:
        python = re.match("(?i)python|aiohttp|$", handler.headers.get("User-Agent", ""))
        (answer(status=403) if python else given)(handler)

    return give


@contextlib.contextmanager
def hanging() -> Iterator[str]:
    """A URL at which a connection never opens: a listening socket whose queue is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(2):
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        probe = stack.enter_context(socket.socket())
        probe.settimeout(0.2)
        if probe.connect_ex(listener.getsockname()) == 0:
            pytest.skip("this system does not let a connect hang")
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
