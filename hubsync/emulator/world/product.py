"""Use of the vendor's product: logins, features, API calls, invitations, referrals."""

from __future__ import annotations

from math import exp

from hubsync.emulator.world import words
from hubsync.emulator.world.calendar import DAY, HOUR, MINUTE
from hubsync.emulator.world.dice import Dice
from hubsync.emulator.world.scene import Scene
from hubsync.emulator.world.subjects import Company, Person

_SESSION = 30
_LATE_SHARE = 0.03
"""The nightly job that brings product usage into the CRM sometimes fails for days."""


class Product:
    """What people do in the product, and how the CRM gets to know it."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def session(self, t: int, person: Person) -> None:
        """A person logs in and does something."""
        company = person.company
        if not person.present or company is None or company.status != "customer":
            return
        dice = self._scene.dice(_SESSION, person.key, t)
        self._log_in(t, person, dice)
        if dice.chance(0.30):
            self._use_feature(t, person, company, dice)
        if "api" in company.features and dice.chance(0.12):
            self._tell(t + 2 * MINUTE, person, dice, "api_call", {"calls": str(20 + dice.below(400))})
        if company.health > 0 and dice.chance(0.018 + 0.025 * max(0.0, company.usage)):
            self._tell(t + 200_000, person, dice, "user_invited", {})
        if dice.chance(0.006 * max(0.0, company.mood)):
            self._tell(t + 300_000, person, dice, "referral", {"campaign": "friends"})

    def try_out(self, t: int, person: Person) -> bool:
        """A prospect logs in during a trial; says whether that was still possible."""
        if not person.present or person.company is None or person.company.status != "prospect":
            return False
        self._log_in(t, person, self._scene.dice(_SESSION, person.key, t))
        return True

    def deliver(self, week: int, company: Company, dice: Dice) -> None:
        """Send a customer the reports it ordered; those that nobody wants any more are skipped."""
        skipped = dice.chance(min(0.035 * exp(-0.9 * company.usage - 0.3 * company.mood), 0.4))
        if skipped and company.traits.instrumented:
            t = self._scene.calendar.in_week(dice, week)
            self._scene.plan(t, self._skip, company)

    def _skip(self, t: int, company: Company) -> None:
        if company.status == "customer":
            self._scene.count(company, t, "skipped_deliveries", "last_skipped_delivery_at")

    def _log_in(self, t: int, person: Person, dice: Dice) -> None:
        usage = person.company.usage if person.company else 0.0
        minutes = 2 + int(dice.exponential(16 * exp(0.3 * usage)))
        self._tell(t, person, dice, "login", {"minutes": str(minutes)})

    def _use_feature(self, t: int, person: Person, company: Company, dice: Dice) -> None:
        new = [feature for feature in words.FEATURES if feature not in company.features]
        if new and dice.chance(0.10 + 0.05 * max(-1.0, min(company.usage, 2.0))):
            feature = new[company.key % len(new)]
        else:
            known = sorted(company.features)
            favourites = words.FAVOURITES[words.persona(person.traits.title)]
            feature = dice.pick(known + 2 * [one for one in known if one in favourites])
        first = feature not in company.features
        company.features.add(feature)
        details = {"feature": feature, "first_use": "true" if first else "false"}
        self._tell(t + MINUTE, person, dice, "feature_used", details)

    def _tell(self, t: int, person: Person, dice: Dice, kind: str, details: dict[str, str]) -> None:
        late = dice.chance(_LATE_SHARE)
        known_at = (t // DAY + 1 + dice.below(4)) * DAY + 17 * HOUR if late else t
        if late:
            self._scene.plan(known_at, self._arrive, person, kind, details, t)
        else:
            self._arrive(t, person, kind, details, t)

    def _arrive(self, known_at: int, person: Person, kind: str, details: dict[str, str], t: int) -> None:
        scene, company = self._scene, person.company
        if not person.alive or company is None:
            return
        scene.truth.late += known_at != t
        scene.occur(scene.custom_event(kind), person, t, scene.calendar.moment(t), details)
        if not company.traits.instrumented:
            return
        if kind == "login":
            for who in (person, company):
                scene.count(who, known_at, "product_logins", "product_last_login_at", happened=t)
            scene.count(company, known_at, "product_minutes", by=int(details["minutes"]))
        elif kind == "feature_used" and details["first_use"] == "true":
            scene.count(company, known_at, "features_used", "last_feature_started_at", happened=t)
        elif kind == "api_call":
            scene.count(company, known_at, "api_calls", "last_api_call_at", int(details["calls"]), happened=t)
        elif kind == "user_invited":
            scene.count(company, known_at, "users_invited", "last_user_invited_at", happened=t)
        elif kind == "referral":
            scene.count(company, known_at, "referrals", "last_referral_at", happened=t)
