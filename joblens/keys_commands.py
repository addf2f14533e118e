"""``joblens keys``: make, list and revoke the API keys of the service."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, cast

import typer
from rich.table import Table

from indexer.settings import StoreSettings
from joblens.output import AsJson, errors, out
from preprocess.errors import InvalidParameter
from search_api.keys import KeyRing, Role

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}

keys = typer.Typer(no_args_is_help=True, add_completion=False)


@keys.callback()
def keys_callback() -> None:
    """API keys of the service: who may ask, for which tenant."""


@keys.command("create")
def create(
    tenant: Annotated[str, typer.Option("--tenant", help="Whose documents the key reads and writes.")],
    role: Annotated[
        str,
        typer.Option(
            "--role", help="reader: asks; writer: stores documents, too; admin: exports and operates, too."
        ),
    ] = "reader",
    expires: Annotated[
        str | None,
        typer.Option(
            "--expires",
            help="In how long, such as 12h, 90d or 4w, or on which day, such as 2030-01-31.",
            show_default="never",
        ),
    ] = None,
) -> None:
    """Make a key and print it; it is kept as a hash only, and cannot be shown again."""
    key, made = _ring().create(tenant, cast("Role", role), valid=_valid(expires) if expires else None)
    out.print(key, markup=False, soft_wrap=True)
    until = f"until {made.expires}" if made.expires else "until it is revoked"
    errors.print(
        f"a {made.role}'s key of tenant {made.tenant}, valid {until}; keep it, it is shown only now",
        markup=False,
        soft_wrap=True,
    )


@keys.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """Every key: its id, tenant, role, times and state."""
    now = datetime.now(UTC)
    rows = [
        {
            "id": key.id,
            "tenant": key.tenant,
            "role": key.role,
            "created": key.created,
            "expires": key.expires,
            "state": key.state(now),
        }
        for key in _ring().keys
    ]
    if as_json:
        out.print_json(data={"keys": rows})
        return
    if not rows:
        out.print("no API keys: the service listens on loopback only. Make one with: joblens keys create")
        return
    table = Table("id", "tenant", "role", "created", "expires", "state", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(value or "never" for value in row.values()))
    out.print(table)


@keys.command("revoke")
def revoke(id: Annotated[str, typer.Argument(help="The id of a key, as keys list names it.")]) -> None:
    """Let a key open nothing from now on, in a running service, too."""
    key = _ring().revoke(id)
    out.print(f"revoked the key {key.id} of tenant {key.tenant}", markup=False)


def _ring() -> KeyRing:
    return KeyRing(StoreSettings().home.expanduser())


def _valid(text: str) -> timedelta:
    if span := re.fullmatch(r"(\d{1,5})([hdw])", text):
        return int(span[1]) * _UNITS[span[2]]
    try:
        day = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidParameter(
            f"--expires takes 12h, 90d or 4w, or a day such as 2030-01-31, found {text[:40]!r}"
        ) from None
    return (day if day.tzinfo else day.replace(tzinfo=UTC)) - datetime.now(UTC)
