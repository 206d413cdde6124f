"""dlt's HubSpot source, as ingestr 0.14 packs it, on dlt 1.31: python dlt_source.py URL TOKEN."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from typing import Any

from address import send_to
from say import run

KINDS = {
    "contact": "contacts",
    "company": "companies",
    "deal": "deals",
    "ticket": "tickets",
    "product": "products",
    "quote": "quotes",
    "call": "calls",
    "email": "emails",
    "feedback_submission": "feedback_submissions",
    "line_item": "line_items",
    "meeting": "meetings",
    "note": "notes",
    "task": "tasks",
    "cart": "carts",
    "discount": "discounts",
    "fee": "fees",
    "invoice": "invoices",
    "commerce_payment": "commerce_payments",
    "tax": "taxes",
}


def main(url: str, token: str) -> None:
    """Every object by its list and by search, the history of contacts, owners and schemas."""
    send_to(url)
    source = importlib.import_module("ingestr.src.hubspot")
    helpers = importlib.import_module("ingestr.src.hubspot.helpers")
    helpers.BASE_URL = url + "/"
    for kind, plural in KINDS.items():
        run(plural, lambda kind=kind: rows(pages(source, kind, token)))
        run(f"{plural}:search", lambda kind=kind: rows(pages(source, kind, token, start_date_ms="0")))
    run("contacts>companies", lambda: pairs(pages(source, "contact", token, start_date_ms="0")))
    run("deals>contacts", lambda: pairs(pages(source, "deal", token), "contacts"))
    run("owners", lambda: rows(helpers.fetch_data("/crm/v3/owners", token, resource_name="owners")))
    run("schemas", lambda: rows(helpers.fetch_data("/crm/v3/schemas", token, resource_name="schemas")))
    run("history:companies", lambda: history(helpers, token))
    run("contacts:loaded", lambda: loaded(source, token))


def pages(source: Any, kind: str, token: str, **more: Any) -> Iterable[list[dict[str, Any]]]:
    """The pages of a type, with all its properties."""
    return source.crm_objects(kind, token, props=[], include_custom_props=True, **more)


def rows(found: Iterable[list[dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Records as rows."""
    return {str(one.get("id") or one["hs_object_id"]): one for page in found for one in page}


def pairs(found: Iterable[list[dict[str, Any]]], to: str = "companies") -> dict[str, dict[str, Any]]:
    """Pairs from the associations that came with the records."""
    return {
        f"{one['hs_object_id']}>{link[f'{to}_id']}": {} for page in found for one in page for link in one.get(to, ())
    }


def history(helpers: Any, token: str) -> dict[str, dict[str, Any]]:
    """The revisions of three properties."""
    entries = helpers.fetch_property_history("/crm/v3/objects/companies", token, "lifecyclestage,name,domain")
    return {
        f"{one['object_id']}|{one['property_name']}|{one['timestamp']}": {"value": one["value"]}
        for page in entries
        for one in page
    }


def loaded(source: Any, token: str) -> dict[str, dict[str, Any]]:
    """What a pipeline has loaded into DuckDB after two runs, the second one incremental."""
    dlt, duckdb = importlib.import_module("dlt"), importlib.import_module("duckdb")
    pipeline = dlt.pipeline(
        "peer", destination=dlt.destinations.duckdb(duckdb.connect(":memory:")), dataset_name="hubspot", dev_mode=True
    )
    for _ in range(2):
        pipeline.run(source.hubspot(api_key=token).with_resources("contacts"))
    with pipeline.sql_client() as client:
        found = client.execute_sql("select id, email, firstname, lastname from contacts")
    return {str(id): {"email": email, "firstname": first, "lastname": last} for id, email, first, last in found}


if __name__ == "__main__":
    main(*sys.argv[1:])
