"""`/healthz` and `/metrics` over HTTP, in a thread of their own."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hubsync.errors import InputError
from hubsync.worker.metrics import render
from hubsync.worker.standing import Standing, health

Standings = Callable[[], list[Standing]]


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def serving(host: str, port: int, standings: Standings) -> Iterator[str]:
    """Answer at this address, whose URL is given; raises InputError when it can't be had."""
    listener = _listener(host, port)
    config = uvicorn.Config(
        _application(standings), http="h11", ws="none", lifespan="off", log_config=None, log_level="critical",
        access_log=False, timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="worker-web", daemon=True)
    thread.start()
    shown = f"[{host}]" if ":" in host else host
    try:
        yield f"http://{shown}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=2)
        listener.close()


def _application(standings: Standings) -> Starlette:
    def healthz(_request: Request) -> Response:
        status, body = health(standings(), datetime.now(UTC))
        return JSONResponse(body, status)

    def metrics(_request: Request) -> Response:
        return Response(render(standings()), media_type=CONTENT_TYPE_LATEST)

    return Starlette(routes=[Route("/healthz", healthz), Route("/metrics", metrics)])


def _listener(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise InputError(f"--host {host} is no address of this machine: {error.strerror}.") from error
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise InputError(
            f"Port {port} of {host} can't be used ({error.strerror}); choose another with --port."
        ) from error
    return listener
