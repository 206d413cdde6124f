"""Marketing emails: the events of the v1 API, and forms, are the facts that the world's contacts count."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from api_given import Api

from hubsync.emulator import EmulatorServer, Options

EVENTS = "/email/public/v1/events"
COUNTERS = {"DELIVERED": "hs_email_delivered", "OPEN": "hs_email_open", "CLICK": "hs_email_click",
            "BOUNCE": "hs_email_bounce"}  # fmt: skip


@pytest.fixture(scope="module")
def lived():
    """A world of 150 contacts that lived on for a week; two of them are erased or archived by one test."""
    with EmulatorServer(Options(port=0, contacts=150, plan="off", search_lag_ms=3_600_000)) as server:
        api = Api(server)
        api.post("/_emulator/clock", {"days": 7})
        yield api
        api.session.close()


def _all(api, **query):
    events, offset = [], {}
    while True:
        page = api.get(EVENTS, limit=1000, **query, **offset).json()
        events += page["events"]
        if not page["hasMore"]:
            return events
        offset = {"offset": page["offset"]}


@pytest.fixture(scope="module")
def events(lived):
    return _all(lived)


def test_events_are_what_the_counters_count(lived, events):
    """For each contact that was not merged, the events without the filtered ones are exactly its counters."""
    counted = defaultdict(Counter)
    for event in events:
        if not event["filteredEvent"]:
            counted[event["recipient"]][event["type"]] += 1
    compared = 0
    for rec in lived.portal.objects["contacts"].values():
        if "hs_merged_object_ids" in rec.properties:
            continue
        told = {kind: counted[rec.properties["email"]][kind] for kind in COUNTERS}
        assert told == {kind: int(rec.properties.get(name, 0)) for kind, name in COUNTERS.items()}
        compared += sum(told.values())
    assert compared > 300


def test_events_come_newest_first_and_each_once(lived, events):
    """Pages of up to 1,000 by cursor, in falling order of time; ids are unique and stay the same."""
    moments = [event["created"] for event in events]
    assert moments == sorted(moments, reverse=True)
    assert len({(event["id"], event["created"]) for event in events}) == len(events)
    small = lived.get(EVENTS, limit=7).json()
    assert small["events"] == events[:7]
    assert lived.get(EVENTS, limit=7, offset=small["offset"]).json()["events"] == events[7:14]
    assert lived.get(EVENTS, limit=1001).status_code == 400
    assert lived.get(EVENTS, offset="?").status_code == 400


def test_both_ends_of_the_time_are_included(lived, events):
    """startTimestamp and endTimestamp are inclusive; a day at a time gives everything once."""
    some = events[10:20]
    first, last = some[-1]["created"], some[0]["created"]
    found = _all(lived, startTimestamp=first, endTimestamp=last)
    assert found == [event for event in events if first <= event["created"] <= last]
    assert some[0] in found
    assert some[-1] in found


def test_events_are_filtered(lived, events):
    """By type, recipient and campaign, and without what HubSpot takes for a program's doing."""
    click = next(event for event in events if event["type"] == "CLICK")
    for query in ({"eventType": "CLICK"}, {"recipient": click["recipient"]}, {"campaignId": click["emailCampaignId"]}):
        field = {"eventType": "type", "campaignId": "emailCampaignId"}.get(next(iter(query)), "recipient")
        assert _all(lived, **query) == [event for event in events if event[field] == click[field]]
    people = _all(lived, excludeFilteredEvents="true")
    assert people == [event for event in events if not event["filteredEvent"]]
    assert 0 < len(people) < len(events)
    assert lived.get(EVENTS, eventType="NONE").status_code == 400


def test_programs_click_every_link_within_a_second(events):
    """A security scanner opens a mail and follows all its links at once; only some of that is marked as filtered."""
    clicks = defaultdict(list)
    for event in events:
        if event["type"] == "CLICK" and not event["filteredEvent"]:
            clicks[event["sentBy"]["id"]].append(event)
    bursts = []
    for found in clicks.values():
        first = min(event["created"] for event in found)
        bursts.append([event["url"] for event in found if event["created"] - first < 1_000])
    bursts = [urls for urls in bursts if len(urls) >= 4]
    assert bursts
    assert all(len(set(urls)) == len(urls) for urls in bursts)


def test_every_answer_to_a_mail_names_the_mail(events):
    """`sentBy` is the id and time of a SENT event of the same recipient and campaign."""
    sent = {event["id"]: event for event in events if event["type"] == "SENT"}
    for event in events:
        if event["type"] != "SENT":
            mail = sent[event["sentBy"]["id"]]
            assert (mail["created"], mail["recipient"]) == (event["sentBy"]["created"], event["recipient"])
            assert mail["emailCampaignId"] == event["emailCampaignId"]


def test_the_last_moments_are_not_there_yet(lived):
    """An event shows only after the lag that search has, too."""
    with lived.portal.lock:
        now = int(lived.portal.now.timestamp() * 1000)
        id = next(iter(lived.portal.objects["contacts"]))
        for minutes in (30, 90):
            at = now - minutes * 60_000
            lived.portal.tools.emails.note(at, "OPEN", id, f"after{minutes}@example.com", at)
    late = [event["recipient"] for event in _all(lived) if event["recipient"].startswith("after")]
    assert late == ["after90@example.com"]


def test_campaigns_have_the_counters_of_their_events(lived, events):
    """Campaigns are listed by id and told with what happened to them."""
    listed = lived.get("/email/public/v1/campaigns/by-id", limit=3).json()
    assert (len(listed["campaigns"]), listed["hasMore"]) == (3, True)
    id = listed["campaigns"][0]["id"]
    told = lived.get(f"/email/public/v1/campaigns/{id}").json()
    own = [event for event in events if event["emailCampaignId"] == id]
    assert told["counters"]["sent"] == sum(event["type"] == "SENT" for event in own)
    assert told["subject"] == next(event["subject"] for event in own if event["type"] == "SENT")
    assert lived.get("/email/public/v1/campaigns/5").status_code == 404


def test_emails_are_told_with_their_counters(lived, events):
    """Both lists of emails count what the campaigns count, in pages, newest first."""
    campaigns = lived.get("/email/public/v1/campaigns", limit=500).json()
    assert campaigns == lived.get("/email/public/v1/campaigns/by-id", limit=500).json()
    ids = [one["id"] for one in campaigns["campaigns"]]
    old = lived.get("/marketing-emails/v1/emails/with-statistics", limit=3, offset=1).json()
    assert ([one["id"] for one in old["objects"]], old["total"]) == (ids[1:4], len(ids))
    first = lived.get("/marketing/v3/emails", limit=2, includeStats="true").json()
    rest = lived.session.get(first["paging"]["next"]["link"], timeout=10).json()
    assert [one["id"] for one in first["results"] + rest["results"]] == [str(id) for id in ids[:4]]
    counters = [lived.get(f"/email/public/v1/campaigns/{id}").json()["counters"] for id in ids[:4]]
    assert [one["stats"]["counters"] for one in old["objects"]] == counters[1:]
    assert [one["stats"]["counters"] for one in first["results"] + rest["results"]] == counters
    assert "stats" not in lived.get("/marketing/v3/emails").json()["results"][0]
    busy = next(event["emailCampaignId"] for event in events if event["filteredEvent"])
    by_people = [one for one in events if one["emailCampaignId"] == busy and not one["filteredEvent"]]
    told = lived.get("/marketing-emails/v1/emails/with-statistics", limit=300).json()["objects"]
    (counted,) = [one["stats"]["counters"] for one in told if one["id"] == busy]
    assert counted == Counter(one["type"].lower() for one in by_people)


def test_opt_outs_are_a_timeline(lived, events):
    """Who opted out is told newest first and in pages, by time, for the one type of subscription."""
    with lived.portal.lock:
        at = int(lived.portal.now.timestamp() * 1000) - 2 * 3_600_000
        id = next(iter(lived.portal.objects["contacts"]))
        lived.portal.tools.emails.note(at, "STATUSCHANGE", id, "out@example.com", at)
    out = [(event["recipient"], event["created"]) for event in events if event["type"] == "STATUSCHANGE"]
    out.insert(0, ("out@example.com", at))
    path, rows, offset = "/email/public/v1/subscriptions/timeline", [], {}
    while True:
        page = lived.get(path, limit=1, startTimestamp=1, **offset).json()
        rows += page["timeline"]
        if not page["hasMore"]:
            break
        offset = {"offset": page["offset"]}
    assert len(out) > 1
    assert [(row["recipient"], row["timestamp"]) for row in rows] == out
    assert lived.get(path, endTimestamp=out[-1][1]).json()["timeline"] == rows[-1:]
    (kind,) = lived.get("/email/public/v1/subscriptions").json()["subscriptionDefinitions"]
    assert {row["changes"][0]["subscriptionId"] for row in rows} == {kind["id"]}


def test_an_erased_contact_leaves_no_event(lived, events):
    """What a contact that was erased did is told no more, but of a contact in the recycle bin it is."""
    gone, binned = [id for id, rec in lived.portal.objects["contacts"].items() if rec.properties.get("hs_email_open")][
        :2
    ]
    mails = {id: lived.portal.objects["contacts"][id].properties["email"] for id in (gone, binned)}
    lived.post("/crm/v3/objects/contacts/gdpr-delete", {"objectId": gone})
    lived.delete(f"/crm/v3/objects/contacts/{binned}")
    assert _all(lived, recipient=mails[gone]) == []
    assert _all(lived, recipient=mails[binned]) != []


def test_the_scope_is_content(lived):
    """Without the scope `content` nothing of it is told."""
    token = lived.post("/_emulator/tokens", {"scopes": ["forms"]}).json()["token"]
    refused = lived.with_token(token).get(EVENTS)
    assert refused.json()["errors"][0]["context"]["requiredGranularScopes"] == ["content"]


def test_submissions_are_what_the_conversions_count(lived):
    """For each contact that was not merged, the submissions of all forms are its conversions, the newest the last."""
    sent = defaultdict(list)
    for form in lived.get("/marketing/v3/forms").json()["results"]:
        after = {}
        while after is not None:
            page = lived.get(f"/form-integrations/v1/submissions/forms/{form['id']}", limit=50, **after).json()
            for row in page["results"]:
                sent[row["values"][0]["value"]].append(row["submittedAt"])
            after = {"after": page["paging"]["next"]["after"]} if "paging" in page else None
    compared = 0
    for rec in lived.portal.objects["contacts"].values():
        if "hs_merged_object_ids" not in rec.properties:
            told = len(sent[rec.properties["email"]])
            assert told == int(rec.properties.get("num_conversion_events", 0))
            compared += told
    assert compared > 20
