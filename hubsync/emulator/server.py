"""The emulator over HTTP: one portal behind uvicorn, in a thread of its own."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import threading
from types import FrameType, TracebackType
from typing import Any, cast
from urllib.parse import parse_qs

import orjson
import uvicorn
from starlette.types import Message, Receive, Scope, Send

from hubsync.emulator import door
from hubsync.emulator.exchange import Call, Reply
from hubsync.emulator.faults import Fault
from hubsync.emulator.hub import Hub
from hubsync.emulator.limits import Limits
from hubsync.emulator.load import load
from hubsync.emulator.options import EmulatorError, Options
from hubsync.emulator.reactions import watch
from hubsync.emulator.search import SearchIndex
from hubsync.emulator.state import Portal
from hubsync.emulator.steering import PREFIX, steer

KEEP_ALIVE_S = 75


def build(options: Options) -> Hub:
    """A portal with its content: a world, loaded files, or nothing."""
    portal = Portal(
        portal_id=options.portal_id,
        now=options.now,
        plan=options.plan,
        token=options.token,
        time_zone=options.time_zone,
        currency=options.currency,
    )
    portal.oauth.rotates = options.rotate_refresh_tokens
    portal.preserve_merged_ids = options.preserve_merged_ids
    live = None
    if options.load is not None:
        load(portal, options.load)
    elif not options.empty:
        from hubsync.emulator.world import World

        world = World(portal, seed=options.seed, contacts=options.contacts)
        world.populate()
        live = world.live
    index = SearchIndex(portal, options.search_lag_ms)
    watch(portal)
    return Hub(portal, index, Limits(portal), live=live)


class Application:
    """The ASGI application: faults and latency around the door; state changes never wait in between."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self.hub = build(options)

    def renew(self) -> None:
        """Start the portal anew; statistics and faults stay."""
        fresh = build(self._options)
        hub = self.hub
        hub.portal, hub.index, hub.limits, hub.live = fresh.portal, fresh.index, fresh.limits, fresh.live

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        call, query_length = await _read(scope, receive)
        hub = self.hub
        if call.path.startswith(PREFIX):
            with hub.portal.lock:
                reply = steer(hub, call, self.renew)
            await _send(send, reply, door.finish(hub, call, door.route_of(call), reply))
            return
        found = door.route_of(call)
        door.count(hub, call, found)
        fault = hub.faults.hit(call.method, call.path)
        delay = self._options.latency_ms + (fault.delay_ms if fault else 0)
        if delay:
            await asyncio.sleep(delay / 1000)
        if fault and fault.drop == "before":
            await self._drop(send)
            return
        reply = (
            fault.reply() if fault and fault.status and not fault.drop else door.handle(hub, call, found, query_length)
        )
        if fault and fault.drop:
            await self._drop(send)
            return
        hub.statistics.answered(str(reply.status))
        await _send(send, reply, door.finish(hub, call, found, reply), fault)

    async def _drop(self, send: Send) -> None:
        self.hub.statistics.answered("dropped")
        await _hang_up(send)


async def _read(scope: Scope, receive: Receive) -> tuple[Call, int]:
    chunks = []
    more = True
    while more:
        message = await receive()
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    bearer, _, token = headers.get(b"authorization", "").partition(" ")
    query = scope["query_string"].decode("latin-1")
    return Call(
        method=scope["method"],
        path=scope["path"],
        query=parse_qs(query, keep_blank_values=True),
        body=b"".join(chunks),
        host=f"http://{headers.get(b'host', '')}",
        token=token.strip() if bearer.lower() == "bearer" else "",
    ), len(query)


async def _send(send: Send, reply: Reply, headers: list[tuple[bytes, bytes]], fault: Fault | None = None) -> None:
    start: Message = {"type": "http.response.start", "status": reply.status, "headers": headers}
    await send(start)
    if fault and fault.truncate:
        await send({"type": "http.response.body", "body": reply.body[: len(reply.body) // 2], "more_body": True})
        await _hang_up(send, abort=False)
    else:
        await send({"type": "http.response.body", "body": reply.body})


async def _hang_up(send: Send, *, abort: bool = True) -> None:
    """Close the connection; uvicorn offers no way, but `send` belongs to the object that has the transport."""
    transport = cast("Any", send).__self__.transport
    if abort:
        transport.abort()
    else:
        transport.close()
    # Lets uvicorn see the closed connection before it looks for an answer.
    await asyncio.sleep(0)
    await asyncio.sleep(0)


class EmulatorServer:
    """A running emulator; use it in a `with` block."""

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options(port=0)
        self._application = Application(self.options)
        self._socket = _bound(self.options)
        host, port = self._socket.getsockname()[:2]
        self.url = f"http://{host}:{port}"
        self.token = self.options.token
        config = uvicorn.Config(
            cast("Any", self._application),
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="critical",
            access_log=False,
            date_header=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="hubspot-emulator", daemon=True
        )
        self._thread.start()

    @property
    def portal(self) -> Portal:
        """The state; hold `portal.lock` while reading or changing it from outside."""
        return self._application.hub.portal

    @property
    def hub(self) -> Hub:
        """The portal with its limits, statistics and faults."""
        return self._application.hub

    def stop(self) -> None:
        """End it."""
        self._server.should_exit = True
        self._thread.join(timeout=5)
        self._socket.close()

    def __enter__(self) -> EmulatorServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def serve(options: Options) -> None:
    """Serve until SIGINT or SIGTERM; the first line on stdout is a JSON object with url, token and portal_id."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    with EmulatorServer(options) as server:
        line = {"url": server.url, "token": server.token, "portal_id": options.portal_id}
        sys.stdout.write(orjson.dumps(line).decode() + "\n")
        sys.stdout.flush()
        threading.Event().wait()


def _leave(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise SystemExit(0)


def _bound(options: Options) -> socket.socket:
    # With the protocol named, asyncio switches off the delay of small packets on each connection.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((options.host, options.port))
    except OSError as failure:
        listener.close()
        raise EmulatorError(
            f"port {options.port} of {options.host} cannot be used ({failure.strerror}): "
            "choose another with --port, or 0 for a free one"
        ) from failure
    listener.listen(2048)
    return listener
