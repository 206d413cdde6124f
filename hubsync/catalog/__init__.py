"""The configuration: read, checked, and handed on as one value."""

from hubsync.catalog.judging import warnings
from hubsync.catalog.loading import load, load_checked
from hubsync.catalog.model import Catalog
from hubsync.catalog.schema import schema
from hubsync.catalog.starter import starter
from hubsync.catalog.unmapped import UnmappedWord, unmapped_words

__all__ = ["Catalog", "UnmappedWord", "load", "load_checked", "schema", "starter", "unmapped_words", "warnings"]
