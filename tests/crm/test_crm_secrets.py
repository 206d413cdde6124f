"""What never leaves the transport: foreign exceptions, the token, and the token in clear."""

from __future__ import annotations

import logging
import traceback

import orjson
import pytest
import requests
import responses
from crm_wire import BASE, TOKEN, error_body

from hubsync.crm import Transport, Versions
from hubsync.errors import HubsyncError, InputError, RefusedError, TokenError

VERSIONS = Versions()
LIST = VERSIONS.route("objects.list", object="contacts")


def url(route) -> str:
    return BASE + route.path


def walk(base: type[BaseException]):
    for each in base.__subclasses__():
        yield each
        yield from walk(each)


@pytest.mark.parametrize("foreign", sorted(set(walk(requests.RequestException)), key=lambda each: each.__name__))
def test_no_foreign_exception_leaves_the_transport(transport: Transport, wire, foreign) -> None:
    """Whatever requests may raise comes out as one of our errors, without its text."""
    error = foreign.__new__(foreign)
    error.args = ("https://user:password@proxy",)
    wire.get(url(LIST), body=error)

    with pytest.raises(HubsyncError) as caught:
        transport.request(LIST)

    assert "password" not in str(caught.value)


def test_the_token_is_in_no_text(transport: Transport, wire, caplog) -> None:
    """No repr, log line, message or traceback holds the token."""
    caplog.set_level(logging.DEBUG)
    wire.get(url(LIST), status=500)
    wire.get(url(LIST), status=401, json=error_body("401_missing_or_bad_token"))

    with pytest.raises(TokenError) as caught:
        transport.request(LIST)

    texts = [repr(transport), repr(vars(transport)), caplog.text, *traceback.format_exception(caught.value)]
    assert all(TOKEN not in text for text in texts)
    assert "trying again" in caplog.text


@pytest.mark.parametrize("token", ["", "  ", "pat-na1\nX: y", "pät", "a b"])
def test_an_impossible_token_is_refused_without_quoting_it(token: str) -> None:
    """A token that can't stand in a header is refused before anything could print it."""
    with pytest.raises(TokenError) as caught:
        Transport(token)

    assert not token.strip() or token not in str(caught.value)


@pytest.mark.parametrize("address", ["http://api.hubapi.com", "ftp://127.0.0.1", "api.hubapi.com", "https://"])
def test_the_token_never_travels_in_clear(address: str) -> None:
    """Plain http is for this machine only."""
    with pytest.raises(InputError, match="HUBSPOT_BASE_URL"):
        Transport(TOKEN, base_url=address)
    Transport(TOKEN, base_url="http://127.0.0.1:8025/")


@responses.activate
def test_introspection_sends_the_token_as_body() -> None:
    """The one operation about the token itself carries it, and its refusal does not show it."""
    route = VERSIONS.route("token.introspect")
    responses.post(url(route), status=400, json={"message": f"bad {TOKEN}"})

    with pytest.raises(RefusedError) as caught:
        Transport(TOKEN).request(route)

    assert orjson.loads(responses.calls[0].request.body) == {"tokenKey": TOKEN}
    assert TOKEN not in str(caught.value)
