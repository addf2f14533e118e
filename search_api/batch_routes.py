"""Long jobs over many rows, under ``/v1/batches``."""

from __future__ import annotations

from search_api.dependencies import v1_router

router = v1_router()
