"""Events of marketing that HubSpot keeps: opens and clicks of emails, forms sent in, lists that were joined."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from hubsync.scoring.event_source import EventSource
from hubsync.scoring.units import Days, Declaration, Scored, Text


class Bots(Declaration):
    """Which opens and clicks are taken for the doing of a program: kept, counted and left out of every score.

    `filtered`: HubSpot itself marks them. `seconds`: less than so long after the mail was sent; a security gateway
    looks at a mail before it delivers it, a person has to receive, open and read it first. `links`: so many different
    links of one mail by one recipient, each within 2 seconds of the one before. `proxies`: opens that a mail
    provider's image proxy makes. 0 or false switches a rule off. The opens of Apple's Mail Privacy Protection name no
    program and can't be told apart: weigh clicks more than opens.
    """

    filtered: bool = True
    seconds: Annotated[int, Field(ge=0, le=3600)] = 10
    links: Annotated[int, Field(ge=0, le=100)] = 3
    proxies: bool = True

    @model_validator(mode="after")
    def _several(self) -> Bots:
        if self.links == 1:
            raise ValueError("one link alone is clicked by people too; write 2 links or more, or 0 for none")
        return self


class EmailEventSource(EventSource):
    """Opens or clicks of marketing emails one by one, with the link that was clicked, for the last `days`.

    Scope `content`; every plan that sends marketing emails. A first pull takes at
    least one call for each of the days, a later one a call for today and, once a day, for the last three. HubSpot
    stops supporting the v1 API behind it in September 2027: then, and on tokens without the scope, the next source
    is used, which should be the counters of the contact (no links, no bot filter).
    """

    from_: Literal["email_events"] = Field(alias="from")
    type: Literal["CLICK", "OPEN"]
    days: Days = 90
    bots: Bots = Bots()

    @property
    def by_email(self) -> bool:
        """Whether its events name a person by email, not a record by id."""
        return True

    @property
    def carries(self) -> frozenset[str]:
        """The attributes that its events have."""
        return frozenset({"campaign", "device", "user_agent"} | ({"url"} if self.type == "CLICK" else set()))

    @property
    def known_by(self) -> str | None:
        """The number of delivered marketing emails: who never got one can't open one."""
        return "hs_email_delivered"


class FormSource(EventSource):
    """Forms that were sent in, one by one, with the name of the form and the page; of one `form` or of all.

    Scope `forms`; every plan. A pull takes a call for each form and each 50 new submissions, and one for each 100
    forms. HubSpot names the email that was filled in, no contact. Without the scope: the conversion counters of the
    contact (no form, no page).
    """

    from_: Literal["forms"] = Field(alias="from")
    form: Text | None = None

    @property
    def by_email(self) -> bool:
        """Whether its events name a person by email, not a record by id."""
        return True

    @property
    def carries(self) -> frozenset[str]:
        """The attributes that its events have."""
        return frozenset({"form", "url"})

    @property
    def known_by(self) -> str | None:
        """The email: by it a submission finds its contact."""
        return "email"


class ListSource(EventSource):
    """Records that joined a list of HubSpot, dated by when they joined; leaving it undoes nothing.

    This is the way to signals about single pages below Enterprise: let HubSpot keep a list such as "has looked at
    /pricing", and count who joined it. A record that left and joined again has joined twice. Records that fitted when
    the list was made joined at that moment, and nothing is known from before it; who joined and left between two
    pulls is not seen. Scope `crm.lists.read`; every plan, as many lists as it allows. A pull takes one call for each
    100 members that are new, and once a day one for each 100 of all. Without the scope: page views as event
    occurrences (Enterprise), or counters.
    """

    from_: Literal["lists"] = Field(alias="from")
    object: Scored = "contacts"
    list: Annotated[Text, Field(coerce_numbers_to_str=True)]
