"""The O*NET texts of the store, read for what the workbench compares and names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from indexer.store import where
from indexer.workspace import Workspace

TITLES = ("title", "alternate", "reported")


@dataclass(frozen=True, slots=True)
class OccupationTexts:
    """Texts and the eight-digit code of each, in an order that does not depend on the store's."""

    texts: tuple[str, ...]
    codes: tuple[str, ...]


def occupation_texts(workspace: Workspace, sources: Sequence[str] = TITLES) -> OccupationTexts:
    """Every stored text of ``sources``.

    :raises IndexMissing: if no release is indexed.
    """
    pages = workspace.store.scroll("occupations", filter=where(source=sources), fields=["code", "text"])
    found = sorted((payload["code"], payload["text"]) for page in pages for payload in page.payloads)
    return OccupationTexts(tuple(text for _, text in found), tuple(code for code, _ in found))


def occupation_names(workspace: Workspace) -> dict[str, str]:
    """Eight-digit code to title.

    :raises IndexMissing: if no release is indexed.
    """
    found = occupation_texts(workspace, ("title",))
    return dict(zip(found.codes, found.texts, strict=True))
