"""The screen in a real browser: it is drawn there, keys arrive, nothing can be changed, and nobody else is let in."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, WSMsgType, WSServerHandshakeError

from tests.integration.browser import Page, browser
from tests.integration.terminal import environment, way_in
from tests.servers.private import RealServer, port_of_our_own
from tests.waiting import PATIENCE, Stopwatch, becomes_true, comes_true

PASSWORD = "tiger-in-the-pipe"
SERVE = (sys.executable, "-m", "goneaway_tui", "serve")
FEW_DESCRIPTORS = ("sh", "-c", 'ulimit -n 256; exec "$@"', "sh", *SERVE)


class Serving:
    """One run of `goneaway-tui serve`."""

    def __init__(self, port: int, process: subprocess.Popen[bytes], said: Path) -> None:
        self.place = f"127.0.0.1:{port}"
        self.process = process
        self._said = said

    @property
    def said(self) -> str:
        return self._said.read_text()

    def screens(self) -> list[Path]:
        """The processes that draw, in /proc."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [Path("/proc") / each for each in children]


@contextmanager
def serving(home: Path, *arguments: str, words: tuple[str, ...] = SERVE, **more: str) -> Iterator[Serving]:
    home.mkdir(exist_ok=True)
    with port_of_our_own() as port, (home / "said").open("wb") as out:
        command = [*words, "--listen", f"127.0.0.1:{port}", *arguments]
        process = subprocess.Popen(command, stdout=out, stderr=out, env={**environment(home), **more})
        try:
            one = Serving(port, process, home / "said")
            comes_true(lambda: "the screen is at" in one.said, told=lambda: one.said)
            yield one
        finally:
            process.terminate()
            process.wait(PATIENCE)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One that nobody is let in to, for requests that are refused."""
    with serving(tmp_path_factory.mktemp("home"), "--simulated") as served:
        yield served


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    async with browser(tmp_path) as opened:
        yield opened


@asynccontextmanager
async def looking(session: ClientSession, served: Serving, **headers: str) -> AsyncIterator[Any]:
    """A socket as a page of ours opens it."""
    headers = {"Origin": f"http://{served.place}", **headers}
    async with session.ws_connect(f"http://{served.place}/ws", headers=headers) as socket:
        yield socket


async def closed(socket: Any) -> tuple[int, str]:
    """The code and the reason with which it was."""
    while (message := await socket.receive(PATIENCE)).type is not WSMsgType.CLOSE:
        assert message.type in {WSMsgType.BINARY, WSMsgType.TEXT}, message
    return message.data, message.extra


def complaints(page: Page) -> list[str]:
    """What the browser says that the page should not have tried."""
    return [
        each["params"]["entry"]["text"]
        for each in page.events
        if each["method"] == "Log.entryAdded"
        and each["params"]["entry"]["source"] in {"security", "network", "javascript"}
    ] + [str(each) for each in page.events if each["method"] == "Runtime.exceptionThrown"]


def asked_for(page: Page) -> set[str]:
    """Where everything came from that the page is made of."""
    urls = [e["params"]["request"]["url"] for e in page.events if e["method"] == "Network.requestWillBeSent"]
    return {url.split("/")[2] for url in urls if url.startswith("http")}


async def test_the_board_is_in_the_browser_and_keys_arrive(tmp_path: Path, page: Callable[..., Any]) -> None:
    with serving(tmp_path / "home", "--simulated") as served:
        async with page() as one:
            await one.open(f"http://{served.place}/")
            shown = await one.sees(lambda text: "read-only" in text and "Closes in" in text)
            assert "db-01:3306 (simulated)" in shown
            await one.type("?")
            await one.sees(lambda text: "help" in text and "esc back" in text)
            await one.press("Escape")
            await one.sees(lambda text: "esc back" not in text)
            drawn = await one.picture()
            await one.type("q")
            await one.comes_true("!document.getElementById('over').hidden")

            assert "closed" in await one.value("document.getElementById('over').innerText")
            assert len(drawn) > 20_000, "nothing is drawn"
            assert {served.place} == asked_for(one)
            assert [] == complaints(one)


async def test_screen_follows_the_size_of_the_window(tmp_path: Path, page: Callable[..., Any]) -> None:
    with serving(tmp_path / "home", "--simulated") as served:
        async with page() as one:
            await one.open(f"http://{served.place}/?fontsize=20")
            before = await one.sees(lambda text: "Closes in" in text)
            await one.command(
                "Emulation.setDeviceMetricsOverride", width=700, height=400, deviceScaleFactor=1, mobile=False
            )

            await one.sees(
                lambda text: "Closes in" in text and len(text.splitlines()) < len(before.splitlines())
            )


async def test_a_real_server_is_shown_and_cannot_be_changed(
    mysql97: RealServer, tmp_path: Path, page: Callable[..., Any]
) -> None:
    with serving(tmp_path / "home", *way_in(mysql97)) as served:
        async with page(1800, 800) as one:
            await one.open(f"http://{served.place}/")
            await one.sees(lambda text: "● " in text and "read-only" in text)
            await one.type("w")

            await one.sees(
                lambda text: "read-only by serve without --allow-changes" in " ".join(text.split())
            )


async def test_dialog_opens_with_the_privilege(
    mysql97: RealServer, tmp_path: Path, page: Callable[..., Any]
) -> None:
    with serving(tmp_path / "home", "--allow-changes", *way_in(mysql97)) as served:
        assert "warning: every user of this machine can change the server" in served.said
        async with page() as one:
            await one.open(f"http://{served.place}/")
            await one.sees(lambda text: "● " in text and "read-write" in text)
            await one.type("w")

            await one.sees(lambda text: "How long a non-interactive session may be idle" in text)


async def test_snapshot_goes_to_the_browser_and_no_file_of_this_machine_is_touched(
    tmp_path: Path, page: Callable[..., Any]
) -> None:
    secret = tmp_path / "app.log"
    secret.write_text("2006 MySQL server has gone away\n")
    home = tmp_path / "home"
    with serving(home, "--simulated") as served:
        async with page() as one:
            await one.command(
                "Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path / "got")
            )
            await one.open(f"http://{served.place}/")
            await one.sees(lambda text: "Closes in" in text)
            before = {*home.rglob("*")}
            await one.type("e")
            await one.sees(lambda text: "export this snapshot" in text)
            await one.press("Tab")
            await one.press("Enter")
            await becomes_true(lambda: any(tmp_path.glob("got/*.json")))
            await one.type("d")
            await one.sees(lambda text: "Since start" in text)
            await one.type("/")
            await one.type(str(secret))
            await one.sees(lambda text: str(secret)[-20:] in text)
            await one.press("Enter")

            await one.sees(lambda text: "There is no file" in text)
            assert '"schema": "goneaway.snapshot/1"' in next(tmp_path.glob("got/*.json")).read_text()
            assert before == {*home.rglob("*")}


async def test_the_wall_hangs_there_and_comes_back_by_itself(
    tmp_path: Path, page: Callable[..., Any]
) -> None:
    with serving(tmp_path / "home", "--simulated", "--wall") as served:
        async with page(1600, 900) as one:
            await one.open(f"http://{served.place}/")
            await one.sees(lambda text: "next closings" in text and "ended in the last" in text)
            for each in served.screens():
                os.kill(int(each.name), signal.SIGKILL)
            await one.comes_true("!document.getElementById('over').hidden")
            await one.comes_true("document.getElementById('over').hidden")

            await one.sees(lambda text: "next closings" in text)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 421),
    ],
)
async def test_no_other_page_gets_a_screen(guarded: Serving, headers: dict[str, str], status: int) -> None:
    async with ClientSession() as session:
        with pytest.raises(WSServerHandshakeError) as refused:
            await session.ws_connect(f"http://{guarded.place}/ws", headers=headers)

    assert status == refused.value.status
    assert [] == guarded.screens()


async def test_browser_has_to_send_the_password(tmp_path: Path) -> None:
    (tmp_path / "login").write_text("office:secret\n")
    (tmp_path / "login").chmod(0o600)
    with serving(tmp_path, "--simulated", "--listen-auth", str(tmp_path / "login")) as served:
        async with ClientSession() as session:
            async with session.get(f"http://{served.place}/") as answer:
                assert 401 == answer.status
            with pytest.raises(WSServerHandshakeError):
                async with looking(session, served):
                    pass
            known = "Basic " + base64.b64encode(b"office:secret").decode()
            async with looking(session, served, Authorization=known) as socket:
                assert WSMsgType.BINARY is (await socket.receive(PATIENCE)).type


async def test_browsers_are_limited_and_a_closed_browser_frees_its_place(tmp_path: Path) -> None:
    with serving(tmp_path, "--simulated", "--max-viewers", "1") as served:
        async with ClientSession() as session:
            async with looking(session, served) as first:
                await first.receive(PATIENCE)
                async with looking(session, served) as second:
                    assert (1013, "The limit of 1 viewers is reached.") == await closed(second)
            await becomes_true(lambda: not served.screens())
            async with looking(session, served) as third:
                assert WSMsgType.BINARY is (await third.receive(PATIENCE)).type


async def test_invalid_browser_messages_are_ignored(tmp_path: Path) -> None:
    with serving(tmp_path, "--simulated") as served:
        async with ClientSession() as session, looking(session, served) as socket:
            await socket.receive(PATIENCE)
            for said in (
                "",
                "{",
                "[]",
                '["stdin"]',
                '["stdin",7]',
                '["resize",{"width":1e99}]',
                "[" * 100_000,
            ):
                await socket.send_str(said)
            await socket.send_str('["resize",{"width":-5,"height":1000000000}]')
            await socket.send_str('["stdin","\\ud800"]')
            await socket.send_str('["ping","7"]')
            while (message := await socket.receive(PATIENCE)).type is not WSMsgType.TEXT:
                assert message.type is WSMsgType.BINARY

            assert ["pong", "7"] == message.json()
            assert "Traceback" not in served.said


async def test_the_password_is_in_no_argument_no_variable_and_no_file(
    mysql97: RealServer, tmp_path: Path
) -> None:
    with mysql97.connect() as admin, admin.cursor() as cursor:
        cursor.execute(f"CREATE USER IF NOT EXISTS looker@localhost IDENTIFIED BY '{PASSWORD}'")
        cursor.execute("GRANT PROCESS ON *.* TO looker@localhost")
    way = way_in(mysql97, "looker")
    with serving(tmp_path, *way, MYSQL_PWD=PASSWORD) as served:
        async with ClientSession() as session, looking(session, served) as socket:
            text = ""
            while "●" not in text:
                text += (await socket.receive(PATIENCE)).data.decode("utf-8", "replace")
            (screen,) = served.screens()

            for name in ("cmdline", "environ"):
                assert PASSWORD.encode() not in (screen / name).read_bytes()
            assert not any(
                PASSWORD.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()
            )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
async def test_screen_process_ends_with_the_service(tmp_path: Path, number: signal.Signals) -> None:
    with serving(tmp_path, "--simulated") as served:
        async with ClientSession() as session, looking(session, served) as socket:
            await socket.receive(PATIENCE)
            (screen,) = served.screens()
            with Stopwatch() as watch:
                served.process.send_signal(number)
                if number is not signal.SIGKILL:
                    code, why = await closed(socket)
                    assert (1001, "goneaway-tui serve has stopped.") == (code, why)
                status = await asyncio.to_thread(served.process.wait, PATIENCE)

                assert {signal.SIGTERM: 0, signal.SIGINT: 130, signal.SIGKILL: -9}[number] == status
                await becomes_true(lambda: not screen.exists() or "Z" in (screen / "stat").read_text())
            assert watch.seconds < 8
            assert "Traceback" not in served.said


async def test_silent_connections_lock_no_client_out(tmp_path: Path) -> None:
    with serving(tmp_path, "--simulated", words=FEW_DESCRIPTORS) as served:
        host, port = served.place.split(":")
        with ExitStack() as held:
            for _ in range(300):
                held.enter_context(socket.create_connection((host, int(port)), timeout=60))
            async with ClientSession() as session:
                async with session.get(f"http://{served.place}/") as answer:
                    assert 200 == answer.status
                async with looking(session, served) as socket_of_screen:
                    assert WSMsgType.BINARY is (await socket_of_screen.receive(60)).type
        assert len(served.said.splitlines()) < 30


IDLERS = {
    "who reads no answer": "GET /static/js/textual.js HTTP/1.1\r\nHost: {place}\r\n\r\n" * 40,
    "who is refused a screen": (
        "GET /ws HTTP/1.1\r\nHost: {place}\r\nOrigin: http://{place}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ),
}


@pytest.mark.parametrize("who", IDLERS)
async def test_no_client_is_locked_out_by(who: str, tmp_path: Path) -> None:
    with serving(tmp_path, "--simulated", "--max-viewers", "2", words=FEW_DESCRIPTORS) as served:
        host, port = served.place.split(":")
        with ExitStack() as held:
            for _ in range(300):
                idler = held.enter_context(socket.socket())
                idler.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                idler.settimeout(PATIENCE)
                idler.connect((host, int(port)))
                with suppress(ConnectionError):
                    idler.sendall(IDLERS[who].format(place=served.place).encode())
                await asyncio.sleep(0.01)
            async with ClientSession() as session, session.get(f"http://{served.place}/") as answer:
                assert 200 == answer.status
            descriptors = Path(f"/proc/{served.process.pid}/fd")
            await becomes_true(lambda: len(list(descriptors.iterdir())) < 120)
            served.process.terminate()
            assert 0 == await asyncio.to_thread(served.process.wait, PATIENCE)


async def test_a_screen_flooded_with_keys_ends_with_its_browser(tmp_path: Path) -> None:
    with serving(tmp_path, "--simulated", "--max-viewers", "1") as served:
        async with ClientSession() as session:
            async with looking(session, served) as flooded:
                await flooded.receive(PATIENCE)
                (screen,) = served.screens()
                for _ in range(11):
                    await flooded.send_str(json.dumps(["stdin", "\x1b[A" * 120_000]))
                    await flooded.send_str(json.dumps(["resize", {"width": 1000, "height": 500}]))
                flooded._response.close()
            with Stopwatch() as watch:
                await becomes_true(lambda: not screen.exists())
            assert watch.seconds < 15


async def test_a_screen_that_reads_nothing_ends_with_its_browser(tmp_path: Path) -> None:
    with serving(tmp_path, "--simulated", "--max-viewers", "1") as served:
        async with ClientSession() as session:
            async with looking(session, served) as flooded:
                await flooded.receive(PATIENCE)
                (screen,) = served.screens()
                os.kill(int(screen.name), signal.SIGSTOP)
                for number in range(20_000):
                    await flooded.send_str(json.dumps(["resize", {"width": 80, "height": 24 + number % 2}]))
                flooded._response.close()
            await becomes_true(lambda: not screen.exists())
        served.process.terminate()
        assert 0 == await asyncio.to_thread(served.process.wait, PATIENCE)


@pytest.mark.parametrize(
    "path",
    [
        "/static/" + "a" * 300,
        "/static/%00",
        "/static/" + "a" * 5000,
        "/" + "%2e" * 900,
        "/download/" + "k" * 3000,
    ],
)
async def test_a_path_that_is_too_long_is_refused(guarded: Serving, path: str) -> None:
    async with ClientSession() as session, session.get(f"http://{guarded.place}{path}") as answer:
        assert answer.status in {400, 404, 414}
    assert "Traceback" not in guarded.said


async def test_a_size_in_the_keys_does_not_make_the_screen_larger(tmp_path: Path) -> None:
    with serving(tmp_path, "--simulated") as served:
        async with ClientSession() as session, looking(session, served) as socket_of_screen:
            await socket_of_screen.receive(60)
            (screen,) = served.screens()
            await socket_of_screen.send_str(json.dumps(["stdin", "\x1b[48;20000;20000;1;1t"]))
            for _ in range(200):
                await socket_of_screen.send_str(json.dumps(["stdin", "\x1b[200~" + "x" * 900_000]))
            await socket_of_screen.send_str(json.dumps(["ping", "still there"]))
            while (message := await socket_of_screen.receive(60)).type is not WSMsgType.TEXT:
                assert message.type is WSMsgType.BINARY

            assert ["pong", "still there"] == message.json()
            assert peak_mebibytes(screen) < 200


async def test_a_screen_that_takes_too_much_memory_ends_alone(tmp_path: Path) -> None:
    with serving(tmp_path, "--simulated") as served:
        async with ClientSession() as session, looking(session, served) as socket_of_screen:
            await socket_of_screen.receive(60)
            (screen,) = served.screens()
            limits = (screen / "limits").read_text()

    assert re.search(r"Max data size +5\d{8} ", limits)


def peak_mebibytes(process: Path) -> float:
    return int(re.findall(r"VmHWM:\s+(\d+)", (process / "status").read_text())[0]) / 1024
