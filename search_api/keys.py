"""API keys: who asks, for which tenant, and what they may do.

A key is ``jl_<id>_<secret>``, the secret 256 random bits. Only its SHA-256 is kept (a slow hash protects
secrets that can be guessed, and these cannot), in ``keys.json`` of the data directory, and compared in
constant time. The file is read again when it changes, so that a revoked key stops working at once.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, get_args

from indexer.edge_files import write_json
from preprocess.errors import Forbidden, InvalidParameter, StoreCorrupt, StoreError, Unauthorised

Role = Literal["reader", "writer", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""Each may do what those before it may: read; store documents, feedback and batches; export and operate."""

FILE = "keys.json"
LOCK_S = 10
"""How long a command waits for another one that changes the keys; each takes some milliseconds."""

_TENANT = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_KEY = re.compile(r"jl_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. ``key`` is the id of the API key; empty where the service has none and is local."""

    tenant: str
    role: Role
    key: str = ""

    def check(self, role: Role) -> None:
        """:raises Forbidden: if the caller's role does not reach ``role``."""
        if ROLES.index(self.role) < ROLES.index(role):
            raise Forbidden(f"this takes a key of role {role}, found a {self.role}'s")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept: never the key itself. Times are ISO 8601 in UTC."""

    id: str
    tenant: str
    role: Role
    sha256: str
    created: str
    expires: str | None = None
    revoked: bool = False

    def state(self, now: datetime) -> Literal["valid", "expired", "revoked"]:
        """Whether it lets anybody in."""
        if self.revoked:
            return "revoked"
        if self.expires is not None and datetime.fromisoformat(self.expires) <= now:
            return "expired"
        return "valid"


class KeyRing:
    """The keys of a data directory.

    :param home: the data directory; it need not exist yet.
    """

    def __init__(self, home: Path) -> None:
        self.path = home / FILE
        self._lock = threading.Lock()
        self._read: tuple[tuple[int, int, int] | None, dict[str, ApiKey]] = (None, {})
        self._latest = datetime.min.replace(tzinfo=UTC)

    @property
    def keys(self) -> list[ApiKey]:
        """Every key that was made, the oldest first.

        :raises StoreCorrupt: if the file cannot be read as what it should be.
        """
        with self._lock:
            return list(self._load().values())

    def create(self, tenant: str, role: Role, *, valid: timedelta | None = None) -> tuple[str, ApiKey]:
        """Make a key.

        :param valid: how long; None for ever.
        :return: the key itself, which is not kept, and its record.
        :raises InvalidParameter: if the tenant or the role is none.
        """
        if not _TENANT.fullmatch(tenant):
            raise InvalidParameter(
                "a tenant's name is up to 63 small letters, digits and . _ -, a letter or digit first; "
                f"found {tenant[:80]!r}"
            )
        if role not in ROLES:
            raise InvalidParameter(f"a role is one of {', '.join(ROLES)}, found {role!r}")
        if valid is not None and valid <= timedelta():
            raise InvalidParameter("a key expires in the future, found a time that has passed")
        id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        now = self._now()
        key = ApiKey(
            id, tenant, role, _digest(secret), _iso(now), None if valid is None else _iso(now + valid)
        )
        with self._changed() as keys:
            keys[id] = key
        return f"jl_{id}_{secret}", key

    def revoke(self, id: str) -> ApiKey:
        """Let a key open nothing from now on.

        :raises InvalidParameter: if there is no key of that id.
        """
        with self._changed() as keys:
            if id not in keys:
                raise InvalidParameter(f"no key has the id {id[:80]!r}; see them with: joblens keys list")
            keys[id] = replace(keys[id], revoked=True)
            return keys[id]

    def caller(self, key: str) -> Caller:
        """Whom a key stands for.

        :raises Unauthorised: if it is none, or one that has expired or was revoked; which, is not told.
        """
        match = _KEY.fullmatch(key)
        with self._lock:
            found = self._load().get(match[1]) if match else None
        # An unknown id takes the same comparison as a known one.
        expected = found.sha256 if found else _digest("")
        same = hmac.compare_digest(expected, _digest(match[2] if match else "no key"))
        if not (found and same and found.state(self._now()) == "valid"):
            raise Unauthorised("expected a valid API key in the header X-API-Key")
        return Caller(found.tenant, found.role, found.id)

    def id_of(self, key: str) -> str:
        """The id that a key carries, if a key of that id was ever made; else empty."""
        match = _KEY.fullmatch(key)
        with self._lock:
            return match[1] if match and match[1] in self._load() else ""

    # ---- inside

    def _now(self) -> datetime:
        """The latest time seen: a clock that goes backwards does not make an expired key valid."""
        self._latest = max(self._latest, datetime.now(UTC))
        return self._latest

    def _load(self) -> dict[str, ApiKey]:
        try:
            status = self.path.stat()
            version = (status.st_mtime_ns, status.st_size, status.st_ino)
            if self._read[0] != version:
                rows = json.loads(self.path.read_bytes())["keys"]
                self._read = (version, {row["id"]: ApiKey(**row) for row in rows})
        except FileNotFoundError:
            self._read = (None, {})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreCorrupt(
                f"{self.path} should hold the API keys, but cannot be read ({error}); restore it, or delete "
                "it and make new keys"
            ) from error
        return self._read[1]

    @contextmanager
    def _changed(self) -> Iterator[dict[str, ApiKey]]:
        from portalocker import Lock, LockException

        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Of two commands at the same moment one waits, or it would write over what the other has written.
            with self._lock, Lock(self.path.with_suffix(".lock"), timeout=LOCK_S):
                keys = dict(self._load())
                yield keys
                write_json(self.path, {"keys": [asdict(key) for key in keys.values()]}, mode=0o600)
        except (OSError, LockException) as error:
            reason = getattr(error, "strerror", None) or "another process is writing them"
            raise StoreError(f"the API keys cannot be written: {self.path}: {reason}") from error


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _iso(time: datetime) -> str:
    return time.isoformat(timespec="seconds")
