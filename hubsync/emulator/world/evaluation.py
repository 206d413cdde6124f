"""What the people of a prospect do while they look for a product, and what the vendor learns from them."""

from __future__ import annotations

from hubsync.emulator.world import schema, words
from hubsync.emulator.world.calendar import DAY, HOUR, MINUTE
from hubsync.emulator.world.dice import Dice
from hubsync.emulator.world.lifecycle import advance, note_part
from hubsync.emulator.world.marketing import KEEN, Marketing
from hubsync.emulator.world.research import Research
from hubsync.emulator.world.scene import Act, Scene
from hubsync.emulator.world.subjects import Company, Person
from hubsync.emulator.world.touches import Touches
from hubsync.emulator.world.trials import Trials

_EVALUATION, _ANSWERS = 55, 56
_PARTS = (1.0, 0.8, 0.6)
"""How much each member of the buying group has to do with it."""

_VISITS, _FORMS, _MAILS, _MEETINGS, _CALLS = 5.0, 2.0, 6.0, 5.0, 4.0
"""How often each happens during an evaluation, to the one who does most in the most serious one."""


class Evaluation:
    """Plans what a buying group does from the day it begins to look until it decides."""

    def __init__(self, scene: Scene, marketing: Marketing, touches: Touches, research: Research,
                 trials: Trials) -> None:  # fmt: skip
        self._scene = scene
        self._marketing = marketing
        self._touches = touches
        self._research = research
        self._trials = trials

    def begin(self, t: int, company: Company) -> None:
        """A prospect begins to look for a product: those who decide, and the one who wants it."""
        dice = self._scene.dice(_EVALUATION, company.key, t)
        company.buyers = _buying_group(company)
        # Most only compare prices; those for whom the product is made mean it more often.
        means_it = dice.chance(0.05 + 0.85 * company.traits.fit)
        serious = dice.between(0.8, 1.2) if means_it else dice.between(0.1, 0.5)
        for person, part in zip(company.buyers, _PARTS, strict=False):
            self._plan(t, company, person, serious * part, dice)
        if company.buyers:
            self._research.compare(t, company, company.buyers[0], company.buying_until - t // DAY)
        if company.buyers and dice.chance(0.35 + 0.3 * means_it):
            at = t + int(dice.between(1, 12) * DAY)
            self._scene.plan(at, self._trials.begin, company, company.buyers[-1])

    def _plan(self, t: int, company: Company, person: Person, interest: float, dice: Dice) -> None:
        seller = schema.seller(company.key)
        for _ in range(dice.poisson(_VISITS * interest)):
            pages = ("/pricing", *(dice.pick(words.BUYING_PAGES) for _ in range(1 + dice.poisson(0.8))))
            self._some_time(t, company, dice, self._marketing.visit, person, pages)
        for _ in range(dice.poisson(_FORMS * interest)):
            form = words.FORMS[1] if dice.chance(0.5) else dice.pick(words.FORMS)
            self._some_time(t, company, dice, self._ask, person, form)
        for _ in range(dice.poisson(_MAILS * interest)):
            self._some_time(t, company, dice, self._marketing.mail, person, KEEN)
        for _ in range(dice.poisson(_MEETINGS * interest)):
            self._some_time(t, company, dice, self._meet, person, seller)
        for _ in range(dice.poisson(_CALLS * interest)):
            self._some_time(t, company, dice, self._touches.call, person, seller)

    def _some_time(self, t: int, company: Company, dice: Dice, act: Act, person: Person, *args: object) -> None:
        """Let somebody do something at some moment until the decision, unless that comes before."""
        calendar, today = self._scene.calendar, t // DAY + 1
        day = today + dice.below(company.buying_until - today)
        if calendar.is_weekend(day):
            day = today + dice.below(company.buying_until - today)
        self._scene.plan(calendar.at_work(dice, day), self._unless_decided, company, act, person, *args)

    def _unless_decided(self, t: int, company: Company, act: Act, person: Person, *args: object) -> None:
        if company.status == "prospect" and company.buying_until * DAY > t and not person.left:
            act(t, person, *args)

    def _ask(self, t: int, person: Person, form: str) -> None:
        self._marketing.submit(t, person, form)
        advance(self._scene, t + MINUTE, person, "marketingqualifiedlead")

    def _meet(self, t: int, person: Person, seller: str) -> None:
        if self._touches.meeting(t, person, seller):
            confirm(self._scene, t + HOUR, person)
            advance(self._scene, t + HOUR, person, "salesqualifiedlead")


def confirm(scene: Scene, t: int, person: Person) -> None:
    """Note what a conversation brought to light; whoever is asked again gives the same answers."""
    if not person.present or person.company is None:
        return
    note_part(scene, t, person)
    dice, fit = scene.dice(_ANSWERS, person.key), person.company.traits.fit
    likely = {"need_confirmed": 0.4 + 0.6 * fit, "budget_confirmed": 0.25 + 0.7 * fit}
    answers = {name: "true" if dice.chance(share) else "false" for name, share in likely.items()}
    said = {name: answer for name, answer in answers.items() if dice.chance(0.94)}
    scene.change(person, t, said | {"decision_role": decision_role(person.traits.seniority)})


def decision_role(seniority: float) -> str:
    """The part somebody has in decisions."""
    if seniority >= 0.75:
        return "decision_maker"
    return "influencer" if seniority >= 0.4 else "user"


def _buying_group(company: Company) -> list[Person]:
    """The most senior people, and the one who wants the product."""
    people = company.present()
    ranked = sorted(people, key=lambda person: (-person.traits.seniority, person.traits.place))
    group = ranked[: len(_PARTS)]
    wants = people[0] if people and people[0].traits.role == "champion" else None
    return group if wants is None or wants in group else [group[0], wants, *group[1 : len(_PARTS) - 1]]
