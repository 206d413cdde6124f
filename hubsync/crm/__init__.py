"""The only part of hubsync that speaks to HubSpot."""

from hubsync.crm.abreast import Abreast
from hubsync.crm.budget import Budget, DailyBudget
from hubsync.crm.client import Client, PropertyLimit
from hubsync.crm.credentials import Credentials, credentials_of
from hubsync.crm.objects import ENGAGEMENTS, OBJECT_TYPES, association_types, modified_property
from hubsync.crm.paging import EventPage, Occurrence, RecordPage, SearchPage, follow
from hubsync.crm.scopes import Need, needed_scopes, source_scopes
from hubsync.crm.search import Filter
from hubsync.crm.throttle import Throttle
from hubsync.crm.transport import Transport
from hubsync.crm.versions import Versions, support_end

__all__ = [
    "ENGAGEMENTS",
    "OBJECT_TYPES",
    "Abreast",
    "Budget",
    "Client",
    "Credentials",
    "DailyBudget",
    "EventPage",
    "Filter",
    "Need",
    "Occurrence",
    "PropertyLimit",
    "RecordPage",
    "SearchPage",
    "Throttle",
    "Transport",
    "Versions",
    "association_types",
    "credentials_of",
    "follow",
    "modified_property",
    "needed_scopes",
    "source_scopes",
    "support_end",
]
