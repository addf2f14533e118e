"""Who may come in: by the address and the name of the host while there are no API keys, else by a key.

Without keys every caller on this machine is the operator. A page of another site cannot make use of that: it
reaches loopback only under a name of its own (DNS rebinding), and such names are refused.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence

from starlette.types import Scope

from preprocess.errors import Forbidden, StoreCorrupt, TooManyRequests, Unauthorised
from search_api.keys import Caller, KeyRing
from search_api.rates import Rates

OPEN = ("/health", "/ready", "/version", "/docs", "/openapi.json")
OPEN_BELOW = ("/docs/", "/static-offline-docs/")
"""What needs no key: the state of the service and its description."""

ADMIN = ("/metrics",)
"""What takes an admin's key. What a route under /v1 takes, it says itself."""

FAILURES_PER_MINUTE = 120
"""Of one address; many programs may share one behind a proxy, and 2^-256 a try needs no less."""

Headers = Mapping[bytes, str]
_HOST = re.compile(r"(\[[^\]]*\]|[^:]*)(?::\d*)?")


class Access:
    """
    :param keys: the API keys. As soon as there is one, nothing but :data:`OPEN` opens without, even when
        their file is lost.
    :param tenant: whose documents a caller without a key reads and writes.
    :param hosts: names besides those of loopback that a request without a key may be addressed to.
    :param per_minute: requests for each key.
    """

    def __init__(self, keys: KeyRing, *, tenant: str, hosts: Sequence[str], per_minute: int) -> None:
        self.keys = keys
        self.operator = Caller(tenant, "admin")
        self.hosts = frozenset(host.lower() for host in hosts)
        self.keyed = bool(keys.keys)
        self._requests = Rates(per_minute)
        self._failures = Rates(FAILURES_PER_MINUTE)

    def caller(self, scope: Scope, headers: Headers) -> Caller | None:
        """Who asks; None where the path is open to everybody.

        :raises Forbidden: if a caller without a key comes from elsewhere, or a role does not reach so far.
        :raises Unauthorised: if there is no valid key.
        :raises TooManyRequests: if the key, or the address without a valid one, asks too often.
        """
        path = scope["path"]
        is_open = path in OPEN or path.startswith(OPEN_BELOW)
        if not self._is_keyed(is_open):
            self._check_is_local(scope, headers)
            return self.operator
        if is_open:
            return None
        caller = self._of_key(_given_key(headers), _address(scope))
        if path in ADMIN:
            caller.check("admin")
        return caller

    def _is_keyed(self, is_open: bool) -> bool:
        try:
            self.keyed = self.keyed or bool(self.keys.keys)
        except StoreCorrupt:
            if not is_open:
                raise
            return True
        return self.keyed

    def _of_key(self, key: str, address: str) -> Caller:
        # Whoever sends the id of a key is counted apart, so that guesses shut out no owner of another key.
        guesser = f"{address} {self.keys.id_of(key)}"
        _check_wait(self._failures.wait_s(guesser), "attempts without a valid key", FAILURES_PER_MINUTE)
        try:
            caller = self.keys.caller(key)
        except Unauthorised:
            self._failures.take(guesser)
            raise
        _check_wait(self._requests.take(caller.key), "requests with one key", self._requests.per_minute)
        return caller

    def _check_is_local(self, scope: Scope, headers: Headers) -> None:
        address = _ip(_address(scope))
        if address is not None and not address.is_loopback:
            raise Forbidden(
                "without API keys joblens answers callers on its own machine only; make a key with: "
                "joblens keys create"
            )
        name = _host_name(headers.get(b"host", ""))
        if name and not is_loopback(name) and name not in self.hosts:
            raise Forbidden(
                f"without API keys joblens answers under names of loopback only, such as localhost, found "
                f"{name[:80]!r}; make a key with: joblens keys create, or name the host in "
                "JOBLENS_SERVE_ALLOWED_HOSTS"
            )


def is_loopback(host: str) -> bool:
    """Whether a host's name or address, without a port, means this machine."""
    address = _ip(host)
    return address.is_loopback if address else host.lower().rstrip(".") == "localhost"


def _check_wait(wait_s: int, what: str, per_minute: int) -> None:
    if wait_s:
        error = TooManyRequests(f"expected at most {per_minute:,} {what} a minute; come again in {wait_s} s")
        error.retry_after_s = wait_s
        raise error


def _given_key(headers: Headers) -> str:
    scheme, _, token = headers.get(b"authorization", "").partition(" ")
    return headers.get(b"x-api-key", "") or (token.strip() if scheme.lower() == "bearer" else "")


def _address(scope: Scope) -> str:
    """The caller's address, of IPv6 the network: one caller has as many addresses in it as they like."""
    host = scope["client"][0] if scope.get("client") else ""
    address = _ip(host)
    if isinstance(address, ipaddress.IPv6Address) and not address.is_loopback:
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(address or host)


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _host_name(header: str) -> str:
    """The host of a Host header, without its port; what is no host comes back whole."""
    match = _HOST.fullmatch(header.strip())
    return match[1].lower() if match else header
