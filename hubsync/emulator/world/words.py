"""The words the world is made of: names, titles, industries, pages, subjects.

All of them are fictitious, except one vendor whom people compare us with (source checklist, 61).
"""

from __future__ import annotations

from typing import NamedTuple

from hubsync.emulator.world.dice import Dice

NO_NUMBERS = ("NaN", "NaN", "")
"""What integrations left behind in number properties; other words HubSpot refuses, and programs fail on them."""

SOILED = 0.03
"""How often that happens."""

FIRST_NAMES = (
    "Ada", "Aiko", "Amara", "Anton", "Beatriz", "Björn", "Camille", "Carlos", "Chloe", "Daniel",
    "Deepa", "Elena", "Emeka", "Emil", "Fatima", "Felix", "Grace", "Hana", "Hugo", "Imani", "Ingrid",
    "Isaac", "Jonas", "Jürgen", "Kai", "Katya", "Lena", "Leo", "Lucia", "Mads", "Maria", "Mateo",
    "Mina", "Nadia", "Nils", "Noor", "Olga", "Omar", "Paula", "Priya", "Quinn", "Rafael", "Rosa",
    "Samir", "Sofia", "Tariq", "Tess", "Victor", "Yuki", "Zoe",
)  # fmt: skip
LAST_NAMES = (
    "Abara", "Almeida", "Anders", "Bauer", "Becker", "Bellini", "Castro", "Chen", "Dahl", "Dubois",
    "Ekström", "Farah", "Fischer", "Fontaine", "Garcia", "Greene", "Hansen", "Haruna", "Ito", "Jansen",
    "Kaur", "Keller", "Kim", "Kowalski", "Larsen", "Lopez", "Marsh", "Mehta", "Müller", "Novak",
    "Okafor", "Olsen", "Park", "Petrov", "Quist", "Rahman", "Reyes", "Rossi", "Sato", "Schäfer",
    "Silva", "Singh", "Stone", "Tanaka", "Unger", "Vega", "Weber", "Winter", "Young", "Zimmer",
)  # fmt: skip
COMPANY_HEADS = (
    "Alder", "Amber", "Anchor", "Arrow", "Aspen", "Beacon", "Birch", "Bright", "Cedar", "Cinder",
    "Clear", "Cobalt", "Copper", "Coral", "Crest", "Delta", "Dune", "Ember", "Falcon", "Fern", "Flint",
    "Frost", "Garnet", "Golden", "Granite", "Harbor", "Hazel", "Indigo", "Iron", "Ivory", "Juniper",
    "Lake", "Lark", "Linden", "Lunar", "Maple", "Meadow", "Mistral", "North", "Oak", "Ocean", "Onyx",
    "Opal", "Orchard", "Pine", "Quartz", "Raven", "River", "Rowan", "Sable", "Silver", "Slate",
    "Spruce", "Summit", "Thistle", "Timber", "Umber", "Vale", "Willow", "Zephyr",
)  # fmt: skip
COMPANY_TAILS = (
    "Analytics", "Assurance", "Bank", "Biotech", "Builders", "Capital", "Care", "Clinics", "Cloud",
    "College", "Consulting", "Credit", "Data", "Devices", "Dynamics", "Energy", "Foods", "Foundry",
    "Freight", "Games", "Group", "Health", "Holdings", "Insurance", "Labs", "Learning", "Logistics",
    "Media", "Mobility", "Networks", "Outfitters", "Partners", "Payments", "Pharma", "Retail",
    "Robotics", "Security", "Software", "Stores", "Studios", "Supply", "Systems", "Telecom", "Trading",
    "Transit", "Travel", "Trust", "Ventures", "Works", "Workshop",
)  # fmt: skip

TARGET_INDUSTRIES = frozenset({"COMPUTER_SOFTWARE", "FINANCIAL_SERVICES", "HOSPITAL_HEALTH_CARE"})
INDUSTRIES: tuple[tuple[str, float], ...] = (
    ("COMPUTER_SOFTWARE", 0.22),
    ("FINANCIAL_SERVICES", 0.14),
    ("HOSPITAL_HEALTH_CARE", 0.12),
    ("INFORMATION_TECHNOLOGY_AND_SERVICES", 0.10),
    ("INSURANCE", 0.07),
    ("RETAIL", 0.08),
    ("LOGISTICS_AND_SUPPLY_CHAIN", 0.07),
    ("MARKETING_AND_ADVERTISING", 0.06),
    ("CONSTRUCTION", 0.05),
    ("HIGHER_EDUCATION", 0.05),
    ("NON_PROFIT_ORGANIZATION_MANAGEMENT", 0.04),
)
COUNTRIES: tuple[tuple[str, float], ...] = (
    ("United States", 0.44),
    ("Germany", 0.12),
    ("United Kingdom", 0.12),
    ("Canada", 0.07),
    ("France", 0.06),
    ("Netherlands", 0.05),
    ("Japan", 0.04),
    ("Sweden", 0.03),
    ("Brazil", 0.03),
    ("India", 0.02),
    ("Australia", 0.02),
)
# Title, seniority from 0 (no say) to 1 (signs the contract), share of all contacts.
TITLES: tuple[tuple[tuple[str, float], float], ...] = (
    (("Student", 0.0), 0.04),
    (("Intern", 0.0), 0.04),
    (("Office Assistant", 0.1), 0.05),
    (("Junior Analyst", 0.2), 0.06),
    (("Business Analyst", 0.3), 0.09),
    (("Software Engineer", 0.3), 0.12),
    (("Operations Specialist", 0.35), 0.07),
    (("Marketing Manager", 0.5), 0.10),
    (("Product Manager", 0.5), 0.07),
    (("Finance Manager", 0.55), 0.06),
    (("Head of Operations", 0.75), 0.06),
    (("IT Director", 0.8), 0.06),
    (("Director of Data", 0.8), 0.04),
    (("VP Engineering", 0.9), 0.05),
    (("VP of Sales", 0.9), 0.03),
    (("CFO", 1.0), 0.03),
    (("Chief Revenue Officer", 1.0), 0.02),
    (("Founder & CEO", 1.0), 0.01),
)

SITE = "https://www.vendor.example"
BLOG_PAGES = (
    "/blog/forecasting-basics",
    "/blog/ten-dashboards",
    "/blog/data-quality",
    "/guides/getting-started",
    "/customers",
)
HELP_PAGES = ("/help/imports", "/help/permissions", "/help/api", "/changelog", "/status")
CANCEL_HELP_PAGE = "/help/how-to-cancel"
TAX_PAGE = "/blog/is-saas-taxable-in-california"
BUYING_PAGES = ("/pricing", "/features", "/features/advanced", "/integrations", "/security", "/demo")
GROWTH_PAGES = (
    "/features/advanced",
    "/enterprise",
    "/pricing",
    "/upgrade",
    "/features/automation",
    "/features/audit-log",
)
FORMS = (
    "Forecasting Guide: Download",
    "Contact Sales: Demo request",
    "Webinar: Registration",
    "Newsletter: Sign-up",
)
REFERRERS = ("", "https://search.example/", "https://social.example/", "https://news.example/")
FEATURES = ("dashboards", "alerts", "forecasts", "exports", "sharing", "api", "automation", "audit_log")
FAVOURITES = {
    "admin": frozenset({"api", "automation", "audit_log"}),
    "analyst": frozenset({"dashboards", "forecasts", "exports"}),
    "manager": frozenset({"alerts", "sharing", "dashboards"}),
}
"""The features that each persona has most use for."""

_PERSONAS = (("Engineer", "admin"), ("IT", "admin"), ("Operations", "admin"), ("Analyst", "analyst"),
             ("Data", "analyst"), ("Student", "analyst"), ("Intern", "analyst"))  # fmt: skip
MILESTONES = ("onboarded", "first_report", "integrated", "rolled_out")


class Addon(NamedTuple):
    """A product sold beside the plans, and what those look for elsewhere who want it."""

    label: str
    sku: str
    price: int
    page: str
    topic: str
    vendor: str


ADDONS = {
    "tax_compliance": Addon("Tax compliance", "ADDON-TAX", 4_800, "/products/tax-compliance", "tax compliance",
                            "avalara"),
    "audit_vault": Addon("Audit vault", "ADDON-AUDIT", 3_600, "/products/audit-vault", "audit", "openledger"),
    "premium_support": Addon("Premium support", "ADDON-SUPPORT", 2_400, "/products/premium-support", "", ""),
    "data_connector": Addon("Data connector", "ADDON-CONNECT", 1_900, "/products/data-connector", "data integration",
                            "openledger"),
}  # fmt: skip
OWN_MARKET = ("analytics platforms", "rivalytics")
"""Topic and vendor that are researched by those who look for a product like ours: to buy it, or to leave it."""
TOPICS = tuple(dict.fromkeys((OWN_MARKET[0], *(one.topic for one in ADDONS.values() if one.topic))))

TICKET_SUBJECTS = (
    "Import stops at row 500", "Cannot invite a colleague", "Invoice shows the wrong address",
    "Dashboard is slow", "Export lacks a column", "Login link has expired", "API answers 500",
    "Question about permissions",
)  # fmt: skip
EMAIL_SUBJECTS = (
    "Following up on our call",
    "Your question about pricing",
    "Next steps",
    "Agenda for Thursday",
    "Rollout plan",
)
COMMENTS = ("", "Fine so far.", "Support takes too long 🐢", "Läuft sehr gut!")
NOTES = (
    "Spoke with the team, they compare three vendors.",
    "Budget is decided in spring.",
    "Wants to see the audit log 🔍 before signing.",
    "Grüße aus Köln: Vertrag geprüft, Rückfragen zur Kündigungsfrist.",
)
NAMED_IN_OWN_SCRIPT = (
    "Nörd & Söhne Öl ⚙️",
    "Čapek Žlutý Kůň 🐎",
    "Société Éclair (très longue raison sociale) 🌩️",
)


def soiled(value: str, dice: Dice) -> str:
    """What a number property holds after an integration wrote the value."""
    return dice.pick(NO_NUMBERS) if dice.chance(SOILED) else value


def persona(title: str) -> str:
    """What somebody with this title does in the product."""
    return next((one for word, one in _PERSONAS if word in title.split()), "manager")
