"""Forms that were sent in: whose they are, how they are read again, what happens without them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from marketing_given import (
    FORMS,
    MARKETING,
    SITE,
    contact_of,
    counted,
    new_form,
    send_in,
    send_in_many,
    status,
)
from pull_bench import Bench, bench
from source_given import opening

from hubsync.catalog import Catalog, load
from hubsync.pull.sources.forms import FormStream
from hubsync.scoring.marketing_sources import FormSource

SUBMISSIONS = "/form-integrations/v1/submissions/forms"
ANN = "ann@acme.example"
STORED = (
    f"SELECT subject, attributes->>'form', attributes->>'url' FROM portal.event WHERE source = '{FORMS}'"
    " ORDER BY occurred_at, subject"
)


@pytest.fixture(scope="module")
def forms() -> Catalog:
    return load(MARKETING)


@pytest.fixture
def desk(forms: Catalog, tmp_path: Path) -> Iterator[Bench]:
    """A portal with the contact Ann."""
    with bench(tmp_path / "data", forms, empty=True) as made:
        made.create("contacts", {"email": ANN})
        yield made


def later(desk: Bench) -> None:
    desk.steer("clock", minutes=30)


def test_submissions_have_a_person_a_form_and_a_page(desk: Bench) -> None:
    """A submission belongs to the email that was filled in, also of one who becomes a contact by it."""
    guid, other = new_form(desk, "Contact us"), new_form(desk, "Newsletter")
    send_in(desk, guid, f" {ANN.upper()}")
    send_in(desk, guid, "new@acme.example")
    send_in(desk, other, ANN)
    later(desk)

    result = desk.pull()

    assert desk.sql(STORED) == [
        (email, "Contact us", f"{SITE}/contact") for email in (ANN, "new@acme.example")
    ]  # fmt: skip
    assert status(result)[FORMS] == "active"
    assert counted(desk, FORMS) == [(contact_of(desk, email), 1) for email in (ANN, "new@acme.example")]


def test_a_later_pull_reads_only_what_is_new(desk: Bench) -> None:
    """A second pull takes one call for the form, and finds what is new once, with or without an id of HubSpot's."""
    guid = new_form(desk, "Contact us")
    # Every seventh submission comes without an id, and a page has 50.
    send_in_many(desk, guid, ANN, 60)
    later(desk)
    desk.pull()
    assert desk.calls_to(SUBMISSIONS) == 2

    send_in(desk, guid, ANN)
    later(desk)
    desk.pull()

    assert desk.calls_to(SUBMISSIONS) == 3
    assert len(desk.sql(STORED)) == 61


def test_a_submission_with_an_earlier_date_is_found_when_it_is_reconciled(desk: Bench) -> None:
    """What is sent in with the date of some days ago is found by the pull that looks for late ones."""
    guid = new_form(desk, "Contact us")
    desk.pull()
    send_in(desk, guid, ANN, desk.last.now - timedelta(days=3))

    later(desk)
    desk.pull()
    assert desk.sql(STORED) == []

    desk.steer("clock", days=1)
    desk.pull()
    assert len(desk.sql(STORED)) == 1


def test_a_first_pull_goes_on_where_it_stopped(desk: Bench) -> None:
    """A pull that broke off between two pages goes on with the next page."""
    guid = new_form(desk, "Contact us")
    send_in_many(desk, guid, ANN, 70)
    later(desk)
    desk.pull()

    def stream(position: Any) -> FormStream:
        made = FormStream(opening(desk, FORMS, position), FormSource(**{"from": "forms"}))
        assert made.why_not() is None
        return made

    everything = [event for batch in stream(None).batches() for event in batch.events]
    first = next(stream(None).batches())
    calls = desk.calls_to(SUBMISSIONS)
    rest = [event for batch in stream(first.position).batches() for event in batch.events]

    assert [*first.events, *rest] == everything
    # The page that is left, and a look for what came since.
    assert desk.calls_to(SUBMISSIONS) - calls == 2


def test_a_form_that_is_not_there_is_replaced_by_counters(desk: Bench) -> None:
    """A form that nobody knows is named, and the contact's counters are used."""
    result = desk.pull()

    report = {each.source: each for each in result.sources}[FORMS]
    assert report.reason == "the portal has no form called 'Contact us'"
    assert report.replaced_by == "form_submitted/counters"


def test_a_token_without_the_scope_uses_counters(forms: Catalog, tmp_path: Path) -> None:
    """Without the scope for forms, the reason names it and the counters are used."""
    with bench(tmp_path / "data", forms, empty=True) as desk:
        body = {"status": "error", "errors": [{"message": "m", "context": {"requiredGranularScopes": ["forms"]}}]}
        desk.fault("/marketing/v3/forms", method="GET", status=403, body=body)
        report = {each.source: each for each in desk.pull().sources}[FORMS]

    assert "may not read forms (403): add the scope forms" in report.reason
    assert report.replaced_by == "form_submitted/counters"


def test_another_form_is_read_anew(desk: Bench, tmp_path: Path) -> None:
    """When the source names another form, the events of the old one go; without a form all are read."""
    guid, other = new_form(desk, "Contact us"), new_form(desk, "Newsletter")
    send_in(desk, guid, ANN)
    send_in(desk, other, ANN)
    later(desk)
    desk.pull()

    folder = shutil.copytree(MARKETING, tmp_path / "config")
    events = (folder / "events.yaml").read_text()
    for form, found in (("form: newsletter", ["Newsletter"]), (f"form: {guid}", ["Contact us"])):
        (folder / "events.yaml").write_text(events.replace("form: Contact us", form))
        desk.catalog = load(folder)
        desk.pull()
        assert [form for _, form, _ in desk.sql(STORED)] == found
    (folder / "events.yaml").write_text(events.replace(", form: Contact us", ""))
    desk.catalog = load(folder)
    desk.pull()
    assert {form for _, form, _ in desk.sql(STORED)} == {"Contact us", "Newsletter"}
