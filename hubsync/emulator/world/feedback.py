"""Answers to surveys, as HubSpot keeps them."""

from __future__ import annotations

from typing import NamedTuple

from hubsync.emulator.world.scene import Scene
from hubsync.emulator.world.subjects import Person


class Survey(NamedTuple):
    """A survey with its scale (HubSpot's scales of CSAT, 1 to 5, and CES, 1 to 7, are unverified)."""

    type: str
    name: str
    best: int
    good: int
    """From here on an answer counts as positive."""
    fair: int
    """From here on as neutral."""
    sentiments: tuple[str, str, str]
    """Positive, neutral, negative."""

    def rating(self, value: float) -> int:
        """The answer on the scale that is nearest to an opinion."""
        return min(max(round(value), 0 if self.type == "NPS" else 1), self.best)


NPS = Survey("NPS", "Relationship survey", 10, 9, 7, ("PROMOTER", "PASSIVE", "DETRACTOR"))
CSAT = Survey("CSAT", "Satisfaction with support", 5, 4, 3, ("HAPPY", "NEUTRAL", "UNHAPPY"))
CES = Survey("CES", "Effort to get help", 7, 5, 4, ("HAPPY", "NEUTRAL", "UNHAPPY"))
_GROUPS = ("POSITIVE", "NEUTRAL", "NEGATIVE")


def submit(scene: Scene, t: int, person: Person, survey: Survey, rating: int, content: str = "",
           ticket: str = "") -> None:  # fmt: skip
    """Keep an answer, which belongs to a contact and may be about a ticket."""
    place = 0 if rating >= survey.good else 1 if rating >= survey.fair else 2
    feedback = scene.create("feedback_submissions", t, {
        "hs_survey_type": survey.type,
        "hs_survey_name": survey.name,
        "hs_submission_name": f"{person.traits.first_name} {person.traits.last_name}",
        "hs_survey_channel": "EMAIL",
        "hs_submission_timestamp": scene.iso(t),
        "hs_value": str(rating),
        "hs_sentiment": survey.sentiments[place],
        "hs_response_group": _GROUPS[place],
        "hs_content": content,
    }, "SURVEY")  # fmt: skip
    scene.link("feedback_submissions", feedback, t, ("contacts", person.id, (98,)), ("tickets", ticket, (100,)))
