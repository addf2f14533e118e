"""Accepted and corrected codes, under ``/v1/feedback``."""

from __future__ import annotations

from search_api.dependencies import v1_router

router = v1_router()
