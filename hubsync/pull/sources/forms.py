"""Events from forms: what was sent in, newest first, form by form, down to what is known already."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hubsync.crm import Client
from hubsync.crm.marketing import Form, Submission
from hubsync.crm.paging import RowPage
from hubsync.crm.times import milliseconds
from hubsync.errors import RefusedError, ScopeError
from hubsync.pull.sources.streams import LATE, OVERLAP, Opening, Pages
from hubsync.scoring.marketing_sources import FormSource
from hubsync.store import Writer
from hubsync.types import Batch, EventRow

_NOT_FOUND = 404


@dataclass
class FormList:
    """The forms of the portal, asked for once in a pull."""

    _forms: Sequence[Form] | None = None

    def of(self, client: Client) -> Sequence[Form]:
        """All forms that are not archived; raises ScopeError."""
        if self._forms is None:
            self._forms = client.marketing.forms()
        return self._forms


@dataclass(frozen=True, slots=True)
class Look:
    """A look at a form: down to `since`, as it was at a moment, from the page at `after` on."""

    form: Form
    since: datetime
    at: datetime
    after: str | None = None


def open_stream(given: Opening, source: FormSource) -> FormStream:
    """The stream of a source."""
    return FormStream(given, source)


@dataclass
class FormStream:
    """What was sent in with one form or with all, as far back as the models look.

    The position holds for each form's guid `since` and `until`, between which everything was read, and the look that
    is being read (`open`); beside them `late`, when it was last looked for what came late.
    """

    given: Opening
    source: FormSource
    total: int | None = None
    unreadable: int = 0
    _forms: Sequence[Form] = field(default=(), init=False)
    _known: dict[str, dict[str, Any]] = field(default_factory=dict, init=False)
    _pages: Pages[Look, RowPage[Submission]] = field(init=False)

    def __post_init__(self) -> None:
        self._pages = Pages(self._fetch)
        if not self.given.full and not self.outdated:
            self._known = {guid: dict(state) for guid, state in self.given.so_far.get("forms", {}).items()}

    @property
    def name(self) -> str:
        """The source's id."""
        return self.given.name

    @property
    def outdated(self) -> bool:
        """True when the stored events are of another form."""
        return self.given.differs("form", self.source.form)

    @property
    def starts_at(self) -> datetime:
        """From when on everything is known once the stream has ended."""
        begins = (self._known.get(form.guid, {}).get("since") for form in self._forms)
        return max((datetime.fromisoformat(each) for each in begins if each), default=self.given.since)

    def why_not(self) -> str | None:
        """Why this source can't be used, or None when it can; the first page it reads is kept."""
        wanted = self.source.form
        try:
            forms = self.given.shared.of(FormList).of(self.given.portal.client)
            self._forms = [
                form for form in forms
                if wanted is None or wanted == form.guid or wanted.casefold() == form.name.casefold()
            ]  # fmt: skip
            if wanted is not None and not self._forms:
                return f"the portal has no form called '{wanted}'"
            if look := next(self._looks(), None):
                self._pages.read_ahead(look)
        except ScopeError as error:
            return str(error)
        except RefusedError as error:
            if error.status != _NOT_FOUND:
                raise
        return None

    def batches(self) -> Iterator[Batch]:
        """The pages of all forms, each with the places to go on from."""
        for look in [*self._looks()]:
            try:
                yield from self._seen_at(look)
            except RefusedError as error:
                # One form may be gone since all were listed, or be of a sort that shows nothing.
                if error.status != _NOT_FOUND:
                    raise
        yield Batch(self.name, position=self._cursor(done=True))

    def finish(self, writer: Writer) -> None:
        """Nothing is left to do: the last batch said that all has come."""

    def _seen_at(self, look: Look) -> Iterator[Batch]:
        for page in self._pages.of(look):
            new = [row for row in page.rows if row.at >= look.since]
            after = page.next_after if len(new) == len(page.rows) else None
            self._note(look, after)
            events = [event for each in new if (event := self._event(look.form, each))]
            yield Batch(self.name, events=events, position=self._cursor(done=False))
            if after is None:
                return

    def _looks(self) -> Iterator[Look]:
        for form in self._forms:
            yield from self._looks_at(form, self._known.get(form.guid, {}))

    def _looks_at(self, form: Form, state: Mapping[str, Any]) -> Iterator[Look]:
        now, wanted = self.given.as_of.now, self.given.since
        if begun := state.get("open"):
            at = datetime.fromisoformat(begun["at"])
            yield Look(form, datetime.fromisoformat(begun["since"]), at, begun["after"])
            yield Look(form, at - OVERLAP, now)
        elif state and datetime.fromisoformat(state["since"]) <= wanted:
            until = datetime.fromisoformat(state["until"])
            yield Look(form, until - (LATE if self.given.reconciles else OVERLAP), now)
        else:
            yield Look(form, wanted, now)

    def _note(self, look: Look, after: str | None) -> None:
        state = self._known.setdefault(look.form.guid, {})
        if after is not None:
            state["open"] = {"since": look.since.isoformat(), "at": look.at.isoformat(), "after": after}
            return
        state.pop("open", None)
        since = look.since.isoformat()
        state |= {"since": min(state.get("since", since), since), "until": look.at.isoformat()}

    def _cursor(self, *, done: bool) -> Mapping[str, Any]:
        forms = {guid: dict(state) for guid, state in self._known.items()}
        return {"form": self.source.form, "late": self.given.late(done=done), "forms": forms}

    def _fetch(self, look: Look, after: str | None) -> RowPage[Submission]:
        return self.given.portal.client.marketing.submissions(look.form.guid, after)

    def _event(self, form: Form, one: Submission) -> EventRow | None:
        if one.email is None or "@" not in one.email:
            self.unreadable += 1
            return None
        attributes = {"form": form.name, **({"url": one.url} if one.url else {})}
        email = one.email.strip().lower()
        told = f"{form.guid}|{milliseconds(one.at)}|{email}|{one.url}"
        # HubSpot does not always give an id: then it is what it says.
        key = one.id or hashlib.blake2b(told.encode(), digest_size=12).hexdigest()
        return EventRow(self.name, key, self.given.kind, "email", email, one.at, attributes=attributes)
