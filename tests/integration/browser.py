"""A real browser without a window, driven over its own debugging socket. It draws, listens to keys, and obeys the page's policy."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from tests.servers.private import home_of_servers
from tests.waiting import PATIENCE

FLAGS: Final = (
    "--headless",
    "--no-sandbox",  # root's tests have none
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--remote-debugging-port=0",
)
SEE: Final = """
Object.defineProperty(Object.prototype, "terminal", {
  configurable: true,
  set(value) {
    Object.defineProperty(this, "terminal", { value, writable: true, configurable: true });
    if (value?.buffer) window.seen = value;
  },
});
"""
"""Notes the terminal that the page's script makes for itself."""
TEXT: Final = """
(() => {
  const shown = window.seen?.buffer.active;
  const lines = [];
  for (let row = 0; shown && row < window.seen.rows; row++) lines.push(shown.getLine(row).translateToString(true));
  return lines.join("\\n");
})()
"""
CODES: Final = {"Escape": 27, "Enter": 13, "Tab": 9}


def program() -> str:
    """That of `tests/servers/get`, else an installed one."""
    found = home_of_servers() / "bin" / "chromium"
    installed = None if found.exists() else shutil.which("chromium")
    if not found.exists() and installed is None:
        if os.environ.get("GONEAWAY_REQUIRE_SERVERS") == "1":
            pytest.fail(f"{found} is not here: run tests/servers/get")
        pytest.skip("no chromium is here: run tests/servers/get chromium")
    return installed or str(found)


class Page:
    """One page of it."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self.events: list[dict[str, Any]] = []

    async def command(self, method: str, **parameters: Any) -> Any:
        """What it answers; fails where it says that something is wrong."""
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while True:
            message = await self._socket.receive(PATIENCE)
            assert message.type is WSMsgType.TEXT, message
            told = json.loads(message.data)
            if told.get("id") == self._number:
                assert "error" not in told, told
                return told["result"]
            self.events.append(told)

    async def open(self, url: str) -> None:
        await self.command("Page.navigate", url=url)

    async def value(self, expression: str) -> Any:
        """What JavaScript makes of it; a promise is waited for."""
        told = await self.command(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        return told["result"].get("value")

    async def text(self) -> str:
        """What stands on the terminal in the page."""
        return str(await self.value(TEXT))

    async def type(self, text: str) -> None:
        await self.command("Input.insertText", text=text)

    async def press(self, key: str) -> None:
        """A key that is no letter."""
        for kind in ("keyDown", "keyUp"):
            await self.command(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=CODES[key]
            )

    async def sees(self, is_so: Callable[[str], object], seconds: float = PATIENCE) -> str:
        """The terminal's text once it is so. Fails where it does not become so."""
        give_up = time.monotonic() + seconds
        while not is_so(text := await self.text()):
            assert time.monotonic() < give_up, text
            await asyncio.sleep(0.05)
        return text

    async def comes_true(self, expression: str, seconds: float = PATIENCE) -> None:
        give_up = time.monotonic() + seconds
        while not await self.value(expression):
            assert time.monotonic() < give_up, expression
            await asyncio.sleep(0.05)

    async def picture(self) -> bytes:
        """PNG."""
        return base64.b64decode((await self.command("Page.captureScreenshot", format="png"))["data"])


@asynccontextmanager
async def browser(home: Path) -> AsyncIterator[Callable[..., Any]]:
    """Opens pages, each with a window of its own size; `home` is empty."""
    with (home / "browser.log").open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            program(),
            *FLAGS,
            f"--user-data-dir={home / 'browser'}",
            "about:blank",
            stdout=said,
            stderr=said,
            env={**os.environ, "HOME": str(home)},
        )
    try:
        place = await _place(home / "browser" / "DevToolsActivePort", process)
        async with ClientSession() as session:

            @asynccontextmanager
            async def page(width: int = 1200, height: int = 800) -> AsyncIterator[Page]:
                async with session.put(f"http://{place}/json/new?about:blank") as answer:
                    target = await answer.json(content_type=None)
                async with session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=1 << 26) as socket:
                    one = Page(socket)
                    for domain in ("Page", "Runtime", "Network", "Log"):
                        await one.command(f"{domain}.enable")
                    await one.command("Page.addScriptToEvaluateOnNewDocument", source=SEE)
                    await one.command(
                        "Emulation.setDeviceMetricsOverride",
                        width=width,
                        height=height,
                        deviceScaleFactor=1,
                        mobile=False,
                    )
                    yield one
                await (await session.get(f"http://{place}/json/close/{target['id']}")).release()

            yield page
    finally:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), PATIENCE)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _place(written: Path, process: Process) -> str:
    """Where it listens: it writes that down once it does."""
    give_up = time.monotonic() + PATIENCE
    while True:
        lines = written.read_text().splitlines() if written.exists() else []
        if lines:
            return f"127.0.0.1:{lines[0]}"
        assert process.returncode is None, "the browser has ended"
        assert time.monotonic() < give_up, "the browser does not say where it listens"
        await asyncio.sleep(0.05)
