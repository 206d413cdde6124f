"""A small client that speaks plain HTTP to an emulator."""

from __future__ import annotations

from typing import Any

import requests

from hubsync.emulator import EmulatorServer


class Api:
    """Plain HTTP with a token; answers are the library's own."""

    def __init__(self, server: EmulatorServer, token: str | None = None) -> None:
        self.server = server
        self.url = server.url
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token or server.token}"

    @property
    def portal(self):
        return self.server.portal

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.session.get(self.url + path, params=query, timeout=10)

    def post(self, path: str, body: Any = None) -> requests.Response:
        return self.session.post(self.url + path, json=body if body is not None else {}, timeout=10)

    def patch(self, path: str, body: Any) -> requests.Response:
        return self.session.patch(self.url + path, json=body, timeout=10)

    def put(self, path: str, body: Any = None) -> requests.Response:
        return self.session.put(self.url + path, json=body, timeout=10)

    def delete(self, path: str) -> requests.Response:
        return self.session.delete(self.url + path, timeout=10)

    def make(self, object: str, **properties: str) -> str:
        """A record made behind the API's back; its id."""
        with self.portal.lock:
            return self.portal.put(object, properties, at=self.portal.now)

    def contacts(self, count: int) -> list[str]:
        """So many contacts; their ids."""
        return [self.make("contacts", email=f"c{place}@example.com", firstname=f"C{place}") for place in range(count)]

    def link(self, *ends: str) -> None:
        """Associate two records with the default types."""
        with self.portal.lock:
            self.portal.associate(*ends, at=self.portal.now)

    def with_token(self, token: str) -> Api:
        return Api(self.server, token)
