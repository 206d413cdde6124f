"""Portals from CSV files, and the command."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest
import requests

from hubsync.emulator import EmulatorError, EmulatorServer, Options

V = "/crm/objects/2026-09"
FILES = {
    "contacts.csv": "email,firstname,score:number,tier:enumeration,since:date,as_of\n"
    "a@example.com,Ann,5,gold,2026-01-01,2026-02-01T00:00:00Z\n"
    "a@example.com,Ann,N/A,silver,2026-01-01,2026-03-01T00:00:00Z\n"
    'b@example.com,"Bob, B.",,gold,,2026-02-01\n',
    "companies.csv": "id,name,domain\n77,Acme,acme.example\n",
    "deals.csv": "id,dealname,amount\n500,Big,1000\n",
    "associations.csv": "from_object,from_id,to_object,to_id,type\n"
    "contacts,a@example.com,companies,77,primary\n"
    "contacts,b@example.com,companies,77,\n"
    "deals,500,contacts,a@example.com,3\n"
    "contacts,b@example.com,deals,500,Payer\n",
    "events.csv": "object,id,email,kind,occurred_at,value,currency,feature\n"
    "contacts,,a@example.com,login,2026-09-01T10:00:00Z,,,\n"
    "contacts,,a@example.com,e_visited_page,2026-09-01T11:00:00Z,,,\n"
    "companies,77,,payment,2027-01-01T00:00:00Z,12.5,EUR,x\n",
}


def _folder(path, files):
    for name, text in files.items():
        (path / name).write_text(text, encoding="utf-8")
    return path


def test_loaded_files_become_a_portal(tmp_path, server_of):
    """Columns make properties, rows in time make history, associations and events have their types, time moves on."""
    api = server_of(load=_folder(tmp_path, FILES), plan="enterprise", empty=False)
    ann, bob = api.get(
        f"{V}/contacts",
        properties="email,score,tier,firstname",
        propertiesWithHistory="score",
        associations="companies,deals",
    ).json()["results"]
    assert (ann["properties"]["score"], ann["properties"]["tier"]) == ("N/A", "silver")
    assert (bob["properties"]["score"], bob["properties"]["firstname"]) == (None, "Bob, B.")
    assert (ann["createdAt"], ann["updatedAt"]) == ("2026-02-01T00:00:00.000Z", "2026-03-01T00:00:00.000Z")
    assert [one["value"] for one in ann["propertiesWithHistory"]["score"]] == ["N/A", "5"]
    assert "contact_to_company" in [one["type"] for one in ann["associations"]["companies"]["results"]]
    assert "payer" in [one["type"] for one in bob["associations"]["deals"]["results"]]
    tier = api.get("/crm/properties/2026-09/contacts/tier").json()
    assert (tier["type"], [one["value"] for one in tier["options"]]) == ("enumeration", ["gold", "silver"])
    assert api.get(f"{V}/companies/77").json()["properties"]["name"] == "Acme"
    events = "/events/event-occurrences/2026-09"
    assert api.get(f"{events}/event-types").json()["eventTypes"] == [
        "e_visited_page",
        "pe4242424_login",
        "pe4242424_payment",
    ]
    paid = api.get(events, eventType="pe4242424_payment").json()["results"][0]
    assert (paid["objectType"], paid["objectId"], paid["properties"]) == (
        "COMPANY",
        "77",
        {"value": "12.5", "currency": "EUR", "feature": "x"},
    )
    assert api.get(f"{V}/deals").headers["Date"].startswith("Fri, 01 Jan 2027 00:00:0")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "has none of contacts.csv"),
        ({"contacts.csv": ""}, "contacts.csv, line 1: the header is missing"),
        ({"contacts.csv": "email,nonsense\n"}, "contacts.csv, line 1: contacts have no property nonsense"),
        ({"contacts.csv": "email,x:float\n"}, "contacts.csv, line 1: 'x:float' has no type"),
        ({"contacts.csv": "email,city:number\n"}, "contacts.csv, line 1: city exists with type string"),
        ({"contacts.csv": "email,email\n"}, "contacts.csv, line 1: the column email is there twice"),
        ({"contacts.csv": "email,city\na@b.co\n"}, "contacts.csv, line 2: 1 cells instead of 2"),
        ({"contacts.csv": "id,city\nx1,Ulm\n"}, "contacts.csv, line 2: id 'x1' is no number"),
        ({"contacts.csv": "email,city\n,Ulm\n"}, "contacts.csv, line 2: neither id nor email"),
        ({"contacts.csv": "email\na@b.co\na@b.co\n"}, "contacts.csv, line 3: the record has a row already"),
        ({"contacts.csv": "id,email\n1,a@b.co\n2,a@b.co\n"}, "contacts.csv, line 3: contacts 1 has the same email"),
        ({"contacts.csv": "email,as_of\na@b.co,soon\n"}, "contacts.csv, line 2: as_of 'soon' is no time"),
        (
            {"contacts.csv": "email,as_of\na@b.co,2026-02-01\na@b.co,2026-01-01\n"},
            "contacts.csv, line 3: as_of is earlier",
        ),
        ({"contacts.csv": 'email\n"a@b.co\n'}, "contacts.csv, line 2: unexpected end of data"),
        (
            {"contacts.csv": "email\n", "associations.csv": "from_object,from_id,to_object\n"},
            "associations.csv, line 1: the column to_id is missing",
        ),
        (
            {
                "contacts.csv": "email\na@b.co\n",
                "associations.csv": "from_object,from_id,to_object,to_id\ncontacts,x@b.co,deals,1\n",
            },
            "associations.csv, line 2: from_id 'x@b.co' is none of the contacts",
        ),
        (
            {"contacts.csv": "email\n", "associations.csv": "from_object,from_id,to_object,to_id\npeople,1,deals,1\n"},
            "associations.csv, line 2: from_object 'people' is no object type",
        ),
        (
            {
                "contacts.csv": "id,email\n1,a@b.co\n2,b@b.co\n",
                "associations.csv": "from_object,from_id,to_object,to_id,type\ncontacts,1,contacts,2,4\n",
            },
            "associations.csv, line 2: type 4 is no association type",
        ),
        (
            {
                "contacts.csv": "email\na@b.co\n",
                "events.csv": "object,email,kind,occurred_at\ncontacts,a@b.co,,2026-01-01\n",
            },
            "events.csv, line 2: kind is empty",
        ),
        (
            {
                "contacts.csv": "email\na@b.co\n",
                "events.csv": "object,email,kind,occurred_at\ncontacts,a@b.co,login,never\n",
            },
            "events.csv, line 2: occurred_at 'never' is no time",
        ),
    ],
)
def test_bad_files_are_named(tmp_path, files, said):
    """A bad file is one sentence with the file and the line."""
    with pytest.raises(EmulatorError) as mistake:
        EmulatorServer(Options(port=0, load=_folder(tmp_path, files)))
    assert said in str(mistake.value)
    assert "\n" not in str(mistake.value)


def _start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "hubsync.emulator", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_prints_where_it_is_and_ends_quietly(number):
    """The first line on stdout is JSON with url and token; a signal ends it with 0 and not one more word."""
    with _start("--port", "0", "--empty", "--plan", "starter", "--now", "2026-01-02T03:04:05Z") as process:
        line = json.loads(process.stdout.readline())
        answer = requests.get(
            line["url"] + "/account-info/v3/details", timeout=10, headers={"Authorization": f"Bearer {line['token']}"}
        )
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert answer.json()["portalId"] == line["portal_id"]
    assert answer.headers["Date"].startswith("Fri, 02 Jan 2026 03:04:0")
    assert answer.headers["X-HubSpot-RateLimit-Max"] == "100"
    assert (process.returncode, out, err) == (0, "", "")


def test_the_command_refuses_bad_files(tmp_path):
    """Bad files, like a taken port, are exit 2 with one line on stderr and nothing on stdout."""
    with _start("--port", "0", "--load", str(_folder(tmp_path, {"contacts.csv": "email,nonsense\n"}))) as process:
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err.count("\n")) == (2, "", 1)
    assert "contacts.csv, line 1" in err


def test_a_taken_port_is_named(api):
    """A port that is in use is one sentence that says what to do."""
    port = int(api.url.rpartition(":")[2])
    with pytest.raises(EmulatorError, match=f"port {port} .* choose another with --port"):
        EmulatorServer(Options(port=port, empty=True))


def test_the_world_is_served_and_lives_on(server_of):
    """Without files or --empty the portal is a small world, and the clock endpoint lives its next days."""
    api = server_of(empty=False, contacts=40, plan="enterprise")
    before = api.get("/_emulator/stats").json()["calls"]
    listed = api.get(f"{V}/contacts", limit=100).json()["results"]
    assert (before, len(listed) >= 40) == (0, True)
    assert api.post("/_emulator/clock", {"days": 2}).json()["now"].startswith("2026-09-23T14:00:")
    since = [{"propertyName": "lastmodifieddate", "operator": "GTE", "value": "2026-09-21T14:00:00Z"}]
    assert api.post(f"{V}/contacts/search", {"filters": since}).json()["total"] > 0
