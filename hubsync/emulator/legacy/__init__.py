"""What HubSpot still answers of v1 and v2; programs of others ask for it."""

from hubsync.emulator.legacy import (
    account_api,
    contacts_api,
    engagements_api,
    forms_api,
    marketing_api,
    objects_api,
    properties_api,
    writes_api,
)

ROUTES = (
    *contacts_api.ROUTES,
    *objects_api.ROUTES,
    *engagements_api.ROUTES,
    *properties_api.ROUTES,
    *account_api.ROUTES,
    *forms_api.ROUTES,
    *marketing_api.ROUTES,
    *writes_api.ROUTES,
)
