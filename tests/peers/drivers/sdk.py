"""hubspot-api-client, any version from 3 on: python sdk.py URL TOKEN."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from address import send_to
from say import run

PROPERTIES = {
    "contacts": ["email", "firstname", "lastname", "lifecyclestage", "hs_analytics_num_page_views"],
    "companies": ["name", "domain", "industry", "numberofemployees"],
    "deals": ["dealname", "amount", "dealstage", "closedate"],
    "tickets": ["subject", "hs_pipeline_stage"],
    "products": [],
    "line_items": [],
    "quotes": [],
}
ACTIVITIES = ("calls", "emails", "meetings", "notes", "tasks")


def main(url: str, token: str) -> None:
    """Every way of reading that the SDK has and the portal answers."""
    send_to(url)
    client = importlib.import_module("hubspot").HubSpot(access_token=token)
    for kind, names in PROPERTIES.items():
        api = getattr(client.crm, kind)
        run(kind, lambda api=api, names=names: rows(api.get_all(properties=names) if names else api.get_all()))
    contacts = client.crm.contacts
    run("contacts:write", lambda: write(contacts))
    run("contacts:archived", lambda: rows(contacts.get_all(archived=True)))
    run("contacts:search", lambda: searched(contacts))
    run("contacts:batch", lambda: batch(contacts))
    run("contacts>companies", lambda: inline(contacts.get_all(associations=["companies"])))
    run("contacts>companies:v4", lambda: associations(client))
    run("history:contacts", lambda: history(client))
    run("owners", lambda: {str(owner.id): {"email": owner.email} for owner in owners(client)})
    run("properties:contacts", lambda: named(client.crm.properties.core_api.get_all("contacts").results))
    run("stages:deals", lambda: pipelines(client))
    if hasattr(client.crm, "lists"):
        run("lists", lambda: {str(one.list_id): {} for one in lists(client)})
        run("memberships", lambda: memberships(client))
        run("forms", lambda: {str(one.id): {} for one in paged(client.marketing.forms.forms_api)})
        run("schemas", lambda: {str(one.id): {} for one in client.crm.schemas.core_api.get_all().results})
    if hasattr(client.events, "events_api"):
        run("page_views", lambda: {str(one.id): {} for one in views(client.events.events_api)})
    run("tasks", lambda: rows(paged(client.crm.objects.basic_api, "tasks")))


def rows(records: Any) -> dict[str, dict[str, Any]]:
    """Records of the SDK as rows."""
    return {str(record.id): dict(record.properties or {}) for record in records}


def named(definitions: Any) -> dict[str, dict[str, Any]]:
    """Property definitions as rows."""
    return {one.name: {"type": one.type} for one in definitions}


def model(api: Any, *names: str) -> Any:
    """A model class of the SDK by the first of its names that this version has."""
    package = importlib.import_module(type(api).__module__.rsplit(".", 2)[0])
    return next(getattr(package, name) for name in names if hasattr(package, name))


def searched(contacts: Any) -> dict[str, dict[str, Any]]:
    """All contacts by search, in windows of ids as programs do it."""
    api, found, last = contacts.search_api, {}, "0"
    request = model(api, "PublicObjectSearchRequest")
    while True:
        answer = api.do_search(
            public_object_search_request=request(
                filter_groups=[{"filters": [{"propertyName": "hs_object_id", "operator": "GT", "value": last}]}],
                sorts=[{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
                properties=PROPERTIES["contacts"],
                limit=100,
                after=0,
            )
        )
        if not answer.results:
            return found
        found.update(rows(answer.results))
        last = answer.results[-1].id


def batch(contacts: Any) -> dict[str, dict[str, Any]]:
    """All contacts by batch read of their ids."""
    api, found = contacts.batch_api, {}
    request = model(api, "BatchReadInputSimplePublicObjectId")
    ids = [one.id for one in contacts.get_all()]
    unused = {"properties_with_history": []} if "properties_with_history" in request.attribute_map else {}
    for start in range(0, len(ids), 100):
        answer = api.read(
            batch_read_input_simple_public_object_id=request(
                properties=PROPERTIES["contacts"],
                inputs=[{"id": id} for id in ids[start : start + 100]],
                **unused,
            )
        )
        found.update(rows(answer.results))
    return found


def inline(records: Any) -> dict[str, dict[str, Any]]:
    """Pairs from the associations that came with the records."""
    found: dict[str, dict[str, Any]] = {}
    for record in records:
        links = (record.associations or {}).get("companies")
        for link in links.results if links else ():
            found[f"{record.id}>{link.id}"] = {}
    return found


def associations(client: Any) -> dict[str, dict[str, Any]]:
    """Pairs by batch read of associations v4, or v3 in an SDK without v4."""
    ids = [{"id": one.id} for one in client.crm.contacts.get_all()]
    four = getattr(client.crm.associations, "v4", None)
    api = (four or client.crm.associations).batch_api
    if four is not None:
        request = model(api, "BatchInputPublicFetchAssociationsBatchRequest")
        answer = api.get_page(
            "contacts", "companies", batch_input_public_fetch_associations_batch_request=request(inputs=ids)
        )
    else:
        request = model(api, "BatchInputPublicObjectId")
        answer = api.read("contacts", "companies", batch_input_public_object_id=request(inputs=ids))
    pairs: dict[str, dict[str, Any]] = {}
    for one in answer.results:
        origin = getattr(one, "_from", None) or one.from_
        for link in one.to:
            pairs[f"{origin.id}>{getattr(link, 'to_object_id', None) or link.id}"] = {}
    return pairs


def history(client: Any) -> dict[str, dict[str, Any]]:
    """The revisions of a property; pages of 50, because `get_all` of older SDKs asks for more than HubSpot allows."""
    api, found, after = client.crm.contacts.basic_api, {}, None
    while True:
        page = api.get_page(limit=50, properties_with_history=["lifecyclestage"], **({"after": after} if after else {}))
        for record in page.results:
            for one in record.properties_with_history["lifecyclestage"]:
                found[f"{record.id}|lifecyclestage|{one.timestamp.isoformat()}"] = {"value": one.value}
        if not (page.paging and page.paging.next):
            return found
        after = page.paging.next.after


def owners(client: Any) -> list[Any]:
    """All owners, page by page."""
    owned = client.crm.owners
    return paged(getattr(owned, "owners_api", None) or owned.default_api)


def paged(api: Any, *kind: str, **query: Any) -> list[Any]:
    """All results of a paged route."""
    found, after = [], None
    while True:
        page = api.get_page(*kind, limit=100, **query, **({"after": after} if after else {}))
        found += page.results
        if not (page.paging and page.paging.next):
            return found
        after = page.paging.next.after


def lists(client: Any) -> list[Any]:
    """All lists, by search."""
    api, found = client.crm.lists.lists_api, []
    request = model(api, "ListSearchRequest")
    all_of = {"query": "", "list_ids": [], "processing_types": [], "additional_properties": []}
    given = {name: value for name, value in all_of.items() if name in request.attribute_map}
    while True:
        page = api.do_search(list_search_request=request(offset=len(found), count=100, **given))
        found += page.lists
        if not page.has_more:
            return found


def memberships(client: Any) -> dict[str, dict[str, Any]]:
    """Who is on each list."""
    api = client.crm.lists.memberships_api
    return {
        f"{one.list_id}>{getattr(member, 'record_id', member)}": {}
        for one in lists(client)
        for member in paged(api, one.list_id)
    }


def views(api: Any) -> list[Any]:
    """All page views of contacts."""
    return paged(api, object_type="contact", event_type="e_visited_page")


def pipelines(client: Any) -> dict[str, dict[str, Any]]:
    """The stages of all deal pipelines."""
    return {
        f"{pipeline.id}/{stage.id}": {"label": stage.label}
        for pipeline in client.crm.pipelines.pipelines_api.get_all("deals").results
        for stage in pipeline.stages
    }


def write(contacts: Any) -> dict[str, dict[str, Any]]:
    """Create, change and archive a contact, and update a batch; what is left must be as before."""
    create = model(contacts.basic_api, "SimplePublicObjectInputForCreate", "SimplePublicObjectInput")
    change = model(contacts.basic_api, "SimplePublicObjectInput")
    more = {"associations": []} if "ForCreate" in create.__name__ else {}
    given = create(properties={"email": "peer@example.test", "firstname": "Peer"}, **more)
    keyword = "simple_public_object_input_for_create" if more else "simple_public_object_input"
    made = contacts.basic_api.create(**{keyword: given})
    contacts.basic_api.update(made.id, simple_public_object_input=change(properties={"firstname": "Changed"}))
    name = contacts.basic_api.get_by_id(made.id, properties=["firstname"]).properties["firstname"]
    inputs = model(contacts.batch_api, "BatchInputSimplePublicObjectBatchInput")
    answer = contacts.batch_api.update(
        batch_input_simple_public_object_batch_input=inputs(
            inputs=[{"id": made.id, "properties": {"lastname": "Batch"}}]
        )
    )
    contacts.basic_api.archive(made.id)
    return {"write": {"firstname": name, "status": answer.status, "lastname": answer.results[0].properties["lastname"]}}


if __name__ == "__main__":
    main(*sys.argv[1:])
