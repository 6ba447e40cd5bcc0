"""A server on loopback that answers like GitHub's REST API: comments, pull requests and artifacts."""

import contextlib
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "token-of-the-run"
BOT = "github-actions[bot]"
REPOSITORY = "/repos/owner/project/"


class Forge(ThreadingHTTPServer):
    """The server and its content. log: the method and path of each request, and whether it had the token."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.comments: dict[int, dict[str, Any]] = {}
        self.pulls: dict[int, dict[str, Any]] = {}
        self.artifacts: list[dict[str, Any]] = []
        self.log: list[tuple[str, str, bool]] = []
        self.elsewhere: str | None = None  # where a moved repository's answers point
        self.readonly = False

    def comment(self, login: str | None, body: str) -> dict[str, Any]:
        number = len(self.comments) + 1
        url = f"{self.url}/owner/project/pull/7#issuecomment-{number}"
        user = login and {"login": login}
        self.comments[number] = {"id": number, "user": user, "body": body, "html_url": url}
        return self.comments[number]


class Handler(BaseHTTPRequestHandler):
    server: Forge

    def do_GET(self) -> None:
        self.answer("GET")

    def do_POST(self) -> None:
        self.answer("POST")

    def do_PATCH(self) -> None:
        self.answer("PATCH")

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def answer(self, method: str) -> None:
        split = urlsplit(self.path)
        known = self.headers["Authorization"] == f"Bearer {TOKEN}"
        self.server.log.append((method, self.path, known))
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or "{}")
        if self.server.elsewhere:
            self.send_response(301)
            self.send_header("Location", self.server.elsewhere + self.path)
            self.end_headers()
            return
        status, body = self.found(method, split.path.removeprefix(REPOSITORY), parse_qs(split.query), sent, known)
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def found(
        self, method: str, path: str, query: dict[str, list[str]], sent: dict[str, str], known: bool
    ) -> tuple[int, Any]:
        forge = self.server
        if not known:
            return 401, {"message": "Bad credentials"}
        if method != "GET" and (forge.readonly or len(sent["body"]) > 65536):
            return (403 if forge.readonly else 422), {"message": "refused"}
        if method == "GET" and (pull := re.fullmatch(r"pulls/(\d+)", path)) and int(pull[1]) in forge.pulls:
            return 200, forge.pulls[int(pull[1])]
        if method == "GET" and path == "actions/runs/42/artifacts":
            return 200, {"total_count": len(forge.artifacts), "artifacts": forge.artifacts}
        if path == "issues/7/comments":
            if method == "POST":
                return 201, forge.comment(BOT, sent["body"])
            size, page = (
                int(query.get(key, [default])[0]) for key, default in [("per_page", "30"), ("page", "1")]
            )
            size = min(size, 100)
            return 200, list(forge.comments.values())[(page - 1) * size : page * size]
        if method == "PATCH" and (comment := re.fullmatch(r"issues/comments/(\d+)", path)):
            forge.comments[int(comment[1])] |= {"body": sent["body"]}
            return 200, forge.comments[int(comment[1])]
        return 404, {"message": "Not Found"}


@contextlib.contextmanager
def serving() -> Iterator[Forge]:
    with Forge() as forge:
        threading.Thread(target=forge.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield forge
        forge.shutdown()
