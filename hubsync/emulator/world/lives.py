"""How records come and go: births, duplicates and their merges, deletions, people who leave."""

from __future__ import annotations

from hubsync.emulator.world import schema, words
from hubsync.emulator.world.audiences import Audiences
from hubsync.emulator.world.calendar import DAY, HOUR, MINUTE
from hubsync.emulator.world.dice import Dice
from hubsync.emulator.world.evaluation import decision_role
from hubsync.emulator.world.lifecycle import entered, register
from hubsync.emulator.world.marketing import Marketing
from hubsync.emulator.world.population import CompanyTraits, PersonTraits, Row
from hubsync.emulator.world.scene import Scene
from hubsync.emulator.world.subjects import Company, Person, Subject
from hubsync.emulator.world.success import Success

_COMPANY, _PERSON, _STATE, _BIRTH, _ARRIVALS, _NEWS = 10, 11, 12, 13, 14, 15
_NEW_A_DAY = 0.002
_MISSING = 0.14
_BUYING_ROLES = {"champion": "CHAMPION", "user": "END_USER", "executive": "BUDGET_HOLDER", "passive": "OTHER"}


class Lives:
    """Brings people and companies into the portal when their time has come, and takes them out again."""

    def __init__(self, scene: Scene, marketing: Marketing, success: Success, audiences: Audiences) -> None:
        self._scene = scene
        self._marketing = marketing
        self._success = success
        self._audiences = audiences
        self._row = Row(scene.seed)
        self._founded: dict[int, int] = {}

    def settle(self, contacts: int, until: int) -> None:
        """Plan the births of as many people as it takes to have this many contacts on the last day."""
        alive = 0
        while alive < contacts:
            traits, company = self._row.take()
            self._plan_birth(traits, company)
            alive += min(traits.merged, traits.archived) > until

    def arrive(self, day: int, contacts: int) -> None:
        """Plan the births of those who come newly on a day that nobody planned ahead."""
        dice = self._scene.dice(_ARRIVALS, day)
        for _ in range(dice.poisson(contacts * _NEW_A_DAY)):
            self._plan_birth(*self._row.take(day))

    def notice(self, t: int) -> None:
        """Find out which people and companies users and programs deleted or merged since the last time."""
        portal, found = self._scene.portal, dict[tuple[str, str], Subject]()
        for subject in (*self._scene.companies.values(), *self._scene.people):
            if not subject.alive:
                continue
            subject.id = portal.resolve(subject.object, subject.id)
            if subject.id not in portal.objects[subject.object]:
                self._gone(t, subject)
            elif (same := found.setdefault((subject.object, subject.id), subject)) is not subject:
                self._gone(t, subject)
                self._take_over(t, same, subject)

    def _gone(self, t: int, subject: Subject) -> None:
        subject.alive = False
        if isinstance(subject, Company):
            subject.status = "former"
            self._scene.truth.health.pop(subject.id, None)
        elif isinstance(subject, Person) and subject.company:
            self._scene.count(subject.company, t, "num_associated_contacts", by=-1)

    def _take_over(self, t: int, original: Subject, double: Subject) -> None:
        """Let the survivor of a merge go on from the counters and with the people of both."""
        if isinstance(original, Company) and isinstance(double, Company):
            for person in double.people:
                person.company = original
            original.people += double.people
        for name, count in double.counts.items():
            self._scene.count(original, t, name, by=count)
        for name, last in double.latest.items():
            if last > original.latest.get(name, -1):
                self._scene.seen(original, last, name)

    def _plan_birth(self, traits: PersonTraits, company: CompanyTraits | None) -> None:
        t = self._birth_time(_PERSON, traits.number, traits.born)
        if company:
            if company.number not in self._founded:
                founded = self._birth_time(_COMPANY, company.number, company.born)
                self._founded[company.number] = founded
                self._scene.plan(founded, self._found, company)
            t = max(t, self._founded[company.number] + HOUR)
        self._scene.plan(t, self._meet, traits)

    def _birth_time(self, purpose: int, number: int, day: int) -> int:
        return self._scene.calendar.at_work(self._scene.dice(_BIRTH, purpose, number), day)

    def _found(self, t: int, traits: CompanyTraits) -> None:
        scene = self._scene
        dice = scene.dice(_COMPANY, traits.number)
        revenue = traits.employees * (60 + dice.below(200)) * 1000
        known = {
            "name": traits.name,
            "domain": traits.domain,
            "lifecyclestage": "lead",
            "hubspot_owner_id": schema.seller(traits.number),
            **_optional(dice, "industry", traits.industry),
            **_optional(dice, "country", traits.country),
            **_optional(dice, "numberofemployees", str(traits.employees), dirty=True),
            **_optional(dice, "annualrevenue", str(revenue), dirty=True),
        }
        if traits.number == 3:
            known["description"] = "A company with a long story. 📚 " * 2100
        company = Company(object="companies", key=traits.number, traits=traits, alive=True)
        company.id = scene.create("companies", t, known)
        company.settle(scene.dice(_STATE, traits.number))
        scene.companies[traits.number] = company
        if traits.since is not None:
            scene.plan(traits.since * DAY + 2 * HOUR, self._success.begin, company)
            if traits.quarterly:
                scene.truth.quarterly.add(company.id)

    def _meet(self, t: int, traits: PersonTraits) -> None:
        scene = self._scene
        if scene.portal.find("contacts", "email", traits.email):
            # Somebody else entered this person; of that record the world knows nothing.
            return
        company = scene.companies[traits.company] if traits.company is not None else None
        dice = scene.dice(_PERSON, traits.number)
        person = Person(object="contacts", key=traits.number, traits=traits, company=company, alive=True)
        person.stage = "subscriber" if dice.chance(0.25) else "lead"
        if company and company.status == "customer":
            person.stage = "customer"
        known = self._first_words(t, person, dice)
        original = self._original(person)
        if original:
            known |= {"firstname": original.traits.first_name, "lastname": original.traits.last_name}
        person.id = scene.create("contacts", t, known, "FORM")
        scene.people.append(person)
        if company:
            company.people.append(person)
            scene.link("contacts", person.id, t, ("companies", company.id, (1, 279)))
            scene.change(person, t, {"associatedcompanyid": company.id})
            scene.count(company, t, "num_associated_contacts")
            if company.status == "customer":
                register(scene, t, person)
            self._second_company(t, person)
        self._plan_fate(t, person, original, dice)

    def _first_words(self, t: int, person: Person, dice: Dice) -> dict[str, str]:
        traits, company = person.traits, person.company
        industry = company.traits.industry if company else ""
        if dice.chance(0.15):
            industry = industry.replace("_", " ").title()
        owner = schema.keeper if company and company.status == "customer" else schema.seller
        return {
            "email": traits.email,
            "firstname": traits.first_name,
            "lastname": traits.last_name,
            "lifecyclestage": person.stage,
            **entered(self._scene, t, person.stage),
            **_optional(dice, "jobtitle", traits.title),
            **_optional(dice, "country", company.traits.country if company else "United States"),
            **_optional(dice, "industry", industry),
            **_optional(dice, "hubspot_owner_id", owner(company.key) if company else ""),
            **_optional(dice, "hs_lead_status", "" if person.stage == "customer" else "NEW"),
            **_optional(dice, "hs_buying_role", _buying_role(person), missing=0.35),
            **_optional(dice, "decision_role", decision_role(traits.seniority), missing=0.5),
            **_optional(self._scene.dice(_NEWS, traits.number), "persona", words.persona(traits.title)),
        }

    def _original(self, double: Person) -> Person | None:
        if double.traits.double_of is None or double.company is None:
            return None
        others = [one for one in double.company.people if one.alive and one.traits.double_of is None]
        return others[double.traits.double_of % len(others)] if others else None

    def _second_company(self, t: int, person: Person) -> None:
        second = self._scene.companies.get(person.traits.second_company or -1)
        if second:
            self._scene.link("contacts", person.id, t, ("companies", second.id, (279,)))

    def _plan_fate(self, t: int, person: Person, original: Person | None, dice: Dice) -> None:
        scene, traits = self._scene, person.traits
        if t >= 0 and dice.chance(0.6):
            scene.plan(t + 5 * MINUTE, self._marketing.submit, person, dice.pick(words.FORMS))
            page, referrer = dice.pick(words.BLOG_PAGES), dice.pick(words.REFERRERS)
            scene.plan(t + MINUTE, self._marketing.visit, person, (page,), referrer)
        day = t // DAY + 1
        scene.plan(max(traits.merged, day) * DAY + 6 * HOUR, self._merge, person, original)
        scene.plan(max(traits.archived, day) * DAY + 7 * HOUR, self._delete, person)
        scene.plan(max(traits.leaves, day) * DAY + 5 * HOUR, self._leave, person)

    def _merge(self, t: int, double: Person, original: Person | None) -> None:
        scene = self._scene
        if original is None or not original.alive:
            self._delete(t, double)
        if not double.alive or original is None:
            return
        gone = (original.id, double.id)
        original.id = scene.portal.merge("contacts", *gone, scene.moment(t))
        self._audiences.merge(gone, original.id)
        for old in gone:
            scene.truth.merged[old] = original.id
        self._take_over(t, original, double)
        self._gone(t, double)

    def _delete(self, t: int, person: Person) -> None:
        scene = self._scene
        if not person.alive:
            return
        if person.key % 5 == 0:
            scene.portal.purge("contacts", person.id)
        else:
            scene.portal.archive("contacts", person.id, scene.moment(t))
        self._gone(t, person)

    def _leave(self, t: int, person: Person) -> None:
        company = person.company
        if not person.alive or company is None:
            return
        person.left = True
        self._scene.truth.left[person.id] = self._scene.calendar.moment(t)
        company.usage -= 1.0
        company.mood -= 0.5
        self._scene.plan(t + 20 * DAY, self._marketing.mail, person)
        dice = self._scene.dice(_NEWS, person.key, t)
        if dice.chance(0.8):
            self._scene.plan(t + int((2 + dice.exponential(18)) * DAY), self._learn_of_leaving, person, t)

    def _learn_of_leaving(self, t: int, person: Person, left: int) -> None:
        self._scene.change(person, t, {"left_company_on": self._scene.calendar.date(left)})


def _buying_role(person: Person) -> str:
    role = _BUYING_ROLES.get(person.traits.role, "")
    sponsored = person.company is not None and person.company.traits.sponsored
    return f"{role};EXECUTIVE_SPONSOR" if role == "BUDGET_HOLDER" and sponsored else role


def _optional(dice: Dice, name: str, value: str, *, missing: float = _MISSING, dirty: bool = False) -> dict[str, str]:
    unknown, soiled = dice.chance(missing), dice.chance(words.SOILED)
    if unknown or not value:
        return {}
    return {name: dice.pick(words.NO_NUMBERS) if dirty and soiled else value}
