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
    allowed_hosts: str = Field(
        default="",
        description="Host names besides those of loopback, with commas between them, that requests may be "
        "addressed to while there are no API keys.",
    )
    cors_origins: str = Field(
        default="",
        description="Origins whose web pages may call the service, such as https://jobs.example.org, with "
        "commas between them; empty: none.",
    )
    requests_per_minute: int = Field(
        default=1_200,
        ge=0,
        description="Requests that one API key may make in a minute, also all at once; more get 429. 0: any.",
    )
    workers: int = Field(
        default=4, ge=1, le=256, description="Requests under /v1 that are worked on at the same time."
    )
    queue: int = Field(
        default=128, ge=0, description="Requests under /v1 that may wait beside those; more get 503."
    )
    timeout_s: int = Field(
        default=60, ge=1, description="Seconds until a request that has no answer yet gets 504."
    )
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
    max_file_bytes: int = Field(
        default=10 * MIB,
        ge=1_024,
        description="Largest file that a document is made of; a larger one gets 413.",
    )
    max_pages: int = Field(default=200, ge=1, description="Most pages of a PDF; one with more gets 413.")
    max_document_sentences: int = Field(
        default=2_000, ge=1, description="Most sentences of a stored document; one with more gets 413."
    )
    max_batch_bytes: int = Field(
        default=200 * MIB, ge=1_024, description="Largest upload of a batch; a larger one gets 413."
    )
    max_batch_rows: int = Field(
        default=1_000_000, ge=1, description="Most rows of a batch; one with more gets 422."
    )
    max_batches: int = Field(
        default=20, ge=1, description="Most unfinished batches of a tenant; one more gets 409."
    )
    batch_days: float = Field(
        default=7, gt=0, description="Days until a batch, its rows and its results are erased."
    )
    grace_s: int = Field(
        default=10, ge=0, description="Seconds that running requests get to end when the service stops."
    )


def named(listed: str) -> list[str]:
    """The names in a setting that lists them with commas between."""
    return [name.strip() for name in listed.split(",") if name.strip()]
