"""hubspot3: python hubspot3_client.py URL TOKEN. It speaks the v1 and v2 routes; owners are v3."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from say import run


def main(url: str, token: str) -> None:
    """Every list that hubspot3 fetches whole."""

    def client(module: str, name: str) -> Any:
        return getattr(importlib.import_module(f"hubspot3.{module}"), name)(access_token=token, api_base=url)

    contacts = client("contacts", "ContactsClient")
    companies, deals = client("companies", "CompaniesClient"), client("deals", "DealsClient")
    tickets, products = client("tickets", "TicketsClient"), client("products", "ProductsClient")
    engagements = client("engagements", "EngagementsClient")
    run("contacts", lambda: keyed("id", contacts.get_all(extra_properties=["email", "lifecyclestage"])))
    run("companies", lambda: keyed("id", companies.get_all(extra_properties=["domain", "industry"])))
    run("deals", lambda: keyed("id", deals.get_all()))
    run("tickets", lambda: plain("objectId", tickets.get_all()))
    run("products", lambda: plain("id", products.get_all_products()))
    run("engagements", lambda: {str(one["engagement"]["id"]): {} for one in engagements.get_all()})
    run("owners", lambda: keyed("id", client("owners", "OwnersClient").get_owners()))
    run("forms", lambda: plain("guid", client("forms", "FormsClient").get_all()))
    run("workflows", lambda: plain("id", client("workflows", "WorkflowsClient").get_all_workflow_ids()["workflows"]))
    run(
        "campaigns",
        lambda: plain(
            "id", client("email_events", "EmailEventsClient").get_all_campaigns_ids(params={"limit": 500})["campaigns"]
        ),
    )
    run("properties:contacts", lambda: plain("name", client("properties", "PropertiesClient").get_all("contacts")))
    run("contacts>companies", lambda: linked(client("crm_associations", "CRMAssociationsClient"), contacts))


def keyed(key: str, found: Any) -> dict[str, dict[str, Any]]:
    """Rows by a key, with all that they say."""
    return {str(one[key]): {name: value for name, value in one.items() if name != key} for one in found}


def plain(key: str, found: Any) -> dict[str, dict[str, Any]]:
    """Rows by a key alone."""
    return {str(one[key]): {} for one in found}


def linked(associations: Any, contacts: Any) -> dict[str, dict[str, Any]]:
    """Pairs of contact and company, one call for each contact; definition 1 leads from contact to company."""
    return {f"{one['id']}>{to}": {} for one in contacts.get_all() for to in associations.get_all(one["id"], 1)}


if __name__ == "__main__":
    main(*sys.argv[1:])
