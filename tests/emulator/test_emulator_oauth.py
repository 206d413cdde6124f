"""OAuth: tokens that end, refresh tokens that turn over, and what each is told."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from hubsync.emulator import EmulatorServer

PATHS = ("/oauth/v1/token", "/oauth/v3/token", "/oauth/2026-03/token")
READ = "/crm/v3/objects/contacts"


@pytest.fixture
def app(api):
    return api.post("/_emulator/oauth", {"scopes": ["crm.objects.contacts.read"]}).json()


def _token(api, path: str, app: dict[str, str], **form: Any) -> requests.Response:
    given = {"grant_type": "refresh_token"} | {
        name: app[name] for name in ("client_id", "client_secret", "refresh_token")
    }
    return requests.post(api.url + path, data=given | form, timeout=10)


@pytest.mark.parametrize("path", PATHS)
def test_a_refresh_token_gives_an_access_token(api, app, path):
    """The access token opens what its scopes allow, in HubSpot's words for the rest; v1 tells no portal."""
    given = _token(api, path, app).json()
    told = {"hub_id", "scopes"} if path != PATHS[0] else set()
    assert given.keys() == {"token_type", "refresh_token", "access_token", "expires_in"} | told
    assert (given["token_type"], given["expires_in"], given["refresh_token"]) == ("bearer", 1800, app["refresh_token"])
    holder = api.with_token(given["access_token"])
    assert holder.get(READ).status_code == 200
    assert holder.get("/crm/v3/objects/deals").json()["category"] == "MISSING_SCOPES"


def test_an_access_token_ends_after_half_an_hour(api, app):
    """After 30 minutes of the portal's clock the token is expired, and a new one works."""
    holder = api.with_token(_token(api, PATHS[2], app).json()["access_token"])
    api.post("/_emulator/clock", {"minutes": 29})
    assert holder.get(READ).status_code == 200
    api.post("/_emulator/clock", {"minutes": 2})
    answer = holder.get(READ)
    assert (answer.status_code, answer.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert api.with_token(_token(api, PATHS[2], app).json()["access_token"]).get(READ).status_code == 200


def test_refresh_tokens_may_turn_over(api, app):
    """With rotation each refresh token works once, and its successor comes with the access token."""
    api.post("/_emulator/settings", {"rotate_refresh_tokens": True})
    first = _token(api, PATHS[1], app).json()
    assert first["refresh_token"] != app["refresh_token"]
    again = _token(api, PATHS[1], app)
    assert (again.status_code, again.json()) == (
        400,
        {
            "error": "invalid_grant",
            "error_description": "refresh token is invalid, expired or revoked",
            "status": "BAD_REFRESH_TOKEN",
            "message": "refresh token is invalid, expired or revoked",
        },
    )
    assert _token(api, PATHS[1], app, refresh_token=first["refresh_token"]).status_code == 200


def test_a_code_works_once(api, app):
    """An authorization code gives tokens once."""
    form = {"grant_type": "authorization_code", "code": app["code"], "redirect_uri": "http://localhost"}
    assert _token(api, PATHS[1], app, **form).status_code == 200
    assert _token(api, PATHS[1], app, **form).json()["status"] == "BAD_AUTH_CODE"


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"client_id": "x"}, "BAD_CLIENT_ID"),
        ({"client_secret": "x"}, "BAD_CLIENT_SECRET"),
        ({"grant_type": "x"}, "BAD_GRANT_TYPE"),
        ({"refresh_token": "x"}, "BAD_REFRESH_TOKEN"),
    ],
)
def test_a_wrong_form_is_refused(api, app, form, status):
    """Each wrong field of the form has its own word."""
    answer = _token(api, PATHS[0], app, **form)
    assert (answer.status_code, answer.json()["status"]) == (400, status)


def test_introspection_tells_what_a_token_is_for(api, app):
    """Both kinds of tokens are told of while they are valid; what is unknown is inactive or a 404."""
    token = _token(api, PATHS[1], app).json()["access_token"]
    client = {name: app[name] for name in ("client_id", "client_secret")}

    def introspect(**form: str) -> dict[str, Any]:
        return requests.post(f"{api.url}/oauth/v3/token/introspect", data=client | form, timeout=10).json()

    found = introspect(access_token=token, token_type_hint="access_token")
    assert (found["active"], found["token_use"], found["hub_id"]) == (True, "access_token", api.portal.portal_id)
    assert found["scopes"] == ["crm.objects.contacts.read", "oauth"]
    assert introspect(refresh_token=app["refresh_token"])["token_use"] == "refresh_token"
    assert introspect(access_token="x") == {"active": False}
    assert api.get(f"/oauth/v1/access-tokens/{token}").json()["scopes"] == found["scopes"]
    assert api.get(f"/oauth/v1/refresh-tokens/{app['refresh_token']}").json()["client_id"] == app["client_id"]
    api.post("/_emulator/clock", {"minutes": 31})
    assert introspect(access_token=token) == {"active": False}
    assert api.get(f"/oauth/v1/access-tokens/{token}").status_code == 404


def test_a_revoked_refresh_token_takes_its_access_tokens_along(api, app):
    """Revoking ends the refresh token and every access token that came of it."""
    holder = api.with_token(_token(api, PATHS[1], app).json()["access_token"])
    assert api.delete(f"/oauth/v1/refresh-tokens/{app['refresh_token']}").status_code == 204
    assert holder.get(READ).json()["category"] == "INVALID_AUTHENTICATION"
    assert _token(api, PATHS[1], app).json()["status"] == "BAD_REFRESH_TOKEN"


def test_oauth_has_limits_of_its_own(server_of):
    """110 calls in ten seconds, no daily headers, and nothing of it counts into the day of the private apps."""
    api = server_of(plan="free")
    server: EmulatorServer = api.server
    oauth = server.portal.oauth
    app = {"client_id": oauth.client_id, "client_secret": oauth.client_secret, "refresh_token": oauth.first}
    holder = api.with_token(_token(api, PATHS[1], app).json()["access_token"])
    answers = [holder.get("/account-info/v3/details") for _ in range(111)]
    assert [one.status_code for one in answers[-2:]] == [200, 429]
    assert answers[0].headers["X-HubSpot-RateLimit-Max"] == "110"
    assert not [name for name in answers[0].headers if "Daily" in name]
    usage = api.get("/account-info/v3/api-usage/daily/private-apps").json()["results"][0]
    assert usage["currentUsage"] == 1


def test_what_cannot_be_a_token_never_reaches_hubspot(api):
    """Characters that no token has are answered by the network in front, as HTML."""
    answer = api.with_token("pat na1").get(READ)
    assert (answer.status_code, answer.headers["Content-Type"]) == (530, "text/html;charset=utf-8")


def test_an_oauth_token_is_no_private_app_token(api, app):
    """The introspection of private apps does not know OAuth tokens."""
    token = _token(api, PATHS[1], app).json()["access_token"]
    answer = api.post("/oauth/v2/private-apps/get/access-token-info", {"tokenKey": token})
    assert answer.status_code == 404
