"""Declarations in, SQL out: pure, without HubSpot and without a database."""
