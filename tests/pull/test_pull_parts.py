"""Events that are the line items of deals: what was bought, by whom, for how much."""

from __future__ import annotations

from pathlib import Path

from pull_bench import Bench, client_for
from source_given import DEALS, portal_with

from hubsync.pull.survey import needs

BOUGHT = (
    "{from: objects, object: deals, each: line_items, when: dealstage = 'closedwon', time: closedate, value: price,"
    " currency: deal_currency_code, attributes: {product: name}}"
)
ROWS = (
    "SELECT subject_type, subject, value::VARCHAR, currency, attributes->>'product' FROM portal.event"
    " WHERE source = 'deal_won/objects' ORDER BY subject, 5"
)
DEAL_COMPANY, ITEM_DEAL = 5, 20


def deal(portal: Bench, company: str, stage: str = "closedwon", **more: str) -> str:
    given = {"dealname": "d", "pipeline": "default", "dealstage": stage, "closedate": "2026-09-01", "amount": "999"}
    return portal.create("deals", {**given, **more}, (company, DEAL_COMPANY))


def item(portal: Bench, of: str, name: str, amount: str) -> str:
    return portal.create("line_items", {"name": name, "price": amount}, (of, ITEM_DEAL))


def reached(portal: Bench) -> list[tuple[object, ...]]:
    """The events of companies, as models see them."""
    feeds = portal.pull().feeds
    needed, _ = needs(portal.catalog, portal.last, feeds)
    sources = [source for source in feeds.active.values() if source]
    with portal.store.scratch(portal.last, sources, needed.objects, needed.links) as scratch:
        found = "SELECT record_id, CAST(attributes AS VARCHAR), value FROM events_companies ORDER BY ALL"
        return scratch.execute(found)


def test_each_line_item_of_a_won_deal_is_an_event(tmp_path: Path) -> None:
    """Line items happen when and to whom their deal does; they go with the deal's condition, or with themselves."""
    with portal_with(tmp_path, DEALS, BOUGHT) as portal:
        company = portal.create("companies", {"name": "Acme", "domain": "acme.example"})
        won = deal(portal, company)
        still_open = deal(portal, company, "appointmentscheduled")
        seats, _ = item(portal, won, "seats", "700"), item(portal, won, "audit", "200")
        item(portal, still_open, "later", "5")
        deal(portal, company)
        portal.pull()
        first = portal.sql(ROWS)
        at_company = reached(portal)
        portal.steer("clock", minutes=1)
        portal.call("DELETE", f"/crm/objects/2026-09/line_items/{seats}")
        item(portal, won, "support", "50")
        portal.change("deals", still_open, dealstage="closedwon")
        portal.pull()
        unchanged = portal.sql("SELECT count(*) FROM portal.event WHERE known_at < ?", portal.last.now)
        portal.pull(full=True)
        second = portal.sql(ROWS)
    assert first == [
        ("deals", won, "200.000000", None, "audit"), ("deals", won, "700.000000", None, "seats"),
    ]  # fmt: skip
    assert [(row[0], float(str(row[2]))) for row in at_company] == [(company, 200.0), (company, 700.0)]
    assert unchanged == [(2,)]
    assert second == [
        ("deals", won, "200.000000", None, "audit"), ("deals", won, "50.000000", None, "support"),
        ("deals", still_open, "5.000000", None, "later"),
    ]  # fmt: skip


def test_line_items_have_their_deals_currency(tmp_path: Path) -> None:
    """The amount of a line item is converted by its deal's exchange rate; without one it is unknown."""
    with portal_with(tmp_path, DEALS, BOUGHT) as portal:
        company = portal.create("companies", {"name": "Acme"})
        for rate in ({"hs_exchange_rate": "1.1"}, {}):
            euros = deal(portal, company, deal_currency_code="EUR")
            item(portal, euros, "seats", "100")
            with portal.server.portal.lock:
                portal.server.portal.objects["deals"][euros].properties.update(rate)
        portal.pull()
        assert [row[2:4] for row in portal.sql(ROWS)] == [("110.000000", None), (None, "EUR")]


def test_line_items_that_may_not_be_read(tmp_path: Path) -> None:
    """Without the scope of line items the source is unavailable and says why; nothing else is held back."""
    with portal_with(tmp_path, DEALS, BOUGHT) as portal:
        scored = ("contacts", "companies", "deals")
        scopes = [f"crm.{sort}.{name}.read" for sort in ("objects", "schemas") for name in scored]
        scopes += ["oauth", "tickets", "business-intelligence"]
        token = portal.steer("tokens", scopes=scopes)["token"]
        portal.client.transport.close()
        portal.client = client_for(portal.server, token)
        result = portal.pull()
        report = next(each for each in result.sources if each.source == "deal_won/objects")
    assert (report.status, report.replaced_by) == ("unavailable", None)
    assert "line_items" in report.reason
    assert result.held == {} and result.feeds.active["deal_won"] is None
