"""Hostile files through the service and through the command line: refused, within bounds, and the next one
is served."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from indexer.workspace import Workspace
from tests import hostile_files as hostile
from tests.command_line import joblens
from tests.conftest import FIXTURES, REPOSITORY
from tests.hostile_files import DOCX, MARKDOWN, PDF, TEXT, YAML
from tests.problem_shape import assert_problem
from tests.tenant_service import Service, serve_tenants

BOUND_MIB = 400
"""Memory that reading all of them may take; it was 130 MiB, with what making the files takes."""

BROKEN = FIXTURES / "broken"
SECRET = "The harbour master's password is Quillfeather."

REFUSED: list[tuple[str, Callable[[], bytes], str, int, str]] = [
    # zips that unfold
    ("zip bomb", hostile.zip_bomb, DOCX, 413, "docx too large: expected at most 52,428,800 bytes unzipped"),
    ("element bomb", hostile.element_bomb, DOCX, 413, "at most 1,000,000 elements and attributes"),
    ("attribute bomb", hostile.attribute_bomb, DOCX, 413, "at most 1,000,000 elements and attributes"),
    ("overlapping zip", hostile.overlapping_zip, DOCX, 413, "bytes unzipped, found 692"),
    ("lying zip", hostile.lying_zip, DOCX, 422, "broken docx"),
    ("lzma", hostile.dictionary_bomb, DOCX, 422, "expected parts that are stored or deflated"),
    ("zip with a password", hostile.encrypted_zip, DOCX, 422, "broken docx"),
    ("truncated docx", (BROKEN / "truncated.docx").read_bytes, DOCX, 422, "broken docx"),
    # XML
    ("billion laughs", hostile.billion_laughs, DOCX, 422, "expected XML without a document type"),
    ("laughs in an attribute", hostile.attribute_laughs, DOCX, 422, "expected XML without a document type"),
    ("external entity", lambda: hostile.external_entity("/etc/hostname"), DOCX, 422, "document type"),
    ("the same in UTF-16", lambda: hostile.external_entity_in_utf16("/etc/hostname"), DOCX, 422,
     "document type"),
    ("deep XML", hostile.very_deep_xml, DOCX, 422, "broken docx"),
    # pdf
    ("10,000 pages", hostile.many_pages, PDF, 413, "pdf too long: expected at most 200 pages, found 10,000"),
    ("pages without end", hostile.claimed_pages, PDF, 422, "broken pdf"),
    ("pdf bomb", hostile.pdf_bomb, PDF, 413, "page 1: pdf too large"),
    ("one long text", hostile.long_text_pdf, PDF, 413, "page 1: pdf too large"),
    ("forms in forms", hostile.pdf_of_forms, PDF, 422, "pdf without text"),
    ("tables in a circle", hostile.endless_references, PDF, 422, "broken pdf"),
    ("objects without end", hostile.objects_without_end, PDF, 422, "broken pdf"),
    ("encrypted pdf", (BROKEN / "encrypted.pdf").read_bytes, PDF, 422, "encrypted pdf"),
    ("truncated pdf", lambda: (FIXTURES / "postings/site_reliability_engineer.pdf").read_bytes()[:900], PDF,
     422, "pdf"),
    # yaml
    ("aliases of aliases", hostile.alias_bomb, YAML, 413, "at most 20,000 values, found more"),
    ("aliases of a long text", hostile.long_alias_bomb, YAML, 413, "at most 1,000,000 characters"),
    ("merged aliases", hostile.merge_bomb, YAML, 413, "at most 20,000 values, found more"),
    ("an alias of itself", hostile.own_alias, YAML, 413, "at most 20,000 values, found more"),
    ("a tag that runs", hostile.python_object, YAML, 422, "line 1: yaml tag refused"),
    ("deep yaml", hostile.deep_yaml, YAML, 413, "expected at most 50 levels"),
    ("many keys", hostile.many_keys, YAML, 413, "at most 20,000 values"),
    # text
    ("10 MB on one line", lambda: b"weld pipes " * 900_000, TEXT, 413, "text too large"),
    ("a million newlines", lambda: b"\n" * 1_000_000, TEXT, 422, "empty"),
    ("newlines in markdown", lambda: b"\n" * 200_000, MARKDOWN, 422, "empty"),
    ("NUL bytes", lambda: b"\0" * 900_000, TEXT, 415, "not text"),
    ("brackets", lambda: b"[" * 990_000, MARKDOWN, 422, "no words"),
    ("comments", lambda: b"<!--" * 240_000, MARKDOWN, 422, "no words"),
    ("headings", lambda: b"# a\n" * 20_000, MARKDOWN, 422, ""),
    ("70,000 short sentences", lambda: b"".join(b"- ab %d c\n" % n for n in range(70_000)), TEXT, 413,
     "expected a document of at most 2,000 sentences, found 70,000"),
    # not what they say they are
    ("a pdf called docx", hostile.many_pages, DOCX, 415, "expected a .docx file, found a .pdf file"),
    ("a docx called pdf", hostile.deep_zip, PDF, 415, "expected a .pdf file, found a .docx file"),
    ("a pdf called text", hostile.many_pages, TEXT, 415, "not text"),
    ("a zip called yaml", hostile.zip_bomb, YAML, 415, "not text"),
    ("text called pdf", lambda: b"Weld pipes.", PDF, 422, "pdf"),
    ("text called docx", lambda: b"Weld pipes.", DOCX, 422, "broken docx"),
    ("nothing called pdf", lambda: b"", PDF, 422, "pdf"),
    ("nothing called docx", lambda: b"", DOCX, 422, "broken docx"),
    ("nothing called text", lambda: b"", TEXT, 422, "empty"),
]  # fmt: skip
"""Name, file, content type, and the status and words of the refusal."""

READ: list[tuple[str, Callable[[], bytes], str, list[str]]] = [
    ("a zip in a zip", hostile.deep_zip, DOCX, ["Weld pipes for ships."]),
    ("names that climb", hostile.climbing_names, DOCX, ["Weld pipes for ships."]),
    ("tables in tables", hostile.nested_tables, DOCX, ["Weld pipes."]),
    ("UTF-16", lambda: "Weld pipes daily.".encode("utf-16"), TEXT, ["Weld pipes daily."]),
    ("UTF-8 with a mark", lambda: b"\xef\xbb\xbfWeld pipes daily.", TEXT, ["Weld pipes daily."]),
    ("NULs between", lambda: b"Weld pipes \0daily in the yard of the harbour.", TEXT,
     ["Weld pipes daily in the yard of the harbour."]),
    ("right to left", lambda: "Weld \u202epipes\u202c daily. נסיון בריתוך".encode(), TEXT,
     ["Weld pipes daily.", "נסיון בריתוך"]),
    ("half a pair", lambda: b"Weld pipes \xed\xa0\x80 daily, and then read the plans.", TEXT, []),
]  # fmt: skip
"""Odd files that are read all the same: name, file, content type and sentences (empty: not looked at)."""


@pytest.fixture(scope="module")
def service(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serve_tenants(workspace, tmp_path_factory.mktemp("hostile")) as opened:
        opened.put("local", "brag/standing", SECRET)
        yield opened


def put(service: Service, data: bytes, media_type: str) -> Any:
    return service.client.put(
        "/v1/documents/brag/hostile", content=data, headers={"content-type": media_type}
    )


def assert_still_serving(service: Service) -> None:
    listed = service.client.get("/v1/documents", params={"kind": "brag"}).json()["documents"]
    assert [line["id"] for line in listed] == ["standing"]


@pytest.mark.parametrize(
    ("make", "media_type", "status", "words"),
    [case[1:] for case in REFUSED],
    ids=[case[0] for case in REFUSED],
)
def test_a_hostile_file_is_refused_with_its_reason_and_the_next_request_is_served(
    service: Service, make: Callable[[], bytes], media_type: str, status: int, words: str
) -> None:
    problem = assert_problem(put(service, make(), media_type), status)
    assert words in problem["detail"]
    assert "from Python" not in problem["detail"]
    assert_still_serving(service)


@pytest.mark.parametrize(
    ("make", "media_type", "expected"), [case[1:] for case in READ], ids=[case[0] for case in READ]
)
def test_an_odd_file_is_read(
    service: Service, make: Callable[[], bytes], media_type: str, expected: list[str]
) -> None:
    response = put(service, make(), media_type)
    assert response.status_code == 201, response.text
    text = [sentence["text"] for sentence in service.client.get("/v1/documents/brag/hostile").json()["text"]]
    assert text == expected or not expected
    assert not any(ord(sign) < 32 or "\ud800" <= sign <= "\udfff" for line in text for sign in line)
    assert service.client.delete("/v1/documents/brag/hostile").status_code == 200
    assert_still_serving(service)


def test_no_entry_of_a_zip_is_written_to_the_disk(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert put(service, hostile.climbing_names(), DOCX).status_code == 201
    assert service.client.delete("/v1/documents/brag/hostile").status_code == 200
    assert put(service, hostile.python_object(), YAML).status_code == 422
    assert list(tmp_path.rglob("*")) == []
    assert not Path("/tmp/joblens-was-here").exists()


def test_no_file_of_the_machine_gets_into_a_document(service: Service, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    for data in (
        hostile.external_entity(str(secret)),
        hostile.external_entity_in_utf16(str(secret)),
    ):
        response = put(service, data, DOCX)
        assert_problem(response, 422, "read-error")
        assert "Quillfeather" not in response.text


@pytest.mark.parametrize(
    "headers",
    [
        {"content-disposition": 'attachment; filename="../../../etc/passwd"'},
        {"x-http-method-override": "DELETE"},
        {"content-type": "text/plain; charset=../../etc/passwd"},
        {"content-type": "TEXT/PLAIN"},
    ],
)
def test_headers_that_name_files_or_methods_are_not_looked_at(
    service: Service, headers: dict[str, str]
) -> None:
    given = {"content-type": "text/plain", **headers}
    response = service.client.put("/v1/documents/brag/hostile", content=b"Weld pipes daily.", headers=given)
    assert response.status_code == 201
    assert service.client.get("/v1/documents/brag/hostile").json()["source"] == "hostile"
    assert service.client.delete("/v1/documents/brag/hostile").status_code == 200


def test_reading_all_of_them_stays_within_the_memory() -> None:
    code = (
        "import json, resource, sys\n"
        "from preprocess.readers import read_bytes\n"
        "from preprocess.records import Document\n"
        "from preprocess.sentences import sentences_of\n"
        "from search_api.settings import ServeSettings\n"
        "from search_api.uploads import MEDIA_TYPES, read_options\n"
        "from tests.test_hostile_uploads import READ, REFUSED\n"
        "import docx, pypdf, yaml\n"
        "def peak():\n"
        "    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024\n"
        "options, before, peaks = read_options(ServeSettings()), peak(), {}\n"
        "for name, make, media_type, *_ in [*REFUSED, *READ]:\n"
        "    found = read_bytes(make(), MEDIA_TYPES[media_type], 'brag', 'x', options)\n"
        "    if isinstance(found, Document):\n"
        "        sentences_of(found)\n"
        "    peaks[name] = peak() - before\n"
        "print(json.dumps(peaks))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    peaks = json.loads(done.stdout)
    assert len(peaks) == len(REFUSED) + len(READ)
    assert max(peaks.values()) < BOUND_MIB, peaks


# ---- the command line


SUFFIXES = {PDF: ".pdf", DOCX: ".docx", YAML: ".yaml", TEXT: ".txt", MARKDOWN: ".md"}
DROPPED = {
    "lying zip": "broken docx",
    "billion laughs": "broken docx",
    "external entity": "broken docx",
    "element bomb": "docx too large",
    "10,000 pages": "pdf too long",
    "pages without end": "broken pdf",
    "pdf bomb": "pdf too large",
    "aliases of a long text": "yaml too large",
    "a tag that runs": "yaml tag refused",
    "a million newlines": "empty",
    "NUL bytes": "not text",
    "a pdf called docx": "wrong format",
}
"""Files that the wider limits of the command line refuse as well, and the reason."""


@pytest.mark.usefixtures("empty_home")
def test_the_command_line_drops_hostile_files_and_indexes_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "uploads"
    folder.mkdir()
    cases = [case for case in REFUSED if case[0] in DROPPED]
    assert len(cases) == len(DROPPED)
    for number, (_, make, media_type, *_) in enumerate(cases):
        (folder / f"{number:02}{SUFFIXES[media_type]}").write_bytes(make())
    (folder / "up..and..txt").write_text("Welder\n\nWeld pipes for ships in the yard.")
    (folder / "new\nline \x1b[31m.txt").write_text("Painter\n\nPaint the hull of the ship in red.")
    ran = joblens("index", "brags", folder)
    assert ran.code == 0, ran.told
    assert "wrote 2 sentences of 2 brag documents" in ran.told
    for reason, count in Counter(DROPPED.values()).items():
        assert f"{count} {reason}" in ran.told
    assert not any(ord(sign) < 32 and sign != "\n" for sign in ran.out)
