"""How the REST service listens and what it lets through; only the app factory and the CLI read it."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from indexer.settings import Settings
from search_api.limits import MAX_QUERIES

MIB = 1024 * 1024


class ServeSettings(Settings):
    """Settings of the service, from the environment (``JOBLENS_SERVE_PORT=8080``) or as arguments.

    The limits are judgements: each is several times what a long posting or resume needs, and together they
    keep one request under a minute and under a few hundred MB on two cores.
    """

    model_config = SettingsConfigDict(env_prefix="JOBLENS_SERVE_", extra="ignore", env_ignore_empty=True)

    host: str = Field(
        default="127.0.0.1", description="Address to listen on; a loopback one while there are no API keys."
    )
    port: int = Field(default=8000, ge=0, le=65_535, description="Port to listen on; 0 takes a free one.")
    max_body_bytes: int = Field(
        default=2 * MIB, ge=1_024, description="Largest request body; a larger one gets 413."
    )
    max_queries: int = Field(
        default=MAX_QUERIES,
        ge=1,
        le=MAX_QUERIES,
        description="Most queries in one classify or search request.",
    )
    max_results: int = Field(
        default=100_000, ge=1, description="Most results of one request: queries (or sentences) times top_k."
    )
    max_sentences: int = Field(
        default=5_000,
        ge=1,
        description="Most sentences on one side of a match, or in a text that a gap is asked for.",
    )
    max_pairs: int = Field(
        default=50_000_000,
        ge=1,
        description="Most pairs of sentences that one match or gap request compares.",
    )
    grace_s: int = Field(
        default=10, ge=0, description="Seconds that running requests get to end when the service stops."
    )
