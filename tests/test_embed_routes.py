"""``POST /v1/embed``: the vectors are those of the index, and the reply says what they compare with."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from indexer.store import Vector, where
from indexer.workspace import Workspace
from search_api.app import create_app
from search_api.settings import ServeSettings
from tests.problem_shape import assert_problem

TEXTS = ["Registered Nurse", "Ran 30 Kubernetes clusters in Go for Acme Corp."]


def embedded(client: TestClient, **body: Any) -> dict[str, Any]:
    response = client.post("/v1/embed", json=body)
    assert response.status_code == 200, response.text
    reply: dict[str, Any] = response.json()
    return reply


def test_vectors_are_those_of_the_encoder_in_the_order_of_the_texts(
    client: TestClient, workspace: Workspace
) -> None:
    reply = embedded(client, texts=TEXTS)
    found = np.asarray(reply["vectors"], dtype=np.float32)
    assert found.shape == (2, reply["dimension"]) == (2, 384)
    assert np.einsum("ij,ij->i", found, workspace.encode(TEXTS)).min() > 0.999
    assert float(found[0] @ workspace.encode(TEXTS)[1]) < 0.5


def test_they_have_length_one_as_the_reply_says(client: TestClient) -> None:
    reply = embedded(client, texts=TEXTS)
    assert reply["normalised"] is True
    assert np.linalg.norm(np.asarray(reply["vectors"]), axis=1) == pytest.approx([1, 1], abs=1e-3)


def test_base64_holds_the_same_values_as_little_endian_float32(client: TestClient) -> None:
    numbers = embedded(client, texts=TEXTS)
    packed = embedded(client, texts=TEXTS, encoding="base64")
    assert packed["encoding"] == "base64"
    rows = [np.frombuffer(base64.b64decode(row), "<f4") for row in packed["vectors"]]
    assert np.abs(np.stack(rows) - np.asarray(numbers["vectors"], dtype=np.float32)).max() < 0.01
    assert len(packed["vectors"][0]) == 4 * 384 * 4 // 3


def test_the_model_is_named_with_its_weights(client: TestClient, workspace: Workspace) -> None:
    reply = embedded(client, texts=["cook"])
    assert reply["model"] == "sentence-transformers/all-MiniLM-L6-v2"
    assert reply["weights_sha256"] == workspace.encoder.weights_sha256


def test_raw_vectors_compare_with_every_index_here_and_the_fingerprints_are_theirs(
    client: TestClient, workspace: Workspace
) -> None:
    reply = embedded(client, texts=["cook"])
    assert reply["view_settings"] == {}
    assert reply["comparable"] == [
        {"collection": name, "fingerprint": workspace.store.live(name).fingerprint.digest}
        for name in ("occupations", "postings", "brags")
    ]


def test_a_title_of_the_index_has_cosine_one_to_its_stored_vector(
    client: TestClient, workspace: Workspace
) -> None:
    [vector] = embedded(client, texts=["Registered Nurses"])["vectors"]
    [page] = workspace.store.scroll(
        "occupations", filter=where(code="29-1141.00", source="title"), vectors=True
    )
    stored: Vector | None = page.dense
    assert stored is not None
    assert float(stored[0] @ np.asarray(vector, dtype=np.float32)) > 0.999


def test_another_view_makes_other_vectors_and_compares_with_no_index_of_raw_ones(
    client: TestClient, workspace: Workspace
) -> None:
    reply = embedded(client, texts=TEXTS, view="jargon")
    assert reply["view"] == "jargon"
    assert reply["comparable"] == []
    assert set(reply["view_settings"]) >= {"stop_words", "rules"}
    expected = workspace.encode(TEXTS, "jargon")
    found = np.asarray(reply["vectors"], dtype=np.float32)
    assert np.einsum("ij,ij->i", found, expected).min() > 0.999
    assert float(found[1] @ workspace.encode(TEXTS)[1]) < 0.95


def test_a_text_of_which_a_view_leaves_nothing_is_taken_itself(
    client: TestClient, workspace: Workspace
) -> None:
    [vector] = embedded(client, texts=["What a lovely day"], view="jargon")["vectors"]
    raw = workspace.encode(["What a lovely day"])[0]
    assert float(raw @ np.asarray(vector, dtype=np.float32)) > 0.999


def test_it_needs_no_index(empty_workspace: Workspace) -> None:
    with TestClient(create_app(empty_workspace, ServeSettings())) as client:
        reply = embedded(client, texts=["cook"])
    assert reply["comparable"] == []
    assert len(reply["vectors"][0]) == 384


@pytest.mark.parametrize(
    ("body", "type"),
    [
        ({"texts": []}, "invalid-parameter"),
        ({"texts": ["cook"] * 1_001}, "invalid-parameter"),
        ({"texts": ["cook", "?!"]}, "empty-query"),
        ({"texts": ["x" * 100_001]}, "invalid-parameter"),
        ({"texts": ["cook"], "view": "plain"}, "invalid-parameter"),
        ({"texts": ["cook"], "encoding": "hex"}, "invalid-parameter"),
        ({"texts": "cook"}, "invalid-parameter"),
    ],
)
def test_bad_requests_are_422(client: TestClient, body: dict[str, Any], type: str) -> None:
    assert_problem(client.post("/v1/embed", json=body), 422, type)


def test_the_limit_of_the_settings_holds(workspace: Workspace) -> None:
    with TestClient(create_app(workspace, ServeSettings(max_queries=2))) as client:
        assert client.post("/v1/embed", json={"texts": ["a", "b"]}).status_code == 200
        problem = assert_problem(client.post("/v1/embed", json={"texts": ["a", "b", "c"]}), 422)
    assert problem["detail"] == "at most 2 queries at once, found 3"
