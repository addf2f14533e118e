"""API keys: how they are made, kept, checked and revoked."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from preprocess.errors import Forbidden, InvalidParameter, StoreCorrupt, Unauthorised
from search_api import keys as keys_module
from search_api.keys import ROLES, Caller, KeyRing
from tests.command_line import assert_error, joblens
from tests.conftest import REPOSITORY


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path / "home")


class Clock(datetime):
    """A wall clock that a test sets."""

    at = datetime(2030, 1, 1, tzinfo=UTC)

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]  # noqa: ARG003
        return cls.at


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Clock]:
    monkeypatch.setattr(keys_module, "datetime", Clock)
    monkeypatch.setattr(Clock, "at", datetime(2030, 1, 1, tzinfo=UTC))
    return Clock


# ---- making and checking


def test_a_key_stands_for_its_tenant_and_role(ring: KeyRing) -> None:
    key, made = ring.create("acme", "writer")
    assert ring.caller(key) == Caller("acme", "writer", made.id)


def test_the_key_itself_is_not_kept(ring: KeyRing) -> None:
    key, made = ring.create("acme", "reader")
    kept = ring.path.read_text()
    assert key.removeprefix(f"jl_{made.id}_") not in kept
    assert made.sha256 in kept


def test_nobody_else_may_read_the_file(ring: KeyRing) -> None:
    ring.create("acme", "reader")
    assert stat.S_IMODE(ring.path.stat().st_mode) == 0o600


def test_two_keys_are_never_alike(ring: KeyRing) -> None:
    assert len({ring.create("acme", "reader")[0] for _ in range(50)}) == 50


def _spoilt(key: str) -> list[str]:
    _, id, secret = key.split("_", 2)
    other = "A" if secret[0] != "A" else "B"
    return [
        "",
        key[:-1],
        key + "A",
        key.upper(),
        f" {key}",
        f"{key}\n",
        f"jl_{id}_{other}{secret[1:]}",
        f"jl_{'0' * 12}_{secret}",
        secret,
        "jl__",
        "ключ",
    ]


def test_anything_but_the_whole_key_is_refused_in_the_same_words(ring: KeyRing) -> None:
    key, _ = ring.create("acme", "admin")
    said = set()
    for spoilt in _spoilt(key):
        with pytest.raises(Unauthorised) as refusal:
            ring.caller(spoilt)
        said.add(str(refusal.value))
    assert said == {"expected a valid API key in the header X-API-Key"}


def test_the_id_of_a_key_is_known_only_where_it_was_made(ring: KeyRing) -> None:
    key, made = ring.create("acme", "admin")
    assert ring.id_of(key) == made.id
    assert ring.id_of(f"jl_{'0' * 12}_{key[-43:]}") == ""
    assert ring.id_of("jl_") == ""


def test_a_revoked_key_opens_nothing_in_another_process_too(ring: KeyRing) -> None:
    key, made = ring.create("acme", "reader")
    elsewhere = KeyRing(ring.path.parent)
    assert elsewhere.caller(key).key == made.id
    ring.revoke(made.id)
    for each in (ring, elsewhere):
        with pytest.raises(Unauthorised):
            each.caller(key)


def test_a_key_made_by_another_process_opens_at_once(ring: KeyRing) -> None:
    assert ring.keys == []
    key, made = KeyRing(ring.path.parent).create("acme", "reader")
    assert ring.caller(key).key == made.id


def test_an_unknown_id_cannot_be_revoked(ring: KeyRing) -> None:
    with pytest.raises(InvalidParameter, match="joblens keys list"):
        ring.revoke("0" * 12)


@pytest.mark.parametrize("tenant", ["", "Acme", "a b", "../x", "-a", "a" * 64, "ä", "a\n"])
def test_a_tenant_of_other_letters_is_refused(ring: KeyRing, tenant: str) -> None:
    with pytest.raises(InvalidParameter, match="a tenant's name is"):
        ring.create(tenant, "reader")


def test_keys_made_at_the_same_time_are_all_kept(ring: KeyRing) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: ring.create("acme", "reader")[1].id, range(24)))
    assert sorted(key.id for key in KeyRing(ring.path.parent).keys) == sorted(made)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"keys": [{"id": "x"}]}', '{"keys": 1}'])
def test_a_file_that_cannot_be_read_opens_nothing_and_is_named(ring: KeyRing, content: str) -> None:
    key, _ = ring.create("acme", "admin")
    ring.path.write_text(content)
    with pytest.raises(StoreCorrupt, match="keys.json should hold the API keys"):
        ring.caller(key)


# ---- roles


def test_each_role_reaches_what_those_before_it_do() -> None:
    for rank, role in enumerate(ROLES):
        for needed in ROLES[: rank + 1]:
            Caller("acme", role).check(needed)
        for needed in ROLES[rank + 1 :]:
            with pytest.raises(Forbidden, match=f"a key of role {needed}, found a {role}'s"):
                Caller("acme", role).check(needed)


# ---- time


def test_a_key_expires(ring: KeyRing, clock: type[Clock]) -> None:
    key, made = ring.create("acme", "reader", valid=timedelta(hours=1))
    assert made.expires == "2030-01-01T01:00:00+00:00"
    clock.at += timedelta(minutes=59)
    assert ring.caller(key).tenant == "acme"
    clock.at += timedelta(minutes=1)
    with pytest.raises(Unauthorised):
        ring.caller(key)


def test_a_clock_that_goes_backwards_makes_no_expired_key_valid(ring: KeyRing, clock: type[Clock]) -> None:
    key, _ = ring.create("acme", "reader", valid=timedelta(hours=1))
    clock.at += timedelta(hours=2)
    with pytest.raises(Unauthorised):
        ring.caller(key)
    clock.at -= timedelta(days=1)
    with pytest.raises(Unauthorised):
        ring.caller(key)


def test_a_key_cannot_be_made_expired(ring: KeyRing) -> None:
    with pytest.raises(InvalidParameter, match="expires in the future"):
        ring.create("acme", "reader", valid=timedelta())


# ---- the commands


def test_the_command_prints_the_key_alone_on_standard_output(empty_home: Path) -> None:
    ran = joblens("keys", "create", "--tenant", "acme", "--role", "writer")
    assert ran.code == 0
    assert KeyRing(empty_home).caller(ran.out.strip()).tenant == "acme"
    assert "shown only now" in ran.err


def test_a_key_is_listed_without_itself_and_revoked_by_its_id(empty_home: Path) -> None:
    key = joblens("keys", "create", "--tenant", "acme", "--expires", "90d").out.strip()
    (row,) = json.loads(joblens("keys", "list", "--json").out)["keys"]
    assert (row["tenant"], row["role"], row["state"]) == ("acme", "reader", "valid")
    assert "sha256" not in row
    assert key[-43:] not in joblens("keys", "list").out
    assert joblens("keys", "revoke", row["id"]).code == 0
    (row,) = json.loads(joblens("keys", "list", "--json").out)["keys"]
    assert row["state"] == "revoked"
    with pytest.raises(Unauthorised):
        KeyRing(empty_home).caller(key)


@pytest.mark.usefixtures("empty_home")
def test_without_keys_the_list_says_what_that_means() -> None:
    assert "joblens keys create" in joblens("keys", "list").told


@pytest.mark.usefixtures("empty_home")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--tenant", "A B"], "a tenant's name is"),
        (["--tenant", "acme", "--role", "owner"], "a role is one of reader, writer, admin"),
        (["--tenant", "acme", "--expires", "soon"], "--expires takes 12h, 90d or 4w"),
        (["--tenant", "acme", "--expires", "2001-01-31"], "expires in the future"),
        (["--tenant", "acme", "--expires", "0d"], "expires in the future"),
    ],
)
def test_what_makes_no_key_is_told(arguments: list[str], words: str) -> None:
    assert_error(joblens("keys", "create", *arguments), "A parameter is not valid", words)


def test_processes_that_make_keys_at_once_lose_none(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom search_api.keys import KeyRing\n"
        "print('ready', flush=True)\nsys.stdin.read()\n"
        f"for _ in range(20): KeyRing(Path({str(tmp_path)!r})).create('acme', 'reader')\n"
    )
    command, pipe = [sys.executable, "-c", code], subprocess.PIPE
    makers = [subprocess.Popen(command, cwd=REPOSITORY, stdin=pipe, stdout=pipe) for _ in range(3)]
    for maker in makers:
        assert maker.stdout is not None
        maker.stdout.readline()
    for maker in makers:  # all of them begin now
        assert maker.stdin is not None
        maker.stdin.close()
    for maker in makers:
        assert maker.wait(timeout=60) == 0
        assert maker.stdout is not None
        maker.stdout.close()
    assert len(KeyRing(tmp_path).keys) == 60
