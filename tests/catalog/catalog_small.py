"""A small sound configuration, and a way to break one line of it."""

from __future__ import annotations

from pathlib import Path

FILES = {
    "hubsync.yaml": """\
models: [customer, heat]
""",
    "portal.yaml": """\
customers_are: companies
words:
  is_customer:
    companies: lifecyclestage = 'customer'
  plan: null
  seats_used: {companies: seats}
properties:
  companies:
    seats: number
    logins: number
    last_login_at: datetime
""",
    "events.yaml": """\
login:
  label: logged in
  sources:
    - {from: occurrences, event_type: "pe{portal}_login", attributes: {device: device}}
    - from: counters
      object: companies
      count: logins
      last: last_login_at
page_view:
  label: looked at a page
  sources:
    - {from: occurrences, event_type: e_visited_page, attributes: {url: hs_url}}
deal_won:
  label: won a deal
  sources:
    - from: objects
      object: deals
      when: hs_is_closed_won
      time: closedate
      value: amount
      currency: deal_currency_code
""",
    "signals.yaml": """\
quiet_days: {label: days since the last login, since: login}
crowd:
  object: companies
  label: employees per seat
  value: ratio(numberofemployees, seats_used)
best_heat: {object: companies, label: best contact, of: heat, over: contacts, take: max}
sales:
  label: money won
  sum: deal_won
  within: 1 year
""",
    "models/customer.yaml": """\
model: customer
kind: points
object: customers
who: is_customer
outcome: renews
owner: cs-ops
starts_at: 50
rule_groups:
  - name: usage
    limit: {max: 10}
    rules:
      - {with: login, once_per: week, within: 28 days, points: 5, reason: uses it}
      - {when: quiet_days > 30, points: -10, reason: silent}
  - name: growth
    rules:
      - when: crowd > 2
        points: 10
        reason: room to grow
      - {when: best_heat > 50, points: 5, reason: a hot contact}
tiers:
  risk: {from: 0, worse: true}
  steady: {from: 51}
writes:
  score: hubsync_score
  tier: hubsync_tier
""",
    "models/heat.yaml": """\
model: heat
kind: points
object: contacts
outcome: buys
owner: sales
rules:
  - {with: page_view, url_contains: /pricing, points: 10, reason: looked at pricing}
writes: {score: hubsync_heat}
""",
}

MORE = {
    "models/well.yaml": """\
model: well
kind: weighted
object: companies
outcome: renews
owner: cs-ops
measures:
  - {name: size, value: crowd, percent: 60, reason: large}
  - {name: quiet, value: quiet_days, percent: 40, better: lower, reason: logs in}
variants:
  - {name: small, when: seats_used < 5, percents: {size: 20, quiet: 80}}
""",
    "models/worth.yaml": """\
model: worth
kind: rfm
object: companies
outcome: buys again
owner: sales
recency: quiet_days
frequency: seats_used
monetary: sales
cuts: {recency: [30, 60, 90, 180]}
segments:
  best: {when: r + f + m > 12, label: Best}
  rest: {worse: true}
""",
}
"""Sound files that are there once something in them is edited."""


def write(folder: Path, *edits: tuple[str, str, str]) -> Path:
    """Write the sound configuration with edits (file, old text, new text); an old text of '' replaces the file."""
    texts = dict(FILES)
    for file, old, new in edits:
        text = texts.get(file, MORE.get(file, ""))
        assert old in text, f"{file} has no {old!r}"
        texts[file] = text.replace(old, new, 1) if old else new
    for file, text in texts.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
