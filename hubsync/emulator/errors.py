"""HubSpot's errors, word for word where its words are known; what is marked as unverified is a guess."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson


class Refusal(Exception):  # noqa: N818
    """The portal says no: a status and a body of JSON or HTML."""

    def __init__(
        self,
        status: int,
        body: Mapping[str, Any] | None = None,
        *,
        html: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = dict(body or {})
        self.html = html
        self.headers = dict(headers or {})


class Problem(NamedTuple):
    """One value that cannot be written."""

    name: str
    code: str
    message: str


def _error(status: int, message: str, category: str | None = None, **more: Any) -> Refusal:
    body: dict[str, Any] = {"status": "error", "message": message, "correlationId": ""}
    body |= more
    if category:
        body["category"] = category
    return Refusal(status, body)


def unauthenticated() -> Refusal:
    """401 for a missing or unknown token."""
    return _error(
        401,
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you "
        "can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
        "INVALID_AUTHENTICATION",
    )


def expired(at: str) -> Refusal:
    """401 of an OAuth token whose 30 minutes are over; the text is unverified."""
    return _error(
        401,
        "The OAuth token used to make this call expired.",
        "EXPIRED_AUTHENTICATION",
        context={"expire time": [at]},
    )


def malformed_token() -> Refusal:
    """530 of the network in front of HubSpot, for what cannot be a token; the page is unverified."""
    return Refusal(530, html=_page("530", "HTTP ERROR 530"))


def missing_scopes(scopes: Sequence[str]) -> Refusal:
    """403 of a token without any of the scopes that would do."""
    return _error(
        403,
        "This app hasn't been granted all required scopes to make this call. Read more about required scopes "
        "here: https://developers.hubspot.com/scopes.",
        "MISSING_SCOPES",
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": list(scopes)},
            }
        ],
        links={"scopes": "https://developers.hubspot.com/scopes"},
    )


def not_in_plan(product: str) -> Refusal:
    """403 of a portal whose plan does not include something; the text is unverified."""
    return _error(403, f"This portal's subscription does not include {product}.", "BANNED")


def burst(portal_id: int) -> Refusal:
    """429 of the rolling ten seconds."""
    return Refusal(
        429,
        {
            "status": "error",
            "message": "You have reached your ten_secondly_rolling limit.",
            "errorType": "RATE_LIMIT",
            "correlationId": "",
            "policyName": "TEN_SECONDLY_ROLLING",
            "groupName": f"publicapi:hapikey-api-calls-ten-secondly:{portal_id}",
        },
    )


def daily() -> Refusal:
    """429 of the day."""
    return Refusal(
        429,
        {
            "status": "error",
            "message": "You have reached your daily limit.",
            "errorType": "RATE_LIMIT",
            "correlationId": "",
            "policyName": "DAILY",
            "requestId": "3d3e35b7-0dae-4b9f-a6e3-9c230cbcf8dd",
        },
    )


def secondly() -> Refusal:
    """429 of search."""
    return Refusal(
        429,
        {
            "status": "error",
            "message": "You have reached your secondly limit.",
            "errorType": "RATE_LIMIT",
            "correlationId": "",
            "policyName": "SECONDLY",
        },
    )


def unknown_path() -> Refusal:
    """404 as HTML, for paths that HubSpot (or this emulator) does not have."""
    return Refusal(404, html=_page("404 Not Found", "HTTP ERROR 404 Not Found"))


def wrong_method() -> Refusal:
    """405 as HTML."""
    return Refusal(405, html=_page("405 Method Not Allowed", "HTTP ERROR 405 Method Not Allowed"))


def address_too_long() -> Refusal:
    """414 as HTML."""
    return Refusal(
        414,
        html="<html> <head><title>414 Request-URI Too Large</title></head> <body> <center><h1>"
        "414 Request-URI Too Large</h1></center> </body> </html>",
    )


def _page(title: str, heading: str) -> str:
    return (
        '<html> <head> <meta http-equiv="Content-Type" content="text/html;charset=utf-8"/> '
        f"<title>Error {title}</title> </head> <body><h2>{heading}</h2></body> </html>"
    )


def not_found() -> Refusal:
    """404 of a record, property, pipeline or owner that is not there."""
    return _error(404, "resource not found")


def no_such_id() -> Refusal:
    """404 of the id 0."""
    return _error(404, "Object not found. objectId is usually positive.", "OBJECT_NOT_FOUND", context={})


def unknown_object_type(name: str) -> Refusal:
    """400 for an object type the portal does not have; the text is unverified."""
    return _error(400, f"Unable to infer object type from: {name}", "VALIDATION_ERROR")


def bad_json(path: str) -> Refusal:
    """400 for a body that is no JSON object."""
    name = "PublicSearchRequest" if path.endswith("/search") else "request"
    return _error(
        400,
        f"Invalid input JSON on line -1, column -1: Cannot build {name}, some of required attributes are not set [...]",
    )


def validation(message: str, **more: Any) -> Refusal:
    """400 with category VALIDATION_ERROR."""
    return _error(400, message, "VALIDATION_ERROR", **more)


def conflict(message: str, category: str = "CONFLICT") -> Refusal:
    """409; only the text for contacts is verified."""
    return _error(409, message, category)


def contact_exists(id: str) -> Refusal:
    """409 of a second contact with the same email."""
    return conflict(f"Contact already exists. Existing ID: {id}")


def property_exists(name: str) -> Refusal:
    """409 of a second property or group with the same name; the text is unverified."""
    return conflict(f"A property named '{name}' already exists.", "OBJECT_ALREADY_EXISTS")


def too_many_inputs(limit: int) -> Refusal:
    """400 of a batch that is too long; the text is unverified."""
    return validation(
        f"The maximum number of inputs supported in a batch request is {limit}. "
        "Please reduce the number of items and try again"
    )


def too_many_identities(limit: int) -> Refusal:
    """414 of a merge of records that were merged too often."""
    return _error(414, f"Cannot have more than {limit} identities on a profile", "VALIDATION_ERROR")


def stages_in_use(stages: Sequence[str], ids: Sequence[str]) -> Refusal:
    """400 of a stage that still has records."""
    named, held = f"[{', '.join(stages)}]", f"[{', '.join(ids)}]"
    return validation(
        f"Stage IDs: {named} are being referenced by object IDs: {held}",
        context={"stageIds": [named], "objectIds": [held]},
        subCategory="PipelineError.STAGE_ID_IN_USE",
    )


def too_many_histories() -> Refusal:
    """400 of a batch read with property history."""
    return validation(
        "The maximum number of inputs supported in a batch request for property histories is 50. "
        "Please reduce the number of items and try again"
    )


def duplicate_ids(ids: Sequence[str]) -> Refusal:
    """400 of a batch that names a record twice."""
    return validation(
        f"Duplicate IDs found in batch input: [{', '.join(ids)}]. IDs must be unique", context={"ids": list(ids)}
    )


def not_unique(type_id: str, name: str, portal_id: int) -> Refusal:
    """400 of an `idProperty` whose values are not unique."""
    return validation(
        f"Unable to perform update/upsert by non-unique {type_id} property {name} in portal ID {portal_id}"
    )


def required_missing(word: str, names: Iterable[str]) -> Refusal:
    """400 of a record without its required properties; the text is unverified."""
    missing = list(names)
    return validation(
        f"Error creating {word}. Some required properties were not set.",
        context={"properties": [f"[{', '.join(missing)}]"]},
    )


def invalid_values(problems: Sequence[Problem], portal_id: int) -> Refusal:
    """400 of values that cannot be written."""
    listed = [
        {
            "isValid": False,
            "message": one.message,
            "error": one.code,
            "name": one.name,
            "localizedErrorMessage": one.message,
            "portalId": portal_id,
        }
        for one in problems
    ]
    return validation(
        f"Property values were not valid: {orjson.dumps(listed).decode()}",
        errors=[
            {"message": one.message, "code": one.code, "context": {"propertyName": [one.name]}} for one in problems
        ],
    )


def objects_not_found(word: str, ids: Sequence[str]) -> dict[str, Any]:
    """The entry in a 207's `errors` that lists all missing ids."""
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": f"Could not get some {word} objects, they may be deleted or not exist. Check that ids are valid.",
        "context": {"ids": list(ids)},
    }


def no_associations(from_type: str, id: str, to_type: str) -> dict[str, Any]:
    """The entry in a 207's `errors` for a record without associations; unverified."""
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No {to_type} is associated with {from_type} {id}.",
        "context": {"fromObjectId": [id], "fromObjectType": [from_type], "toObjectType": [to_type]},
    }
