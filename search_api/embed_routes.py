"""Vectors of texts, and examples of an occupation's titles and tasks."""

from __future__ import annotations

from search_api.dependencies import v1_router

router = v1_router()
