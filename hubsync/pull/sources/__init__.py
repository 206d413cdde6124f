"""One file per way to get records or events."""
