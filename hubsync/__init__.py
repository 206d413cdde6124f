"""Scores HubSpot records, says why, and writes the scores back."""
