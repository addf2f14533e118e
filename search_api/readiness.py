"""Whether the service can answer, and what is missing where it cannot."""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import suppress
from dataclasses import dataclass
from threading import Timer
from typing import Any, Literal

import anyio
import anyio.to_thread
from pydantic import BaseModel, Field

from indexer.store import COLLECTIONS, CollectionInfo, CollectionName, Query, Vector
from indexer.workspace import Workspace
from preprocess.errors import FingerprintMismatch, IndexMissing, JoblensError
from preprocess.stemming import stem
from search_api.classify import occupation_titles
from search_api.replies import example
from search_api.title_lookup import live_desk

LANGUAGE_AFTER_S = 1.0
FRESH_S = 1.0
"""How long what a look found is told again; a look takes some milliseconds."""

PATIENCE_S = 5.0
"""Half of what the container's health check waits for an answer."""

PROBE = "ready"


class CollectionState(BaseModel):
    """How a collection stands; ``detail`` says what to do where it is not live."""

    name: str
    state: Literal["live", "missing", "mismatch", "unavailable"]
    fingerprint: str = ""
    detail: str = ""


class ReadyReply(BaseModel):
    """Ready means: the encoder is loaded and the occupations can be searched."""

    model_config = example(
        {
            "ready": True,
            "model": "all-MiniLM-L6-v2",
            "detail": "",
            "collections": [
                {
                    "name": "occupations",
                    "state": "live",
                    "fingerprint": "5b8a2f0c91d4",
                    "detail": "",
                },
                {
                    "name": "postings",
                    "state": "missing",
                    "fingerprint": "",
                    "detail": "there is no index of postings yet; make it with: joblens index postings PATH",
                },
            ],
        }
    )

    ready: bool
    model: str = Field(description="The encoder's name; empty where it cannot be loaded.")
    detail: str = Field(description="Why the encoder cannot be loaded; else empty.")
    collections: list[CollectionState]

    @property
    def missing(self) -> dict[str, str]:
        """What stands in the way of an answer, by location."""
        found = {"encoder": self.detail} if self.detail else {}
        for state in self.collections:
            if state.name == "occupations" and state.state != "live":
                found[f"collections.{state.name}"] = state.detail
        return found


@dataclass(frozen=True, slots=True)
class State:
    """What a look found: the report, and the hash of the weights where there is an encoder."""

    report: ReadyReply
    weights_sha256: str | None = None


class Watchman:
    """Looks whether the service can answer, one look at a time, in a thread of its own: it neither waits for
    a place among the requests, nor halts them when the store hangs.

    :param workspace: what is served.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._look: asyncio.Task[State] | None = None
        self._ended_s = -math.inf

    async def state(self) -> State:
        """What a look finds; good news is told again for :data:`FRESH_S`.

        One that takes longer than :data:`PATIENCE_S` means not ready.
        """
        if self._look is None or (self._look.done() and not self._is_fresh(self._look.result())):
            self._look = asyncio.create_task(self._looked())
        look = self._look
        await asyncio.wait([look], timeout=PATIENCE_S)
        if look.done():
            return look.result()
        detail = f"the encoder and the store have not answered within {PATIENCE_S} s"
        return State(ReadyReply(ready=False, model="", detail=detail, collections=[]))

    def _is_fresh(self, found: State) -> bool:
        return found.report.ready and time.monotonic() - self._ended_s < FRESH_S

    async def _looked(self) -> State:
        # A limiter of its own, as the default one may have no thread left.
        limiter = anyio.CapacityLimiter(1)
        try:
            return await anyio.to_thread.run_sync(look, self._workspace, limiter=limiter)
        finally:
            self._ended_s = time.monotonic()


def readiness(workspace: Workspace) -> ReadyReply:
    """Open what is not open yet, try it, and report; raises nothing."""
    return look(workspace).report


def look(workspace: Workspace) -> State:
    """Encode a word, look it up, and tell what did not work; raises nothing."""
    model, detail, weights, probe = "", "", None, None
    try:
        probe = workspace.encode([PROBE], workspace.store_settings.view)[0]
        model, weights = workspace.encoder.name, workspace.encoder.weights_sha256
    except JoblensError as error:
        detail = str(error)
    except Exception as error:
        # Whatever a runtime raises: a service that cannot encode is not ready. Its text may quote ours.
        detail = f"the encoder fails ({type(error).__name__}); start the service again"
    states = [_state(workspace, name, probe) for name in COLLECTIONS]
    ready = not detail and states[0].state == "live"
    return State(ReadyReply(ready=ready, model=model, detail=detail, collections=states), weights)


def warm_up(workspace: Workspace) -> tuple[ReadyReply, Timer]:
    """Load what a first look-up would wait for: the encoder, the occupations and their titles.

    The rest (language parts, technology names) is loaded a moment later, so that the service is ready sooner.

    :return: how it stands, and the timer that loads the rest.
    """
    report = readiness(workspace)
    if report.ready:
        occupation_titles(workspace, workspace.store.live("occupations").physical)
        with suppress(JoblensError):  # an index without what is learned from it: /v1/classify says so
            live_desk(workspace)
    later = Timer(LANGUAGE_AFTER_S, _load_language, (workspace,))
    later.daemon = True
    later.start()
    return report, later


def _load_language(workspace: Workspace) -> None:
    with suppress(JoblensError):
        workspace.views.apply_many(["warm up"], "filtered")
        stem("warm")


def _state(workspace: Workspace, name: CollectionName, probe: Vector | None) -> CollectionState:
    """
    :param probe: a vector to search with; None where there is no encoder to compare the collection with.
    """
    try:
        live = workspace.store.live(name) if probe is None else workspace.check(name)
        if name == "occupations":  # the others are opened, and their files read, when they are first asked
            workspace.store.info(live.physical)
            if probe is not None:
                workspace.store.search(live.physical, [Query(dense=probe)], top_k=1, fields=["code"])
    except IndexMissing as error:
        return CollectionState(name=name, state="missing", detail=str(error))
    except FingerprintMismatch as error:
        return CollectionState(name=name, state="mismatch", detail=str(error))
    except JoblensError as error:
        return CollectionState(name=name, state="unavailable", detail=str(error))
    return CollectionState(name=name, state="live", fingerprint=live.fingerprint.digest)


# ---- collections


class CollectionReply(BaseModel):
    """A live collection and what it was made with."""

    name: str
    points: int
    size_bytes: int | None
    fingerprint: dict[str, Any] = Field(description="Model, views, schema, source release and their digest.")
    building: list[str] = Field(description="Collections that are being built beside it.")

    @classmethod
    def of(cls, info: CollectionInfo) -> CollectionReply:
        return cls(
            name=info.name,
            points=info.points,
            size_bytes=info.size_bytes,
            fingerprint=info.fingerprint.to_json(),
            building=list(info.building),
        )


class DamagedCollection(BaseModel):
    """A collection whose files are damaged, and what to do."""

    name: str
    detail: str


class CollectionsReply(BaseModel):
    """The live collections."""

    model_config = example(
        {
            "collections": [
                {
                    "name": "occupations",
                    "points": 74051,
                    "size_bytes": 201326592,
                    "fingerprint": {
                        "model": "all-MiniLM-L6-v2",
                        "weights_sha256": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
                        "dimension": 384,
                        "view": "raw",
                        "lexical_view": "raw",
                        "view_settings": {},
                        "source": "O*NET 27.0 Database",
                        "schema": 1,
                        "digest": "5b8a2f0c91d4",
                    },
                    "building": [],
                }
            ],
            "damaged": [],
        }
    )

    collections: list[CollectionReply]
    damaged: list[DamagedCollection] = Field(description="Those that cannot be read; the others answer.")


class HealthReply(BaseModel):
    """The process answers; whether it has anything to answer with, /ready tells."""

    model_config = example({"status": "ok"})

    status: Literal["ok"] = "ok"


class VersionReply(BaseModel):
    """What runs here; model and weights are null while the encoder cannot be loaded."""

    model_config = example(
        {
            "version": "0.1.0",
            "python": "3.11.9",
            "model": "all-MiniLM-L6-v2",
            "weights_sha256": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            "schema_version": 1,
        }
    )

    version: str
    python: str
    model: str | None
    weights_sha256: str | None
    schema_version: int
