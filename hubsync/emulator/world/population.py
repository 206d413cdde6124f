"""What companies and people are from birth, each from the seed and its own number alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp

from hubsync.emulator.world import words
from hubsync.emulator.world.dice import Dice

HISTORY_DAYS = 406
"""How many days (58 weeks) the world lives before anybody looks."""

_OLDEST = 900
_NEVER = 1_000_000
_COMPANY, _PERSON, _SIZE, _LONER = 1, 2, 3, 4
_BIG = {210: 138, 245: 121, 290: 106}
"""Companies with more than a hundred contacts, by number; all are reached with 2,000 contacts."""

_EMPLOYEES = (3.0, 20_000.0)
_ROLES = (("user", 0.5), ("executive", 0.2), ("passive", 0.3))


@dataclass(frozen=True, slots=True)
class CompanyTraits:
    """What a company is; everything else happens to it."""

    number: int
    name: str
    domain: str
    industry: str
    country: str
    employees: int
    born: int
    """World day of the record's creation; negative before the history begins."""
    since: int | None
    """World day on which it became a customer, if it was one when the history began."""
    term: int
    """Days of a contract."""
    usage_habit: float
    """How much its people use any tool, whatever they think of it."""
    ticket_habit: float
    quarterly: bool
    """Uses the product for the close of a quarter, and else not at all: quiet and well."""
    scanner: bool
    """A mail gateway clicks every link within a second of delivery."""
    instrumented: bool
    """Its product usage is synchronised into the CRM."""
    fit: float
    """From 0 to 1: how much it is like those who buy."""
    review_weeks: int
    """Weeks between its business reviews as a customer; 0 if it has none."""
    sponsored: bool
    """An executive stands behind the product."""
    jurisdictions: int
    """Tax jurisdictions in which its install base lay at first."""


@dataclass(frozen=True, slots=True)
class PersonTraits:
    """What a contact is; everything else happens to it."""

    number: int
    company: int | None
    place: int
    first_name: str
    last_name: str
    email: str
    title: str
    seniority: float
    role: str
    """champion, user, executive or passive towards the vendor's product; loner without a company."""
    born: int
    proxy: bool
    """Its mail program loads every picture, so every mail counts as opened."""
    reader: float
    second_company: int | None
    double_of: int | None
    """The place of the colleague of whom this record is a duplicate."""
    merged: int
    """World day on which a duplicate is merged."""
    archived: int
    """World day on which somebody deletes the record."""
    leaves: int
    """World day on which a champion leaves the company."""


def size_of(seed: int, number: int) -> int:
    """How many contacts the vendor will come to know at a company."""
    if number in _BIG:
        return _BIG[number]
    return min(1 + int(Dice(seed, _SIZE, number).exponential(3.6)), 24)


def company_traits(seed: int, number: int, born: int | None = None) -> CompanyTraits:
    """The traits of a company; one that is met while the world lives is told when it is born."""
    dice = Dice(seed, _COMPANY, number)
    name, domain = _name(number)
    employees = round(min(max(exp(4.6 + 1.7 * dice.normal()), _EMPLOYEES[0]), _EMPLOYEES[1]))
    industry = dice.weighted(words.INDUSTRIES)
    country = dice.weighted(words.COUNTRIES)
    old = dice.chance(0.56) or number in _BIG
    birth = -1 - dice.below(_OLDEST) if old else dice.below(HISTORY_DAYS - 2)
    customer = old and (dice.chance(0.8) or number in _BIG)
    since = birth + int(-birth * dice.between(0.05, 0.95))
    wanted = industry in words.TARGET_INDUSTRIES
    fit = 0.45 * wanted + 0.35 * (40 <= employees <= 3000) + 0.2 * dice.uniform()
    return CompanyTraits(
        number=number,
        name=name,
        domain=domain,
        industry=industry,
        country=country,
        employees=employees,
        born=birth if born is None else born,
        since=since if customer and born is None else None,
        term=dice.weighted(((365, 0.55), (182, 0.17), (730, 0.28))),
        usage_habit=dice.normal(),
        ticket_habit=dice.normal(),
        quarterly=dice.chance(0.12),
        scanner=dice.chance(0.05),
        instrumented=dice.chance(0.88),
        fit=fit,
        review_weeks=dice.weighted(((9, 0.2), (13, 0.45), (26, 0.25), (0, 0.1))),
        sponsored=dice.chance(0.5),
        jurisdictions=min(1 + int(employees**0.4 * dice.between(0.1, 1.0)), 45),
    )


def person_traits(seed: int, number: int, company: CompanyTraits | None, place: int, born: int | None) -> PersonTraits:
    """The traits of a contact; one that is met while the world lives is told when it is born."""
    dice = Dice(seed, _PERSON, company.number if company else -1 - number, place)
    first, last = dice.pick(words.FIRST_NAMES), dice.pick(words.LAST_NAMES)
    title, seniority = dice.weighted(words.TITLES)
    role = _role(dice, company, place)
    birth = _birth(dice, company) if born is None else born
    double = dice.below(place) if place and dice.chance(0.025) else None
    second = dice.below(company.number) if company and company.number and dice.chance(0.03) else None
    return PersonTraits(
        number=number,
        company=company.number if company else None,
        place=place,
        first_name=first,
        last_name=last,
        email=_email(first, last, company, place, number),
        title=title,
        seniority=seniority,
        role="passive" if double is not None else role,
        born=birth,
        proxy=dice.chance(0.35),
        reader=dice.between(0.15, 0.75),
        second_company=second,
        double_of=double,
        merged=max(birth, 0) + 5 + int(dice.exponential(160)) if double is not None else _NEVER,
        archived=max(birth, 0) + 10 + dice.below(700) if dice.chance(0.008) else _NEVER,
        leaves=max(birth, 0) + 20 + int(dice.exponential(1500)) if role == "champion" else _NEVER,
    )


def loner_after(seed: int, number: int) -> bool:
    """Whether the contact that follows this company in the row belongs to no company."""
    return Dice(seed, _LONER, number).chance(0.25)


class Row:
    """All the people of the world in a row that never ends; taking more of them changes nobody before."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._people = self._all()
        self._born: int | None = None

    def take(self, born: int | None = None) -> tuple[PersonTraits, CompanyTraits | None]:
        """The next person and its company; `born` is the birthday of those met while the world lives."""
        self._born = born
        return next(self._people)

    def _all(self) -> Iterator[tuple[PersonTraits, CompanyTraits | None]]:
        company_number = person_number = 0
        while True:
            company = company_traits(self._seed, company_number, self._born)
            for place in range(size_of(self._seed, company_number)):
                yield person_traits(self._seed, person_number, company, place, self._born), company
                person_number += 1
            if loner_after(self._seed, company_number):
                yield person_traits(self._seed, person_number, None, 0, self._born), None
                person_number += 1
            company_number += 1


def _name(number: int) -> tuple[str, str]:
    heads, tails = words.COMPANY_HEADS, words.COMPANY_TAILS
    spread = number * 1009 % (len(heads) * len(tails))
    head, tail = heads[spread % len(heads)], tails[spread // len(heads)]
    again = number // (len(heads) * len(tails))
    slug = f"{head}{tail}{again or ''}".lower()
    if number % 40 == 17:
        return words.NAMED_IN_OWN_SCRIPT[number // 40 % len(words.NAMED_IN_OWN_SCRIPT)], f"{slug}.example"
    return f"{head} {tail}", f"{slug}.example"


def _email(first: str, last: str, company: CompanyTraits | None, place: int, number: int) -> str:
    plain = f"{first}.{last}".lower().encode("ascii", "ignore").decode()
    if company is None:
        return f"{plain}.{number}@mail.example"
    return f"{plain}{place + 1 if place else ''}@{company.domain}"


def _role(dice: Dice, company: CompanyTraits | None, place: int) -> str:
    role = dice.weighted(_ROLES)
    if company is None:
        return "loner"
    return "champion" if place == 0 else role


def _birth(dice: Dice, company: CompanyTraits | None) -> int:
    if company is None:
        return dice.below(HISTORY_DAYS + 499) - 500
    day = company.born + int(dice.exponential(45))
    latest = HISTORY_DAYS - 1
    return day if day < latest else company.born + dice.below(latest - company.born)
