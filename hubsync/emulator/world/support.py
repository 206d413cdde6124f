"""Tickets: questions and troubles, answered soon or late, well or badly."""

from __future__ import annotations

from math import exp

from hubsync.emulator.world import words
from hubsync.emulator.world.calendar import DAY, HOUR, WEEK
from hubsync.emulator.world.dice import Dice
from hubsync.emulator.world.feedback import CES, CSAT, Survey, submit
from hubsync.emulator.world.scene import Scene
from hubsync.emulator.world.subjects import Company, Person

_TICKET, _WEEK = 60, 61


class Support:
    """Opens tickets and closes them."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def week(self, week: int, company: Company) -> None:
        """Plan the tickets that a customer will open this week."""
        scene = self._scene
        dice = scene.dice(_WEEK, company.key, week)
        rate = 0.055 * exp(0.4 * company.traits.ticket_habit - 0.85 * company.mood)
        people = company.present()
        if people and dice.chance(min(rate, 0.6)):
            person = people[int(len(people) * dice.uniform() ** 2)]
            scene.plan(scene.calendar.in_week(dice, week), self._open, person)

    def _open(self, t: int, person: Person) -> None:
        scene, company = self._scene, person.company
        if not person.alive or company is None:
            return
        dice = scene.dice(_TICKET, person.key, t)
        ticket = scene.create("tickets", t, {
            "subject": dice.pick(words.TICKET_SUBJECTS),
            "content": "Hello support, please help.",
            "hs_pipeline": "0",
            "hs_pipeline_stage": "1",
            "hs_ticket_priority": dice.weighted((("LOW", 0.3), ("MEDIUM", 0.5), ("HIGH", 0.2))),
            "source_type": dice.pick(("EMAIL", "FORM", "CHAT")),
        }, "FORM")  # fmt: skip
        scene.link("tickets", ticket, t, ("contacts", person.id, (16,)), ("companies", company.id, (26, 339)))
        scene.plan(t + int(dice.exponential(5) * HOUR) + HOUR, self._work, ticket, "3")
        hours = dice.exponential(40 * exp(-0.5 * company.mood))
        solved = t + int((8 + hours) * HOUR)
        if dice.chance(0.34 * exp(-1.2 * company.mood)):
            solved += int(dice.between(14, 60) * DAY)
        if solved > t + 2 * DAY:
            scene.plan(t + DAY + HOUR, self._work, ticket, "2")
        scene.plan(max(solved, t + 8 * HOUR), self._close, ticket, person, company, t, dice)

    def _work(self, t: int, ticket: str, stage: str) -> None:
        rec = self._scene.portal.objects["tickets"].get(ticket)
        if rec is not None and rec.properties.get("hs_pipeline_stage") != "4":
            self._scene.alter("tickets", ticket, t, {"hs_pipeline_stage": stage})

    def _close(self, t: int, ticket: str, person: Person, company: Company, opened: int, dice: Dice) -> None:
        closed = {
            "hs_pipeline_stage": "4",
            "closed_date": self._scene.iso(t),
            "time_to_close": str(t - opened),
        }
        if dice.chance(0.5):
            satisfied = dice.chance(1 / (1 + exp(-0.9 - 1.4 * company.mood)))
            closed["ticket_satisfaction"] = "satisfied" if satisfied else "unsatisfied"
        self._scene.alter("tickets", ticket, t, closed)
        self._ask(t, ticket, person, company, closed, dice)

    def _ask(self, t: int, ticket: str, person: Person, company: Company, closed: dict[str, str], dice: Dice) -> None:
        """Send one of two surveys about the answer; who rates the ticket says the same in the first of them."""
        if not person.present or not dice.chance(0.5):
            return
        satisfaction = closed.get("ticket_satisfaction")
        if satisfaction:
            low, high = (3.6, 5.4) if satisfaction == "satisfied" else (0.6, 3.4)
            survey, opinion = CSAT, dice.between(low, high)
        else:
            weeks = int(closed["time_to_close"]) / WEEK
            survey, opinion = CES, 5.8 + 0.7 * company.mood - min(0.4 * weeks, 2.0) + dice.normal()
        self._scene.plan(t + int(dice.between(1, 40) * HOUR), self._answer, ticket, person, survey, opinion)

    def _answer(self, t: int, ticket: str, person: Person, survey: Survey, opinion: float) -> None:
        if person.present:
            submit(self._scene, t, person, survey, survey.rating(opinion), ticket=ticket)
