"""No request of one tenant answers with what another tenant stored, whatever route and filter it takes.

The requests come from the OpenAPI description, so that a new route is tried as soon as it is there. Texts of
the victims carry words that no request says; a reply that holds one of them is a leak.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from indexer.store import Filter
from indexer.tenants import TenantStore
from indexer.workspace import Workspace
from tests.tenant_service import Service, serve_tenants

Json = dict[str, Any]

ATTACKER, VICTIM, STRANGER = "alpha", "beta", "gamma"
MARK = "Quillfeather"
"""A word of every text that the victim stored."""

SENTENCES = [
    f"Tamed forty llamas for {MARK} in the winter.",
    f"Wrote the payroll of {MARK} in Python.",
    f"Cut the night shift of {MARK} by two hours.",
]
NEAR = ["tamed forty llamas in the winter", "wrote the payroll in Python", "cut the night shift by two hours"]
"""What the victim's sentences are about, without the mark."""

SECRETS = (MARK.lower(), "brightfold")
"""The mark, and an employer in the brag documents of the tenant "local", which the fixtures are."""


@dataclass(frozen=True)
class Stage:
    """The service, and all that the attacker might have heard of the victim's."""

    service: Service
    description: Json
    heard: tuple[str, ...]


@dataclass(frozen=True)
class Request:
    """A request that the attacker makes."""

    method: str
    path: str
    params: Mapping[str, Any]
    body: Any = None
    media_type: str = ""


@pytest.fixture(scope="module")
def stage(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    home = tmp_path_factory.mktemp("isolation")
    workspace.close()  # opens again by itself when it is next used
    shutil.copytree(workspace.store_settings.folder, home / "store")
    with serve_tenants(workspace, home, {ATTACKER: "admin", VICTIM: "admin", STRANGER: "writer"}) as service:
        heard = [VICTIM, "local", "public", "", "*", "cv", "471", *NEAR]
        for number in range(3):
            for kind, name in (("brag", f"cv{number}"), ("posting", f"47{number}")):
                text = "\n".join(f"- {sentence} ({number})" for sentence in SENTENCES)
                fields = {"title": f"Keeper of {MARK}"}
                if kind == "posting":
                    fields |= {"company": f"{MARK} {number}", "url": f"https://{MARK}.example"}
                heard += [name, service.put(VICTIM, f"{kind}/{name}", text, **fields)["document_id"]]
        service.put(ATTACKER, "brag/cv0", "- Baked bread.\n- Tamed a horse.")
        service.put(ATTACKER, "posting/470", "- You bake bread.\n- You tame horses.")
        heard += _of_other_routes(service)
        heard += _tokens(service)
        yield Stage(service, service.client.get("/openapi.json").json(), tuple(heard))


def _of_other_routes(service: Service) -> list[str]:
    """The victim's feedback and batches, by their ids."""
    headers = service.headers[VICTIM]
    feedback = {
        "title": f"Keeper of {MARK}",
        "predicted": {"code": "29-1141"},
        "verdict": "accepted",
        "id": "victims-own",
        "note": MARK,
    }
    service.client.post("/v1/feedback", json=feedback, headers=headers).raise_for_status()
    batch = service.client.post(
        "/v1/batches",
        params={"task": "classify"},
        content=json.dumps({"title": f"Keeper of {MARK}"}).encode(),
        headers={**headers, "content-type": "application/x-ndjson"},
    ).raise_for_status()
    return ["victims-own", batch.json()["id"]]


def _tokens(service: Service) -> list[str]:
    """Page tokens of the victim's lists."""
    headers = service.headers[VICTIM]
    asked = [("/v1/documents", {"kind": kind, "limit": 1}) for kind in ("brag", "posting")]
    replies = [service.client.get(path, params=params, headers=headers).json() for path, params in asked]
    return [reply["next"] for reply in replies]


# ---- the requests


CHOICES: Mapping[str, list[Any]] = {
    "collection": ["postings", "brags", "occupations"],
    "mode": ["dense", "lexical", "hybrid"],
    "kind": ["posting", "brag"],
    "task": ["classify", "gap", "match"],
    "verdict": ["accepted", "corrected"],
}
"""Fields that take one of a few values; another value would only be refused."""

KEYS = [
    "tenant",
    "document_id",
    "company",
    "title",
    "source",
    "project",
    "section",
    "role",
    "text",
    "hash",
    "url",
]


def filters(heard: tuple[str, ...]) -> st.SearchStrategy[Json]:
    """Every form of filter: on tenants and ids of others, on ranges, and on what is not there."""
    words = st.sampled_from([*heard, ATTACKER, "documents/cv0"])
    keys = st.sampled_from(KEYS).flatmap(lambda key: st.sampled_from([key, f"{key}!"]))
    texts = st.tuples(keys, st.one_of(words, st.lists(words, min_size=1, max_size=4)))
    numbers = st.sampled_from(
        [("index", {"gte": 0}), ("index!", 99), ("index", [0, 1, 2]), ("index!", {"gte": 50, "lte": 60})]
    )
    return st.lists(st.one_of(texts, numbers), max_size=3).map(dict)


def altered(example: Any, heard: tuple[str, ...], key: str = "") -> st.SearchStrategy[Any]:
    """An example of a request with the attacker's words in the place of its texts."""
    if key == "filter":
        return filters(heard)
    if key in CHOICES:
        return st.sampled_from(CHOICES[key])
    match example:
        case dict():
            return st.fixed_dictionaries({name: altered(part, heard, name) for name, part in example.items()})
        case list():
            parts = [altered(part, heard, key) for part in example]
            return st.lists(st.one_of(parts), min_size=1, max_size=3)
        case str():
            return st.sampled_from([example, *heard])
    return st.just(example)


def requests(stage: Stage) -> st.SearchStrategy[Request]:
    """Requests to every operation of the description."""
    made = []
    for path, methods in stage.description["paths"].items():
        for method, operation in methods.items():
            made.append(_requests(stage, path, method, operation))
    return st.one_of(made)


def _requests(stage: Stage, path: str, method: str, operation: Json) -> st.SearchStrategy[Request]:
    named, asked = {}, {}
    for parameter in operation.get("parameters", []):
        values = _values(parameter, stage.heard)
        if parameter["in"] == "path":
            named[parameter["name"]] = values
        else:
            asked[parameter["name"]] = values
    optional = {name: values for name, values in asked.items() if name != "kind"}
    params = st.fixed_dictionaries(
        {name: values for name, values in asked.items() if name == "kind"}, optional=optional
    )
    body, media_type = _bodies(stage, operation)
    return st.builds(
        lambda names, params, body: Request(method.upper(), _filled(path, names), params, body, media_type),
        st.fixed_dictionaries(named),
        params,
        body,
    )


def _values(parameter: Json, heard: tuple[str, ...]) -> st.SearchStrategy[Any]:
    schema = parameter["schema"]
    if parameter["name"] in CHOICES:
        return st.sampled_from(CHOICES[parameter["name"]])
    if schema.get("type") == "integer":
        return st.sampled_from([1, 2, 100])
    if schema.get("type") == "boolean":
        return st.booleans()
    words = list(heard)
    if parameter["in"] == "path":  # an empty one is another path
        words = [word for word in words if word and "/" not in word]
    return st.sampled_from(words)


def _bodies(stage: Stage, operation: Json) -> tuple[st.SearchStrategy[Any], str]:
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        reference = content["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]
        examples = stage.description["components"]["schemas"][reference]["examples"]
        stored = {"document": {"kind": "brag", "id": "cv0"}}
        more = [{**example, "brag": stored, "postings": {"ids": ["470"]}} for example in examples[:1]
                if "brag" in example and "postings" in example]  # fmt: skip
        more += [{**example, "brag": stored} for example in examples[:1] if "brag" in example]
        more += [{**example, "a": stored, "b": stored} for example in examples[:1] if "a" in example]
        more += [{**example, "filter": {}} for example in examples[:1] if "collection" in example]
        more += [{**example, "postings": {"filter": {"index": 0}}} for example in examples[:1]
                 if "postings" in example]  # fmt: skip
        more += [{**example, "postings": {"all": True}} for example in examples[:1] if "postings" in example]
        return st.one_of(
            [altered(example, stage.heard) for example in [*examples, *more]]
        ), "application/json"
    if content:  # rows of a batch, which are worked on after the reply: a test of its own waits for them
        return st.just(b""), next(iter(content))
    return st.none(), ""


def _filled(path: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        path = path.replace("{" + name + "}", value)
    return path


# ---- the search for a leak


def send(service: Service, request: Request, tenant: str = ATTACKER) -> tuple[int, str]:
    """What the tenant is answered: status and text."""
    headers = dict(service.headers[tenant])
    body: Json = {}
    if request.media_type:
        headers["content-type"] = request.media_type
        is_raw = isinstance(request.body, bytes)
        body["content"] = request.body if is_raw else json.dumps(request.body).encode()
    response = service.client.request(
        request.method, request.path, params=request.params, headers=headers, **body
    )
    return response.status_code, response.text


def look_for_leaks(stage: Stage, examples: int) -> dict[int, int]:
    """Send generated requests and fail at the first reply that holds a secret.

    :return: how often each status was answered.
    """
    statuses: dict[int, int] = {}

    @given(request=requests(stage))
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def check(request: Request) -> None:
        status, text = send(stage.service, request)
        statuses[status] = statuses.get(status, 0) + 1
        leaked = [secret for secret in SECRETS if secret in text.lower()]
        assert not leaked, (leaked, request, text[:500])
        assert status < 500, (request, text[:500])

    check()
    return statuses


def test_generated_requests_find_nothing_of_other_tenants(stage: Stage) -> None:
    statuses = look_for_leaks(stage, 400)
    assert statuses[200] > 100, statuses
    untouched = stage.service.client.get(
        "/v1/documents/brag/cv0", headers=stage.service.headers[VICTIM]
    ).json()
    assert [sentence["text"] for sentence in untouched["text"]] == [f"{text} (0)" for text in SENTENCES]


def test_the_same_search_finds_a_store_that_forgets_the_filter(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgets(self: TenantStore, collection: str, filter: Filter | None) -> Filter | None:  # noqa: ARG001
        return filter

    monkeypatch.setattr(TenantStore, "_reads", forgets)
    with pytest.raises(AssertionError, match="quillfeather"):
        look_for_leaks(stage, 400)


def test_the_same_search_finds_a_store_that_forgets_it_for_postings_alone(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = TenantStore._reads

    def forgets(self: TenantStore, collection: str, filter: Filter | None) -> Filter | None:
        return filter if collection.startswith("postings") else kept(self, collection, filter)

    monkeypatch.setattr(TenantStore, "_reads", forgets)
    with pytest.raises(AssertionError, match="quillfeather"):
        look_for_leaks(stage, 400)


# ---- aimed requests


@pytest.mark.parametrize("kind", ["brag", "posting"])
def test_what_is_not_ones_own_is_as_unknown_as_what_is_not_there(stage: Stage, kind: str) -> None:
    service = stage.service
    victims = service.client.get(
        "/v1/documents", params={"kind": kind}, headers=service.headers[VICTIM]
    ).json()
    assert len(victims["documents"]) == 3
    for line in victims["documents"]:
        for id in (line["id"], line["document_id"]):
            for method in ("GET", "DELETE"):
                found, nobodys = (
                    send(service, Request(method, f"/v1/documents/{kind}/{name}", {}), STRANGER)
                    for name in (id, "nobodys")
                )
                assert (found[0], found[1].replace(id, "nobodys")) == nobodys
                assert nobodys[0] == 404


def test_a_batch_reads_nothing_of_other_tenants(stage: Stage) -> None:
    service = stage.service
    ids = [word for word in stage.heard if word.startswith("cv") or word.count("-") == 4]
    rows = [{"posting": NEAR[1], "brag_id": id} for id in ids]
    rows += [{"posting_id": id, "brag": NEAR[0]} for id in ids]
    content = "\n".join(json.dumps(row) for row in rows).encode()
    headers = {**service.headers[ATTACKER], "content-type": "application/x-ndjson"}
    created = service.client.post("/v1/batches", params={"task": "gap"}, content=content, headers=headers)
    assert created.status_code == 202, created.text
    id = created.json()["id"]
    for _ in range(3_000):
        state = service.client.get(f"/v1/batches/{id}", headers=headers).json()["state"]
        if state not in ("queued", "running"):
            break
        time.sleep(0.05)
    assert state == "done"
    results = service.client.get(f"/v1/batches/{id}/results", headers=headers).text
    assert len(results.splitlines()) == len(rows)
    assert not [secret for secret in SECRETS if secret in results.lower()]


def test_feedback_is_listed_exported_and_erased_for_its_tenant_alone(stage: Stage) -> None:
    service = stage.service
    for path in ("/v1/feedback", "/v1/feedback/export"):
        mine, theirs = (
            service.client.get(path, headers=service.headers[tenant]).text for tenant in (ATTACKER, VICTIM)
        )
        assert (MARK in mine, MARK in theirs) == (False, True)
    send(service, Request("DELETE", "/v1/feedback/victims-own", {}))
    assert MARK in service.client.get("/v1/feedback", headers=service.headers[VICTIM]).text


def test_metrics_name_no_document(stage: Stage) -> None:
    status, text = send(stage.service, Request("GET", "/metrics", {}))
    assert status == 200
    assert not [secret for secret in SECRETS if secret in text.lower()]


def test_the_numbers_of_collections_are_ones_own(stage: Stage) -> None:
    service = stage.service
    counts = {}
    for tenant in (ATTACKER, VICTIM):
        reply = service.client.get("/v1/collections", headers=service.headers[tenant]).json()
        counts[tenant] = {info["name"]: info["points"] for info in reply["collections"]}
    assert counts[VICTIM]["brags"] == counts[VICTIM]["postings"] == 9
    assert counts[ATTACKER]["brags"] <= 100
    assert counts[ATTACKER]["occupations"] == counts[VICTIM]["occupations"]
