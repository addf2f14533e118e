"""What ``/metrics`` counts and times, and the bounds of its labels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from indexer.settings import StoreSettings
from indexer.watched import Encoded, Failed, Searched
from indexer.workspace import Workspace
from preprocess.errors import IndexMissing, StoreError
from search_api.app import create_app
from search_api.metrics import Metrics
from search_api.settings import ServeSettings

Labels = dict[str, str]


def samples(page: str) -> Iterator[tuple[str, Labels, float]]:
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            yield sample.name, sample.labels, sample.value


def value(client: TestClient, name: str, **labels: str) -> float:
    """The sum over the samples that have these labels."""
    page = client.get("/metrics").text
    return sum(
        number
        for sample, found, number in samples(page)
        if sample == name and labels.items() <= found.items()
    )


@pytest.fixture
def fresh(workspace: Workspace) -> Iterator[TestClient]:
    """An app that nobody has asked anything yet; what is kept between look-ups is its own."""
    parts = {"encoder": workspace.encoder, "store": workspace.whole_store}
    own = Workspace(workspace.model_settings, workspace.store_settings, parts)
    with TestClient(create_app(own, ServeSettings()), base_url="http://localhost") as client:
        yield client


def test_it_is_prometheus_text(fresh: TestClient) -> None:
    response = fresh.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=")
    assert "# HELP joblens_requests_total Requests answered.\n" in response.text


def test_a_request_is_counted_and_timed_by_template_method_and_status(fresh: TestClient) -> None:
    for code in ("29-1141", "47-2111", "99-9999"):
        fresh.get(f"/v1/occupations/{code}")
    route: Labels = {"route": "/v1/occupations/{code}", "method": "GET"}
    assert value(fresh, "joblens_requests_total", **route, status="200") == 2
    assert value(fresh, "joblens_requests_total", **route, status="404") == 1
    assert value(fresh, "joblens_request_seconds_count", **route, status="200") == 2
    assert 0 < value(fresh, "joblens_request_seconds_sum", **route, status="200") < 60


def test_paths_and_methods_that_nobody_knows_share_a_label(fresh: TestClient) -> None:
    for number in range(20):
        fresh.get(f"/nowhere/{number}")
        fresh.request(f"METHOD{number}", "/health")
    page = fresh.get("/metrics").text
    labels = {
        (found["route"], found["method"])
        for name, found, _ in samples(page)
        if name == "joblens_requests_total"
    }
    assert labels == {("other", "GET"), ("/health", "other")}
    assert value(fresh, "joblens_requests_total", route="other", status="404") == 20


def test_encoding_and_searching_are_timed_and_batches_measured(fresh: TestClient) -> None:
    before = value(fresh, "joblens_encode_texts_sum")
    fresh.post("/v1/classify", json={"queries": ["line cook", "nurse", "clerk"]})
    assert value(fresh, "joblens_encode_texts_sum") - before == 3
    assert value(fresh, "joblens_encode_seconds_sum") > 0
    fresh.post("/v1/search", json={"collection": "postings", "queries": ["night shift", "payroll"]})
    assert value(fresh, "joblens_search_seconds_count", collection="postings") == 1
    assert value(fresh, "joblens_search_queries_sum", collection="postings") == 2


def test_documents_that_are_written_are_counted(workspace: Workspace, tmp_path: Path) -> None:
    own = Workspace(workspace.model_settings, StoreSettings(home=tmp_path), {"encoder": workspace.encoder})
    with own, TestClient(create_app(own, ServeSettings()), base_url="http://localhost") as client:
        for text in ("Ran payroll. Wrote Go.", "Ran payroll. Wrote Go.", "Wrote Python."):
            response = client.put("/v1/documents/brag/a", json={"text": text})
            assert response.status_code in (200, 201)
        assert value(client, "joblens_documents_written_total", collection="brags") == 2


def test_store_errors_are_counted_by_class(empty_workspace: Workspace) -> None:
    with TestClient(create_app(empty_workspace, ServeSettings()), base_url="http://localhost") as client:
        assert client.post("/v1/classify", json={"queries": ["line cook"]}).status_code == 503
        assert value(client, "joblens_store_errors_total", error="IndexMissing") >= 1


def test_refusals_are_counted_by_class(fresh: TestClient) -> None:
    fresh.get("/v1/collections", headers={"host": "evil.example"})
    fresh.put("/v1/documents/brag/a", content=b" " * 20_000_000, headers={"content-type": "text/plain"})
    assert value(fresh, "joblens_requests_refused_total", error="Forbidden") == 1
    assert value(fresh, "joblens_requests_refused_total", error="TooLarge") == 1


def test_the_request_that_reads_them_is_in_flight_and_nothing_waits(fresh: TestClient) -> None:
    assert value(fresh, "joblens_requests_in_flight") == 1
    assert value(fresh, "joblens_requests_waiting") == 0


def test_resident_memory_is_among_them(fresh: TestClient) -> None:
    assert value(fresh, "process_resident_memory_bytes") > 10_000_000


def test_two_apps_count_apart(workspace: Workspace, fresh: TestClient) -> None:
    fresh.get("/health")
    other = TestClient(create_app(workspace, ServeSettings()), base_url="http://localhost")
    assert value(other, "joblens_requests_total", route="/health") == 0


# ---- what a request has done


def test_work_is_that_of_the_request_it_was_done_for() -> None:
    metrics = Metrics()
    first = metrics.begin()
    metrics.watch(Encoded(3, 0.5))
    second = metrics.begin()
    metrics.watch(Searched("postings", 2, 10, 0.25))
    metrics.watch(Failed(IndexMissing))
    assert first.log_fields() == {"encode_ms": 500.0, "texts": 3}
    assert second.log_fields() == {"search_ms": 250.0, "queries": 2, "hits": 10}


def test_a_gauge_is_read_when_the_page_is() -> None:
    metrics, waiting = Metrics(), [0.0]
    metrics.gauge("batches_waiting", "Batches that wait.", lambda: waiting[0])
    waiting[0] = 7.0
    assert b"joblens_batches_waiting 7.0" in metrics.page()


def test_a_gauge_that_cannot_be_read_spoils_no_other() -> None:
    def fails() -> float:
        raise StoreError("the disk is gone")

    metrics = Metrics()
    metrics.gauge("batches_waiting", "Batches that wait.", fails)
    metrics.gauge("others", "Others.", lambda: 2.0)
    assert b"joblens_batches_waiting NaN" in metrics.page()
    assert b"joblens_others 2.0" in metrics.page()


@pytest.mark.parametrize("call", ["live", "info", "count"])
def test_the_watched_store_raises_what_the_store_does(empty_workspace: Workspace, call: str) -> None:
    seen: list[object] = []
    store = empty_workspace.watched(seen.append).store
    with pytest.raises(StoreError):
        getattr(store, call)("postings")
    assert seen == [Failed(IndexMissing)]


def test_who_watches_one_view_of_a_workspace_sees_its_tenants_too(workspace: Workspace) -> None:
    seen: list[object] = []
    watched = workspace.watched(seen.append)
    watched.of_tenant("acme").encode(["line cook"])
    workspace.encode(["nurse"])
    assert [type(event) for event in seen] == [Encoded]
