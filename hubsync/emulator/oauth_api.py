"""Calls about tokens: OAuth, and the introspection of private apps' tokens (api-facts §1)."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from hubsync.emulator import errors, scopes
from hubsync.emulator.exchange import Call, Reply, answer
from hubsync.emulator.hub import Hub
from hubsync.emulator.oauth import ACCESS_TOKEN_LASTS, Access, Scopes
from hubsync.emulator.route import COMMUNITY, SDK, Route

USER_ID, USER, HUB_DOMAIN = 1_000_001, "admin@example.com", "example.hubspot.com"


def private_app_token(hub: Hub, call: Call) -> Reply:
    """The portal, the app and the scopes of a private app's token."""
    token = str(call.json().get("tokenKey") or "")
    if token not in hub.portal.tokens or token in hub.portal.oauth.access:
        raise errors.not_found()
    return answer(
        {
            "userId": USER_ID,
            "hubId": hub.portal.portal_id,
            "appId": hub.portal.app_id,
            "scopes": _named(hub.portal.tokens[token]),
        }
    )


def token(hub: Hub, call: Call) -> Reply:
    """Gives an access token of 30 minutes for a refresh token or for an authorization code, as a form.

    400 BAD_REFRESH_TOKEN for one that is not valid; v1 tells neither portal nor scopes. What a wrong client or
    code is told is remembered.
    """
    form = _form(call)
    _check_client(hub, form)
    portal, oauth = hub.portal, hub.portal.oauth
    if form.get("grant_type") == "refresh_token":
        made = oauth.renew(form.get("refresh_token", ""), portal.now)
        if made is None:
            raise _refusal("invalid_grant", "BAD_REFRESH_TOKEN", "refresh token is invalid, expired or revoked")
    elif form.get("grant_type") == "authorization_code":
        made = oauth.redeem(form.get("code", ""), portal.now)
        if made is None:
            raise _refusal("invalid_grant", "BAD_AUTH_CODE", "missing or unknown auth code")
    else:
        raise _refusal("unsupported_grant_type", "BAD_GRANT_TYPE", "missing or unknown grant type")
    held = oauth.access[made]
    portal.tokens[made] = held.scopes
    given: dict[str, Any] = {
        "token_type": "bearer",
        "refresh_token": held.refresh_token,
        "access_token": made,
        "expires_in": int(ACCESS_TOKEN_LASTS.total_seconds()),
    }
    if call.version != "v1":
        given |= {"hub_id": portal.portal_id, "scopes": _named(held.scopes)}
    return answer(given)


def introspect(hub: Hub, call: Call) -> Reply:
    """What an access token or a refresh token is good for; `active` is false for one that is not valid."""
    form = _form(call)
    _check_client(hub, form)
    asked = form.get("access_token") or form.get("refresh_token") or form.get("token", "")
    held = _held(hub, asked)
    if held is None:
        return answer({"active": False})
    use = "access_token" if asked in hub.portal.oauth.access else "refresh_token"
    return answer(
        {
            "active": True,
            "hub_id": hub.portal.portal_id,
            "user_id": USER_ID,
            "client_id": hub.portal.oauth.client_id,
            "app_id": hub.portal.app_id,
            "user": USER,
            "hub_domain": HUB_DOMAIN,
            "scopes": _named(held.scopes),
            "expires_in": _seconds_left(hub, held),
            "token_use": use,
            "token_type": "Bearer",
            "is_private_distribution": True,
        }
    )


def access_token_info(hub: Hub, call: Call) -> Reply:
    """The portal, the user and the scopes of an access token that is still valid."""
    asked = call.path_params["token"]
    held = _held(hub, asked) if asked in hub.portal.oauth.access else None
    if held is None:
        raise errors.not_found()
    return answer(
        _info(hub, asked, held)
        | {"app_id": hub.portal.app_id, "expires_in": _seconds_left(hub, held), "token_type": "access"}
    )


def refresh_token_info(hub: Hub, call: Call) -> Reply:
    """The portal, the user and the scopes of a refresh token."""
    asked = call.path_params["token"]
    held = _held(hub, asked) if asked in hub.portal.oauth.refresh else None
    if held is None:
        raise errors.not_found()
    return answer(_info(hub, asked, held) | {"client_id": hub.portal.oauth.client_id, "token_type": "refresh"})


def revoke(hub: Hub, call: Call) -> Reply:
    """Ends a refresh token and the access tokens it gave; 204 also if there is none."""
    hub.portal.revoke(call.path_params["token"])
    return Reply(204)


def _refusal(error: str, status: str, description: str) -> errors.Refusal:
    """400 of a token call; only BAD_REFRESH_TOKEN is verified."""
    return errors.Refusal(
        400, {"error": error, "error_description": description, "status": status, "message": description}
    )


def _form(call: Call) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(call.body.decode("utf-8", "replace")).items()}


def _check_client(hub: Hub, form: dict[str, str]) -> None:
    oauth = hub.portal.oauth
    if form.get("client_id") != oauth.client_id:
        raise _refusal("invalid_client", "BAD_CLIENT_ID", "missing or unknown client id")
    if form.get("client_secret") != oauth.client_secret:
        raise _refusal("invalid_client", "BAD_CLIENT_SECRET", "missing or invalid client secret")


def _held(hub: Hub, asked: str) -> Access | None:
    portal, oauth = hub.portal, hub.portal.oauth
    if asked in oauth.refresh:
        return Access(asked, oauth.refresh[asked], portal.now + ACCESS_TOKEN_LASTS)
    return None if oauth.expired(asked, portal.now) else oauth.access.get(asked)


def _seconds_left(hub: Hub, held: Access) -> int:
    return int((held.expires - hub.portal.now).total_seconds())


def _info(hub: Hub, asked: str, held: Access) -> dict[str, Any]:
    return {
        "token": asked,
        "user": USER,
        "hub_domain": HUB_DOMAIN,
        "scopes": _named(held.scopes),
        "hub_id": hub.portal.portal_id,
        "user_id": USER_ID,
    }


def _named(granted: Scopes) -> list[str]:
    return sorted(scopes.everything() if granted is None else granted | {"oauth"})


_V1, _V3, _DATED = "/oauth/v1", "/oauth/v3", "/oauth/2026-03"

ROUTES: tuple[Route, ...] = (
    Route(
        "POST", ("/oauth/v2/private-apps/get/access-token-info",), "", private_app_token, open=True, source=COMMUNITY
    ),
    Route("POST", (_V1, _V3, _DATED), "/token", token, open=True),
    Route("POST", (_V3,), "/token/introspect", introspect, open=True),
    Route("GET", (_V1,), "/access-tokens/{token}", access_token_info, open=True, source=SDK),
    Route("GET", (_V1,), "/refresh-tokens/{token}", refresh_token_info, open=True, source=SDK),
    Route("DELETE", (_V1,), "/refresh-tokens/{token}", revoke, open=True, source=SDK),
)
