"""Page views, forms and marketing mails, with the programs that open and click in people's place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hubsync.emulator.email_events import BOT, BOUNCE, CLICK, DELIVERED, OPEN, SENT, STATUSCHANGE
from hubsync.emulator.world import words
from hubsync.emulator.world.audiences import Audiences
from hubsync.emulator.world.calendar import DAY, HOUR, MINUTE
from hubsync.emulator.world.dice import Dice
from hubsync.emulator.world.scene import Scene
from hubsync.emulator.world.subjects import Person

_MAIL = 20
_LINKS_CLICKED_BY_BOTS = (4, 9)
_LINKS = (*words.BLOG_PAGES, *words.HELP_PAGES)


class Interest(NamedTuple):
    """How likely a mail is read at the least, and once read, that a link is clicked and that it is answered."""

    read: float
    click: float
    reply: float


CASUAL, KEEN = Interest(0.0, 0.3, 0.06), Interest(0.85, 0.6, 0.4)


class Marketing:
    """What contacts do on the web site and with the mails they get."""

    def __init__(self, scene: Scene, audiences: Audiences) -> None:
        self._scene = scene
        self._audiences = audiences

    def visit(self, t: int, person: Person, pages: Sequence[str], referrer: str = "") -> None:
        """One visit to the web site."""
        if not person.present:
            return
        scene = self._scene
        for place, page in enumerate(pages):
            at = t + place * 70_000
            title = page.strip("/").replace("/", " - ").replace("-", " ").capitalize()
            view = {"hs_url": words.SITE + page, "hs_title": title, "hs_referrer": referrer}
            scene.occur("e_visited_page", person, at, scene.moment(at), view)
            self._audiences.saw(at, person, page)
            scene.count(person, at, "hs_analytics_num_page_views", "hs_analytics_last_timestamp")
            if person.company:
                scene.count(person.company, at, "hs_analytics_num_page_views", "hs_analytics_last_timestamp")
        scene.count(person, t, "hs_analytics_num_visits", "hs_analytics_last_visit_timestamp")

    def submit(self, t: int, person: Person, form: str) -> None:
        """Fill in a form."""
        if not person.present:
            return
        scene, traits = self._scene, person.traits
        forms = scene.portal.tools.forms
        values = {"email": traits.email, "firstname": traits.first_name, "lastname": traits.last_name}
        page = words.SITE + "/" + form.partition(":")[0].lower().replace(" ", "-")
        forms.submit(forms.by_name[form.partition(": ")[2]], scene.ms(t), person.id, values, page)
        scene.count(person, t, "num_conversion_events", "recent_conversion_date")
        scene.change(person, t, {"recent_conversion_event_name": form})

    def mail(self, t: int, person: Person, interest: Interest = CASUAL) -> None:
        """Send a marketing mail, and let happen what follows from it."""
        if not person.alive or person.opted_out:
            return
        scene, traits = self._scene, person.traits
        dice = scene.dice(_MAIL, person.key, t)
        if person.left:
            self._note(t, SENT, person, t)
            self._note(t + 4_000, BOUNCE, person, t)
            scene.count(person, t, "hs_email_bounce")
            scene.change(person, t, {"hs_email_bad_address": "true"})
            person.opted_out = True
            return
        self._note(t, SENT, person, t)
        self._note(t + 2_000, DELIVERED, person, t)
        scene.count(person, t, "hs_email_delivered", "hs_email_last_send_date")
        if person.company and person.company.traits.scanner:
            self._scanned(t, person, dice)
        reads = dice.chance(max(traits.reader, interest.read))
        if traits.proxy or reads:
            delay = MINUTE if traits.proxy else int(dice.exponential(3.0) * HOUR)
            scene.plan(min(t + delay, t + DAY), self._read if reads else self._open, person, t, dice, interest)

    def _scanned(self, t: int, person: Person, dice: Dice) -> None:
        low, high = _LINKS_CLICKED_BY_BOTS
        clicks = low + dice.below(high - low + 1)
        self._note(t + 400, OPEN, person, t)
        for link in range(clicks):
            self._note(t + 900 + link * 10, CLICK, person, t, words.SITE + _LINKS[link])
        self._note(t + 1_500, CLICK, person, t, BOT + words.SITE + _LINKS[0])
        self._scene.count(person, t + 400, "hs_email_open", "hs_email_last_open_date")
        self._scene.count(person, t + 900, "hs_email_click", "hs_email_last_click_date", by=clicks)
        self._scene.truth.bot_clicks += clicks

    def _note(self, t: int, what: str, person: Person, sent: int, detail: str = "") -> None:
        scene = self._scene
        scene.portal.tools.emails.note(scene.ms(t), what, person.id, person.traits.email, scene.ms(sent), detail)

    def _open(self, t: int, person: Person, sent: int, *_: object) -> None:
        if person.alive:
            self._note(t, OPEN, person, sent)
            self._scene.count(person, t, "hs_email_open", "hs_email_last_open_date")

    def _read(self, t: int, person: Person, sent: int, dice: Dice, interest: Interest) -> None:
        if not person.alive:
            return
        scene = self._scene
        self._open(t, person, sent)
        if dice.chance(interest.click):
            scene.count(person, t + MINUTE, "hs_email_click", "hs_email_last_click_date")
            page = dice.pick(words.BLOG_PAGES)
            self._note(t + MINUTE, CLICK, person, sent, words.SITE + page)
            self.visit(t + MINUTE, person, [page], "https://mail.vendor.example/")
        if dice.chance(interest.reply):
            scene.count(person, t + 9 * MINUTE, "hs_email_replied", "hs_email_last_reply_date")
        if dice.chance(0.012):
            person.opted_out = True
            self._note(t + 2 * MINUTE, STATUSCHANGE, person, sent)
            scene.change(person, t + 2 * MINUTE, {"hs_email_optout": "true"})
