"""Chromium, controlled through the DevTools protocol: what a page shows, requests and reports as errors."""

import asyncio
import base64
import itertools
import shutil
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, cast

import aiohttp
import pytest

CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --allow-file-access-from-files --remote-debugging-port=0"""
Network = Callable[[str], str]


class Visit(NamedTuple):
    """A visit to a page: errors, requested addresses that are not local files, and the value of the script."""

    errors: list[str]
    requests: list[str]
    value: Any


def visit(page: Path, script: str = "null", click: str | None = None, network: Network | None = None) -> Visit:
    """Open a page, follow the link that the selector `click` finds, if one is given, and evaluate `script`.

    There is no network. `network`, if it is given, answers requests: it gives the script at an address.
    """
    return asyncio.run(asyncio.wait_for(_visit(page, script, click, network), 60))


async def _visit(page: Path, script: str, click: str | None, network: Network | None) -> Visit:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        own = [f"--user-data-dir={profile}", "--host-resolver-rules=MAP * ~NOTFOUND", "about:blank"]
        process = await asyncio.create_subprocess_exec(str(CHROMIUM), *FLAGS.split(), *own, stderr=PIPE)
        try:
            said = await cast("asyncio.StreamReader", process.stderr).readuntil(b"/devtools/")
            host = said.decode().split("//")[-1].split("/")[0]
            async with (
                aiohttp.ClientSession() as session,
                session.put(f"http://{host}/json/new?about:blank") as answer,
                session.ws_connect((await answer.json())["webSocketDebuggerUrl"], max_msg_size=0) as socket,
            ):
                return await _drive(socket, page, script, click, network)
        finally:
            process.terminate()
            await process.wait()


async def _drive(
    socket: aiohttp.ClientWebSocketResponse, page: Path, script: str, click: str | None, network: Network | None
) -> Visit:
    events: list[tuple[str, dict[str, Any]]] = []
    numbers = itertools.count()

    async def call(method: str, until: str | None = None, **params: Any) -> Any:
        """Send a DevTools command; collect events up to its answer, or up to the event `until`."""
        number = next(numbers)
        await socket.send_json({"id": number, "method": method, "params": params})
        key, last = ("method", until) if until else ("id", number)
        message: dict[str, Any] = {}
        while message.get(key) != last:
            message = await socket.receive_json()
            if "method" in message:
                events.append((message["method"], message["params"]))
            if network and message.get("method") == "Fetch.requestPaused":
                reply = _script(message["params"], network)
                await socket.send_json({"id": next(numbers), "method": "Fetch.fulfillRequest", "params": reply})
        return message.get("result")

    for domain in ("Page", "Runtime", "Log", "Network"):
        await call(f"{domain}.enable")
    if network:
        await call("Fetch.enable", patterns=[{"urlPattern": "http*"}])
    await call("Page.navigate", "Page.loadEventFired", url=page.as_uri())
    if click:
        follow = f"document.querySelector({click!r}).click()"
        await call("Runtime.evaluate", "Page.loadEventFired", expression=follow)
    answer = await call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
    urls = [params["request"]["url"] for name, params in events if name == "Network.requestWillBeSent"]
    return Visit(
        [str(params) for name, params in events if _is_error(name, params)],
        [url for url in urls if not url.startswith(("file:", "data:"))],
        answer["result"].get("value"),
    )


def _script(paused: dict[str, Any], network: Network) -> dict[str, Any]:
    body = base64.b64encode(network(paused["request"]["url"]).encode()).decode()
    return {"requestId": paused["requestId"], "responseCode": 200, "body": body}


def _is_error(name: str, params: dict[str, Any]) -> bool:
    return (
        name == "Runtime.exceptionThrown"
        or (name == "Log.entryAdded" and params["entry"]["level"] == "error")
        or (name == "Runtime.consoleAPICalled" and params["type"] == "error")
    )
