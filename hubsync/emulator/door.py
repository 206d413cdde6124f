"""What every call passes on its way in and out: token, limits, scopes, plan, and the headers of the answer."""

from __future__ import annotations

import logging
import re
import uuid

from hubsync.emulator import errors
from hubsync.emulator.clock import to_http_date, to_iso
from hubsync.emulator.errors import Refusal
from hubsync.emulator.exchange import Call, Reply, refused
from hubsync.emulator.hub import Hub
from hubsync.emulator.plans import includes
from hubsync.emulator.reactions import followed
from hubsync.emulator.routes import Match, match, needed_scopes
from hubsync.emulator.wire import object_type

LONGEST_QUERY = 18_000
"""Beyond this HubSpot answers 414; some saw it from 8,000 on, others send 15,000 before encoding every day."""

# What HubSpot takes for malformed is unverified; these are the characters of bearer tokens (RFC 6750).
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")

log = logging.getLogger(__name__)


def route_of(call: Call) -> Match | Refusal:
    """Where a call goes, before it counts anywhere."""
    try:
        return match(call.method, call.path)
    except Refusal as refusal:
        return refusal


def count(hub: Hub, call: Call, found: Match | Refusal) -> None:
    """Note a call in the statistics, under its path without ids."""
    if isinstance(found, Refusal):
        hub.statistics.arrived(call.method, re.sub(r"/\d+(?=/|$)", "/{id}", call.path), call.token, "normal")
    else:
        hub.statistics.arrived(call.method, found.template, call.token, found.kind)


def handle(hub: Hub, call: Call, found: Match | Refusal, query_length: int) -> Reply:
    """The answer to a call; everything that is refused becomes HubSpot's error."""
    with hub.portal.lock:
        try:
            if query_length > LONGEST_QUERY:
                raise errors.address_too_long()
            if isinstance(found, Refusal):
                raise found
            return _admitted(hub, call, found)
        except Refusal as refusal:
            return refused(refusal)
        except Exception:
            log.exception("%s %s", call.method, call.path)
            return refused(Refusal(500, {"status": "error", "message": "internal error", "correlationId": ""}))


def _admitted(hub: Hub, call: Call, found: Match) -> Reply:
    if not found.route.open:
        _authenticate(hub, call.token)
        hub.limits.check(call.token, found.kind)
        granted, needed = hub.portal.tokens[call.token], needed_scopes(found)
        if granted is not None and needed and granted.isdisjoint(needed):
            raise errors.missing_scopes(needed)
        if found.route.needs.startswith("objects:"):
            name = object_type(found.params["type"]).name
            if not includes(hub.portal.plan, name):
                raise errors.not_in_plan(name)
    call.path_params, call.version = found.params, found.version
    return followed(hub, call, found.route.handler)


def _authenticate(hub: Hub, token: str) -> None:
    portal = hub.portal
    if token and not _TOKEN.fullmatch(token):
        raise errors.malformed_token()
    if token not in portal.tokens:
        raise errors.unauthenticated()
    if portal.oauth.expired(token, portal.now):
        raise errors.expired(to_iso(portal.oauth.access[token].expires))


def finish(hub: Hub, call: Call, found: Match | Refusal, reply: Reply) -> list[tuple[bytes, bytes]]:
    """The headers of an answer; the date is the portal's."""
    headers = {
        "Date": to_http_date(hub.portal.now),
        "Content-Type": reply.content_type,
        "Content-Length": str(len(reply.body)),
        "X-HubSpot-Correlation-Id": str(uuid.uuid4()),
    }
    if isinstance(found, Match) and call.token in hub.portal.tokens:
        headers |= hub.limits.headers(call.token, found.kind)
    headers |= reply.headers
    if reply.status == 204:
        del headers["Content-Type"], headers["Content-Length"]
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
