"""What comes in as the body of a PUT, JSON or a file, and the document that it is.

A file is the body itself, in the form that its content type names; no file name is asked for or looked at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.requests import ClientDisconnect

from indexer.documents import source_of
from preprocess.decoding import one_line
from preprocess.errors import InvalidParameter, JoblensError, ReadError, TooLarge, UnsupportedFormat
from preprocess.formats import ReadOptions, checked
from preprocess.readers import read_bytes, read_text
from preprocess.records import Document, Dropped
from search_api.dependencies import Limits, Writing
from search_api.document_schemas import DocumentRequest
from search_api.schemas import DocumentKind
from search_api.settings import ServeSettings

MEDIA_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "text/plain": ".txt",
        "text/markdown": ".md",
        "application/pdf": ".pdf",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
        "application/yaml": ".yaml",
        "application/x-yaml": ".yaml",
        "text/yaml": ".yaml",
    }
)
"""Content type of a file -> the suffix that its reader goes by."""

JSON = ".json"
_JSON_TYPE = re.compile(r"application/(?:[^/]+\+)?json")

PDF_SECONDS = 10.0
SENTENCE_CHARS = 500
"""Characters of a text for each sentence that it may have; those of the fixtures have 74 in the mean."""

UNFOLDED = 5
"""A docx may unfold to so many times the size of the largest file."""

TOO_MUCH = ("too large", "too long", "too slow")
WRONG_TYPE = frozenset({"not text", "wrong format"})
"""Endings and names of the reasons for which a reader drops a file, that have a status of their own."""

_EXAMPLES = {
    ".txt": "Platform engineer\n\nMoved payroll to Kubernetes.\n",
    ".md": "# Platform engineer\n\n## Projects\n\n- Moved payroll to Kubernetes.\n",
    ".yaml": "Descriptions:\n  Payroll:\n    one-liners:\n    - Moved it to Kubernetes.\n",
}


@dataclass(frozen=True, slots=True)
class Upload:
    """A body that is not larger than it may be, and the suffix of its format."""

    suffix: str
    data: bytes


async def _upload(request: Request, limits: Limits, _: Writing) -> Upload:
    """
    :raises UnsupportedFormat: if the content type is none of those that are read, before the body is.
    :raises TooLarge: as soon as more has come than may.
    """
    suffix = _suffix(request)
    is_json = suffix == JSON
    limit = limits.max_body_bytes if is_json else limits.max_file_bytes
    data = bytearray()
    try:
        async for chunk in request.stream():
            data += chunk
            if len(data) > limit:
                what, setting = ("JSON", "MAX_BODY_BYTES") if is_json else ("a file", "MAX_FILE_BYTES")
                raise TooLarge(
                    f"expected {what} of at most {limit:,} bytes, found {len(data):,} or more; send it in "
                    f"parts, or raise JOBLENS_SERVE_{setting}"
                )
    except ClientDisconnect as error:
        raise ReadError("the body ended before it was complete") from error
    return Upload(suffix, bytes(data))


Uploaded = Annotated[Upload, Depends(_upload)]


def document_of(upload: Upload, kind: DocumentKind, name: str, limits: ServeSettings) -> Document:
    """The document that its owner calls ``name``.

    :raises TooLarge, UnsupportedFormat, ReadError: if the file cannot be read; it says why.
    :raises RequestValidationError: if the JSON is not what it should be.
    """
    source = source_of(name)
    if upload.suffix == JSON:
        found = checked(_typed(upload.data, kind, source, _max_chars(limits)))
    else:
        found = read_bytes(upload.data, upload.suffix, kind, source, read_options(limits))
    if isinstance(found, Dropped):
        raise _refusal(found)
    return found


def read_options(limits: ServeSettings) -> ReadOptions:
    """Tighter than on the command line: here the files are a stranger's, and others wait."""
    return ReadOptions(
        max_file_bytes=limits.max_file_bytes,
        max_pdf_pages=limits.max_pages,
        max_pdf_seconds=PDF_SECONDS,
        max_text_chars=_max_chars(limits),
        max_docx_bytes=UNFOLDED * limits.max_file_bytes,
        max_docx_entries=1_000,
        max_docx_nodes=1_000_000,
        max_yaml_nodes=20_000,
    )


def request_body() -> dict[str, Any]:
    """The body of a PUT in the words of OpenAPI, one entry a content type."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{DocumentRequest.__name__}"}}}
    for media_type, suffix in MEDIA_TYPES.items():
        schema: dict[str, Any] = {"type": "string"}
        if suffix in _EXAMPLES:
            schema["examples"] = [_EXAMPLES[suffix]]
        else:
            schema["format"] = "binary"
        content[media_type] = {"schema": schema}
    return {"required": True, "content": content}


# ---- inside


def _suffix(request: Request) -> str:
    coding = request.headers.get("content-encoding", "identity")
    if coding != "identity":
        raise UnsupportedFormat(f"expected a body without content coding, found {coding[:80]!r}")
    found = request.headers.get("content-type", "")
    media_type = found.partition(";")[0].strip().lower()
    if _JSON_TYPE.fullmatch(media_type):
        return JSON
    if media_type not in MEDIA_TYPES:
        expected = ", ".join(["application/json", *MEDIA_TYPES])
        raise UnsupportedFormat(f"expected a body of content type {expected}; found {found[:80]!r}")
    return MEDIA_TYPES[media_type]


def _max_chars(limits: ServeSettings) -> int:
    return limits.max_document_sentences * SENTENCE_CHARS


def _typed(data: bytes, kind: DocumentKind, source: str, max_chars: int) -> Document:
    try:
        given = DocumentRequest.model_validate_json(data)
    except ValidationError as error:
        errors = [{**found, "loc": ("body", *found["loc"])} for found in error.errors(include_url=False)]
        raise RequestValidationError(errors) from error
    if len(given.text) > max_chars:
        raise TooLarge(f"expected a text of at most {max_chars:,} characters, found {len(given.text):,}")
    document = read_text(given.text, kind, source, one_line(given.title))
    if kind == "brag":
        for name in ("company", "location", "url"):
            if getattr(given, name):
                raise InvalidParameter(f"body.{name}: a brag document has none; leave it out")
        return document
    return replace(
        document,
        company=one_line(given.company) or document.company,
        location=one_line(given.location) or document.location,
        url=one_line(given.url) or document.url,
    )


def _refusal(dropped: Dropped) -> JoblensError:
    """Why a file is not taken, for its sender: without the source, and without advice for Python."""
    told = f"{dropped.where}: {dropped.reason}" if dropped.where else dropped.reason
    detail = dropped.detail.partition(": split it (from Python")[0]
    message = f"{told}: {detail}" if detail else told
    if dropped.reason.endswith(TOO_MUCH):
        return TooLarge(f"{message}; send it in parts")
    return UnsupportedFormat(message) if dropped.reason in WRONG_TYPE else ReadError(message)
