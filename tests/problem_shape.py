"""The one shape of an error, asserted on every route."""

from __future__ import annotations

from typing import Any

from httpx2 import Response


def assert_problem(response: Response, status: int, type: str | None = None) -> dict[str, Any]:
    """Assert that ``response`` is a problem (RFC 9457) in joblens's shape.

    :param type: the last part of the problem's type, where the test knows it.
    :return: the problem.
    """
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-request-id"]
    body: dict[str, Any] = response.json()
    assert list(body) == ["type", "title", "status", "detail", "errors"]
    assert body["status"] == status
    assert body["type"] == "about:blank" or body["type"].startswith("/problems/")
    assert body["title"]
    assert body["detail"]
    assert all(list(error) == ["location", "message"] for error in body["errors"])
    assert "Traceback" not in response.text
    if status == 503:
        assert int(response.headers["retry-after"]) > 0
    if type is not None:
        assert body["type"] == (type if type == "about:blank" else f"/problems/{type}")
    return body
