"""``/v1/documents`` over the real app: store, read, list and erase, as JSON and as files."""

from __future__ import annotations

import itertools
import json
import shutil
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from indexer.workspace import Workspace
from search_api.uploads import MEDIA_TYPES
from tests.conftest import FIXTURES
from tests.hostile_files import many_pages
from tests.problem_shape import assert_problem
from tests.tenant_service import Service, serve_tenants

TEXT = "Moved payroll to Kubernetes. Cut the bill by 40%. Moved payroll to Kubernetes."
POSTING = {
    "text": "## Requirements\n- At least two years of experience with SQL\n## Benefits\n- Dental insurance",
    "title": "Data engineer",
    "company": "Harbor Freightways",
    "location": "Troy, NY",
    "url": "https://jobs.example/471",
}
FILES = {
    "text/plain": "postings/restaurant_cook.txt",
    "text/markdown": "postings/registered_nurse_medsurg.md",
    "application/pdf": "postings/site_reliability_engineer.pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "postings/data_scientist.docx",
}
YAML = "Descriptions:\n  Payroll:\n    one-liners:\n    - Moved payroll to Kubernetes.\n"


@pytest.fixture(scope="module")
def service(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Without keys; each test uses ids of its own."""
    with serve_tenants(workspace, tmp_path_factory.mktemp("documents")) as opened:
        yield opened


def upload(service: Service, path: str, content: bytes, media_type: str) -> Any:
    return service.client.put(f"/v1/documents/{path}", content=content, headers={"content-type": media_type})


def sentences(service: Service, path: str) -> list[str]:
    reply = service.client.get(f"/v1/documents/{path}")
    assert reply.status_code == 200, reply.text
    return [sentence["text"] for sentence in reply.json()["text"]]


# ---- store and read


def test_a_new_document_is_201_the_same_one_200_and_unchanged(service: Service) -> None:
    first, again, changed = (
        service.client.put("/v1/documents/brag/me", json={"text": text})
        for text in (TEXT, TEXT, "Cut the bill by 41%.")
    )
    assert (first.status_code, again.status_code, changed.status_code) == (201, 200, 200)
    reply = first.json()
    assert {name: reply[name] for name in ("kind", "id", "sentences", "changed")} == {
        "kind": "brag", "id": "me", "sentences": 2, "changed": True,
    }  # fmt: skip
    assert reply["dropped"] == [
        {"reason": "repeated", "count": 1, "examples": ["Moved payroll to Kubernetes."]}
    ]
    assert again.json() == reply | {"changed": False}
    assert changed.json()["document_id"] == reply["document_id"]
    assert sentences(service, "brag/me") == ["Cut the bill by 41%."]


def test_a_stored_document_is_read_by_its_own_id_and_by_its_uuid(service: Service) -> None:
    written = service.put("local", "posting/471", **POSTING)
    by_name = service.client.get("/v1/documents/posting/471").json()
    assert by_name == service.client.get(f"/v1/documents/posting/{written['document_id']}").json()
    assert {name: by_name[name] for name in POSTING if name != "text"} == {
        name: text for name, text in POSTING.items() if name != "text"
    }
    assert (by_name["id"], by_name["source"], by_name["public"]) == ("471", "471", False)
    assert by_name["text"] == [
        {
            "index": 0,
            "text": "At least two years of experience with SQL",
            "section": "Requirements",
            "role": "requirement",
            "technologies": ["SQL"],
        },
        {
            "index": 1,
            "text": "Dental insurance",
            "section": "Benefits",
            "role": "benefits",
            "technologies": [],
        },
    ]


def test_a_document_of_the_command_line_is_read_by_its_uuid(client: Any) -> None:
    listed = client.get("/v1/documents", params={"kind": "brag"}).json()["documents"]
    assert [line["id"] for line in listed] == [line["document_id"] for line in listed]
    line = next(line for line in listed if line["source"] == "sam_lindqvist.docx")
    document = client.get(f"/v1/documents/brag/{line['id']}").json()
    assert document["title"] == "Sam Lindqvist"
    assert len(document["text"]) == document["sentences"] == line["sentences"]
    assert {sentence["section"] for sentence in document["text"]} >= {"Brightfold Partners", "Goals"}


@pytest.mark.parametrize(("media_type", "name"), FILES.items())
def test_a_file_is_stored_as_the_command_line_would(
    service: Service, client: Any, media_type: str, name: str
) -> None:
    reply = upload(service, f"posting/{Path(name).name}", (FIXTURES / name).read_bytes(), media_type)
    assert reply.status_code == 201, reply.text
    stored = client.get("/v1/documents", params={"kind": "posting"}).json()["documents"]
    same = next(line["id"] for line in stored if line["source"] == Path(name).name)
    expected = client.get(f"/v1/documents/posting/{same}").json()
    found = service.client.get(f"/v1/documents/posting/{Path(name).name}").json()
    assert found["title"] == expected["title"]
    assert found["text"] == expected["text"]


@pytest.mark.parametrize("media_type", [name for name, suffix in MEDIA_TYPES.items() if suffix == ".yaml"])
def test_a_yaml_file_has_its_projects(service: Service, media_type: str) -> None:
    name = media_type.replace("/", ".")
    assert upload(service, f"brag/{name}", YAML.encode(), media_type).status_code == 201
    [sentence] = service.client.get(f"/v1/documents/brag/{name}").json()["text"]
    assert (sentence["section"], sentence["text"]) == ("Payroll", "Moved payroll to Kubernetes.")


@pytest.mark.parametrize("name", ["a", "A-z_0.9~:@", "...", "x" * 200])
def test_an_id_is_what_its_owner_says(service: Service, name: str) -> None:
    assert service.put("local", f"brag/{name}", TEXT)["id"] == name
    assert service.client.get(f"/v1/documents/brag/{name}").json()["id"] == name


@pytest.mark.parametrize("name", ["%2e", "%2e%2e", "a%20b", "%00", "a%0a", "%E2%80%AE", "x" * 201, "a%5Cb"])
@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
def test_no_other_id_is_taken(service: Service, method: str, name: str) -> None:
    body: dict[str, Any] = {"json": {"text": TEXT}} if method == "PUT" else {}
    response = service.client.request(method, f"/v1/documents/brag/{name}", **body)
    problem = assert_problem(response, 422, "invalid-parameter")
    assert problem["errors"][0]["location"] == "path.id"


@pytest.mark.parametrize("name", ["a%2Fb", "..%2F..%2Fetc%2Fpasswd"])
def test_a_slash_in_an_id_is_another_path(service: Service, name: str) -> None:
    assert_problem(service.client.put(f"/v1/documents/brag/{name}", json={"text": TEXT}), 404, "about:blank")


def test_a_title_is_one_line_without_control_characters(service: Service) -> None:
    service.put("local", "posting/lines", TEXT, title="Data\x00 \x1b[31mengineer\n\r second line")
    assert service.client.get("/v1/documents/posting/lines").json()["title"] == "Data engineer second line"


# ---- what is refused


@pytest.mark.parametrize(
    ("body", "location"),
    [
        ("{}", "body.text"),
        ('{"text": ""}', "body.text"),
        ('{"text": 7}', "body.text"),
        ('{"text": "a", "txt": "b"}', "body.txt"),
        ('{"text": "a", "title": "%s"}' % ("x" * 1_001), "body.title"),
        ('{"text": "\\ud800"}', "body"),
        ("[]", "body"),
        ("{", "body"),
        ("", "body"),
        ("[" * 100_000, "body"),
    ],
)  # fmt: skip
def test_json_of_another_shape_is_422_and_its_place_named(service: Service, body: str, location: str) -> None:
    response = upload(service, "posting/bad", body.encode(), "application/json")
    problem = assert_problem(response, 422, "invalid-parameter")
    assert problem["errors"][0]["location"] == location


@pytest.mark.parametrize("text", [" \n\t", "123 --", "\x00\x07"])
def test_a_text_without_a_word_is_422(service: Service, text: str) -> None:
    assert_problem(service.client.put("/v1/documents/brag/bad", json={"text": text}), 422, "read-error")


def test_a_brag_document_has_no_company(service: Service) -> None:
    response = service.client.put("/v1/documents/brag/bad", json={"text": TEXT, "company": "Acme"})
    assert "body.company" in assert_problem(response, 422, "invalid-parameter")["detail"]


@pytest.mark.parametrize(
    "media_type", ["", "application/octet-stream", "application/x-www-form-urlencoded", "multipart/form-data",
                   "image/png", "application/msword", "json", "text/html"]
)  # fmt: skip
def test_another_content_type_is_415_with_those_that_are_read(service: Service, media_type: str) -> None:
    response = upload(service, "brag/bad", b"text", media_type)
    detail = assert_problem(response, 415, "unsupported-format")["detail"]
    assert "application/json, text/plain, text/markdown, application/pdf" in detail


def test_a_content_coding_is_415(service: Service) -> None:
    headers = {"content-type": "text/plain", "content-encoding": "gzip"}
    response = service.client.put("/v1/documents/brag/bad", content=b"\x1f\x8b", headers=headers)
    assert_problem(response, 415, "unsupported-format")


@pytest.mark.parametrize("kind", ["occupation", "occupations", "postings", "BRAG", "%2e%2e"])
def test_another_kind_is_422(service: Service, kind: str) -> None:
    problem = assert_problem(service.client.get(f"/v1/documents/{kind}/x"), 422, "invalid-parameter")
    assert problem["errors"][0]["location"] == "path.kind"


@pytest.mark.parametrize(
    ("limits", "content", "media_type", "words"),
    [
        ({"max_body_bytes": 2_000}, json.dumps({"text": "x" * 2_001}).encode(), "application/json",
         "of at most 2,000 bytes"),
        ({"max_file_bytes": 5_000}, b"x" * 5_001, "text/plain", "5,000 bytes"),
        ({"max_pages": 2}, many_pages(3), "application/pdf",
         "pdf too long: expected at most 2 pages, found 3; send it in parts"),
        ({"max_document_sentences": 2}, b"- One thing.\n- Two things.\n- Three things.", "text/plain",
         "expected a document of at most 2 sentences, found 3"),
        ({"max_document_sentences": 2}, b"word " * 201, "text/plain",
         "text too large: expected at most 1,000 characters, found 1,005; send it in parts"),
        ({"max_document_sentences": 2}, json.dumps({"text": "word " * 201}).encode(), "application/json",
         "expected a text of at most 1,000 characters, found 1,005"),
    ],
)  # fmt: skip
def test_a_limit_of_the_settings_is_413_and_told(
    workspace: Workspace, tmp_path: Path, limits: dict[str, Any], content: bytes, media_type: str, words: str
) -> None:
    with serve_tenants(workspace, tmp_path, **limits) as service:
        response = upload(service, "posting/large", content, media_type)
        assert words in assert_problem(response, 413, "too-large")["detail"]
        assert service.client.get("/v1/documents", params={"kind": "brag"}).json()["documents"] == []


def test_a_file_may_be_larger_than_json(workspace: Workspace, tmp_path: Path) -> None:
    padded = YAML.encode() + b"# a comment\n" * 400
    with serve_tenants(workspace, tmp_path, max_body_bytes=2_000) as service:
        assert upload(service, "brag/padded", padded, "application/yaml").status_code == 201
        assert_problem(upload(service, "brag/padded", padded, "application/json"), 413, "too-large")


def test_a_file_that_is_streamed_is_cut_off_at_the_limit(workspace: Workspace, tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield from itertools.repeat(b"word " * 200, 10)

    with serve_tenants(workspace, tmp_path, max_file_bytes=5_000, max_body_bytes=5_000) as service:
        response = service.client.put(
            "/v1/documents/brag/stream", content=chunks(), headers={"content-type": "text/plain"}
        )
        assert "5,000 bytes" in assert_problem(response, 413, "too-large")["detail"]


def test_a_full_disk_is_507_and_reading_goes_on(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    with serve_tenants(workspace, tmp_path) as service:
        service.put("local", "brag/cv", "Welded the old hull.")
        with monkeypatch.context() as patch:
            patch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12, 1_000))
            response = service.client.put("/v1/documents/brag/cv", json={"text": TEXT})
            assert "the disk is full" in assert_problem(response, 507, "storage-full")["detail"]
            assert sentences(service, "brag/cv") == ["Welded the old hull."]
        assert service.client.put("/v1/documents/brag/cv", json={"text": TEXT}).status_code == 200


# ---- erase and list


def test_an_erased_document_is_found_nowhere(service: Service) -> None:
    service.put("local", "brag/gone", "Tamed forty llamas of Quillfeather.")
    search = {"collection": "brags", "queries": ["llamas"], "mode": "lexical"}
    assert service.client.post("/v1/search", json=search).json()["results"][0]["hits"]
    reply = service.client.delete("/v1/documents/brag/gone")
    assert (reply.status_code, reply.json()) == (200, {"kind": "brag", "id": "gone", "sentences": 1})
    assert service.client.post("/v1/search", json=search).json()["results"][0]["hits"] == []
    for method in ("GET", "DELETE"):
        problem = assert_problem(service.client.request(method, "/v1/documents/brag/gone"), 404)
        assert problem["type"] == "/problems/unknown-document"


# ---- named in match, gap and fluff


def test_match_gap_and_fluff_take_stored_documents_by_their_own_ids(service: Service) -> None:
    service.put("local", "posting/kubernetes", "- You run Kubernetes clusters.\n- You write Go.")
    uuid = service.put("local", "brag/operator", "- Ran 30 Kubernetes clusters.\n- Baked bread.")[
        "document_id"
    ]
    named = {"document": {"kind": "brag", "id": "operator"}}
    by_uuid = {"document": {"kind": "brag", "id": uuid}}
    posting = {"document": {"kind": "posting", "id": "kubernetes"}}
    matched = service.client.post("/v1/match", json={"a": posting, "b": named, "top_k": 1}).json()
    assert matched["forward"][0]["partners"][0]["text"] == "Ran 30 Kubernetes clusters."
    for brag in (named, by_uuid):
        gap = service.client.post("/v1/gap", json={"brag": brag, "postings": {"ids": ["kubernetes"]}})
        assert gap.status_code == 200, gap.text
        assert gap.json()["postings_compared"] == 1
    fluff = service.client.post("/v1/fluff", json={"brag": named})
    assert (fluff.status_code, fluff.json()["total"]) == (200, 2)


def test_an_unknown_name_is_404_and_told(service: Service) -> None:
    service.put("local", "posting/known", "- You write Go.")
    brag = {"text": "Wrote Go."}
    for ids in (["nobody"], ["known", "nobody"]):
        response = service.client.post("/v1/gap", json={"brag": brag, "postings": {"ids": ids}})
        assert assert_problem(response, 404)["detail"] == "no stored posting has the id nobody"
