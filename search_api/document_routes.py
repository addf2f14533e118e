"""Store, read, list and erase documents under ``/v1/documents``."""

from __future__ import annotations

from search_api.dependencies import v1_router

router = v1_router()
