"""What the service counts and times, for Prometheus under ``/metrics``, and for the log line of a request.

Each app has a registry of its own. Labels have few values: routes are templates (any other path is "other"),
methods and collections are known, errors are names of classes; no tenant and no text.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from indexer.watched import Encoded, Failed, Searched, Wrote
from preprocess.errors import JoblensError

MEDIA_TYPE = CONTENT_TYPE_LATEST
REQUEST_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
PART_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
TEXTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048)


@dataclass(slots=True)
class Work:
    """What one request had done so far; counts only."""

    encode_s: float = 0.0
    search_s: float = 0.0
    texts: int = 0
    queries: int = 0
    hits: int = 0
    documents: int = 0

    def log_fields(self) -> dict[str, float]:
        """Milliseconds and counts, of what there was."""
        found = {
            "encode_ms": round(1_000 * self.encode_s, 1),
            "search_ms": round(1_000 * self.search_s, 1),
            "texts": self.texts,
            "queries": self.queries,
            "hits": self.hits,
            "documents": self.documents,
        }
        return {name: value for name, value in found.items() if value}


# The encoder and the store know nothing of requests; the thread pool hands this on to its threads.
_work: ContextVar[Work | None] = ContextVar("work", default=None)


class Metrics:
    """The counters of one app; safe to use from many threads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        counter, histogram = self._counter, self._histogram
        self._requests = counter("requests", "Requests answered.", "route", "method", "status")
        self._request_s = histogram(
            "request_seconds", "From the first byte to the last.", REQUEST_S, "route", "method", "status"
        )
        self._in_flight = Gauge("joblens_requests_in_flight", "Requests begun.", registry=self.registry)
        self._refused = counter("requests_refused", "Requests that were let no further.", "error")
        self._encode_s = histogram("encode_seconds", "Time of one call of the encoder.", PART_S)
        self._encode_texts = histogram("encode_texts", "Texts in one call of the encoder.", TEXTS)
        self._search_s = histogram("search_seconds", "Time of one search.", PART_S, "collection")
        self._search_queries = histogram("search_queries", "Queries in one search.", TEXTS, "collection")
        self._documents = counter("documents_written", "Documents stored or replaced.", "collection")
        self._store_errors = counter("store_errors", "What the store could not do.", "error")

    def begin(self) -> Work:
        """A request begins; what the encoder and the store do from here on counts into its work."""
        self._in_flight.inc()
        work = Work()
        _work.set(work)
        return work

    def end(self, route: str | None, method: str, status: int, seconds: float) -> None:
        """A request was answered; ``route`` is its template, None where it has none."""
        self._in_flight.dec()
        labels = (route or "other", method, str(status))
        self._requests.labels(*labels).inc()
        self._request_s.labels(*labels).observe(seconds)

    def refused(self, error: JoblensError) -> None:
        """A request was refused before a route saw it."""
        self._refused.labels(type(error).__name__).inc()

    def watch(self, event: Encoded | Searched | Wrote | Failed) -> None:
        """What the encoder and the store did (``indexer.watched``)."""
        work = _work.get() or Work()
        match event:
            case Encoded():
                self._encode_s.observe(event.seconds)
                self._encode_texts.observe(event.texts)
                work.encode_s += event.seconds
                work.texts += event.texts
            case Searched():
                self._search_s.labels(event.collection).observe(event.seconds)
                self._search_queries.labels(event.collection).observe(event.queries)
                work.search_s += event.seconds
                work.queries += event.queries
                work.hits += event.hits
            case Wrote():
                self._documents.labels(event.collection).inc(event.documents)
                work.documents += event.documents
            case Failed():
                self._store_errors.labels(event.error.__name__).inc()

    def gauge(self, name: str, text: str, value: Callable[[], float]) -> None:
        """Show ``joblens_<name>``; ``value`` is called whenever the metrics are read, so it must be quick.

        Where it fails with one of our errors, NaN is shown, and the others as ever.
        """

        def known() -> float:
            try:
                return value()
            except JoblensError:
                return math.nan

        Gauge(f"joblens_{name}", text, registry=self.registry).set_function(known)

    def page(self) -> bytes:
        """The metrics as Prometheus reads them."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"joblens_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"joblens_{name}", text, labels, buckets=buckets, registry=self.registry)
