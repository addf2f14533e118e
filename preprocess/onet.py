"""An O*NET text release, a folder or its .zip, as occupations and the texts that name and describe them.

The only file that knows how O*NET names its tables and columns. It reads the text releases since
20.0 (2015). What changed in between, from the "File Structure Changes" notes of O*NET's data
dictionaries and, for 30.3 and 31.0, from programs that read them:

- technologies: ``Tools and Technology`` until 23.1 (tools in the same table), ``Technology Skills``
  since 23.2 (``In Demand`` added in 27.1), ``Software Skills`` since 30.3;
- alternate titles: ``Alternate Titles``, named ``Job Titles`` since 30.3;
- related occupations: ``Career Changers Matrix`` and ``Career Starters Matrix``, later
  ``Related Occupations``.

Names of tables and columns are matched without regard to case; columns that nobody asks for are
ignored. A bad row is dropped, counted and never raises.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from preprocess.errors import InvalidRelease
from preprocess.onet_files import ReleaseFiles, lines
from preprocess.records import Dropped, stable_id
from preprocess.soc import GROUP_NAMES, code_at_level, is_full_code, is_prefix, normalise_code, soc_levels

__all__ = [
    "GROUP_NAMES",
    "Occupation",
    "OccupationText",
    "Release",
    "TextSource",
    "code_at_level",
    "is_prefix",
    "normalise_code",
    "open_release",
    "read_occupations",
    "soc_levels",
]

TextSource = Literal["title", "alternate", "reported", "description", "task", "technology"]
TITLE_SOURCES: tuple[TextSource, ...] = ("title", "alternate", "reported")
"""The texts that are names of an occupation."""


@dataclass(frozen=True, slots=True)
class OccupationText:
    """One text of an occupation.

    ``core`` (tasks): True for Core, False for Supplemental, None where O*NET has not rated it.
    ``importance`` (tasks): mean rating as given, 1 to 5. ``hot`` and ``in_demand`` are for technologies.
    """

    text: str
    source: TextSource
    task_id: str = ""
    core: bool | None = None
    importance: float | None = None
    hot: bool = False
    in_demand: bool = False


@dataclass(frozen=True, slots=True)
class Occupation:
    """An O*NET-SOC occupation with all its texts.

    ``texts[0]`` is the title; then come description, alternate titles, reported titles, tasks and
    technologies, each in the release's order. ``related`` holds codes, the closest first.
    """

    code: str
    title: str
    description: str
    job_zone: int | None
    texts: tuple[OccupationText, ...]
    related: tuple[str, ...]

    @property
    def id(self) -> str:
        """UUID5 of ("occupation", "onet", code): the same in every release."""
        return stable_id("occupation", "onet", self.code)

    @property
    def content_hash(self) -> str:
        """32 hex digits (BLAKE2b) over every field."""
        texts = [[t.text, t.source, t.task_id, t.core, t.importance, t.hot, t.in_demand] for t in self.texts]
        parts = [self.code, self.title, self.description, self.job_zone, texts, self.related]
        text = json.dumps(parts, ensure_ascii=False)
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Release:
    """A text release whose required tables and columns have been seen.

    ``name`` is such as "O*NET 27.0 Database"; ``tables`` lists the optional tables found, as this
    release calls them; ``occupations`` counts the rows of Occupation Data.
    """

    name: str
    path: Path
    tables: tuple[str, ...]
    occupations: int


@dataclass(frozen=True, slots=True)
class _Table:
    """A file of the release: its name without .txt, the columns it must have and those it may have.

    The first column is always the O*NET-SOC code.
    """

    name: str
    columns: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()

    def positions(self, header: str, path: Path) -> list[int | None]:
        """Where ``columns`` and ``optional`` stand in ``header``; None for an absent optional one."""
        found = {cell.strip().casefold(): at for at, cell in enumerate(header.split("\t"))}
        missing = [column for column in self.columns if column.casefold() not in found]
        if missing:
            raise InvalidRelease(
                f"{path}: '{self.name}.txt' needs the column {' and '.join(map(repr, missing))}, but its "
                f"first line is {header[:200]!r}. Get the text release again; those since 20.0 can be read."
            )
        return [found.get(column.casefold()) for column in (*self.columns, *self.optional)]


_CODE = "O*NET-SOC Code"
_FLAGS = ("Hot Technology", "In Demand")
_RELATED_CODE = "Related O*NET-SOC Code"

_OCCUPATIONS = _Table("Occupation Data", (_CODE, "Title", "Description"))
_TASKS = _Table("Task Statements", (_CODE, "Task ID", "Task"), ("Task Type",))
_REPORTED = _Table("Sample of Reported Titles", (_CODE, "Reported Job Title"))
_RATINGS = _Table("Task Ratings", (_CODE, "Task ID", "Scale ID", "Data Value"))
_ZONES = _Table("Job Zones", (_CODE, "Job Zone"))
# One thing under several names: the first table that the release holds is read.
_ALTERNATES = (
    _Table("Alternate Titles", (_CODE, "Alternate Title")),
    _Table("Job Titles", (_CODE, "Job Title")),
)
_TECHNOLOGIES = (
    _Table("Technology Skills", (_CODE, "Example"), _FLAGS),
    _Table("Software Skills", (_CODE, "Workplace Example"), _FLAGS),
    _Table("Tools and Technology", (_CODE, "T2 Example", "T2 Type"), _FLAGS),
)
# All that the release holds are read, one after the other.
_RELATED = (
    _Table("Related Occupations", (_CODE, _RELATED_CODE, "Index"), ("Relatedness Tier",)),
    _Table("Career Changers Matrix", (_CODE, _RELATED_CODE, "Index")),
    _Table("Career Starters Matrix", (_CODE, _RELATED_CODE, "Index")),
)
_NOT_YET_READ = tuple(
    map(
        _Table,
        ("Emerging Tasks", "Skills", "Essential Skills", "Transferable Skills", "Knowledge", "Abilities"),
    )
)
_OPTIONAL = (_REPORTED, _RATINGS, _ZONES, *_RELATED, *_TECHNOLOGIES, *_NOT_YET_READ)
_TIERS = {"primary-short": 0, "primary-long": 1, "supplemental": 2}


def open_release(path: Path | str) -> Release:
    """Find the tables of a release and check the columns of each that is going to be read.

    :param path: the folder that holds ``Occupation Data.txt``, or a .zip with it at any depth.
    :raises MissingPath: if there is nothing at ``path``.
    :raises InvalidRelease: if a required file or a column is missing, or the .zip is broken.
    :raises TooLarge: if it holds over ``MAX_MEMBERS`` files or ``MAX_UNZIPPED_BYTES``.
    """
    files = ReleaseFiles.find(Path(path))
    optional = [table for table in _OPTIONAL if table.name in files]
    for table in (_OCCUPATIONS, _first(files, _TASKS), _first(files, *_ALTERNATES), *optional):
        table.positions(files.first_line(table.name), files.path)
    rows = sum(1 for line in lines(files.read(_OCCUPATIONS.name)) if line.strip()) - 1
    return Release(_release_name(files), files.path, tuple(table.name for table in optional), rows)


def read_occupations(release: Release, dropped: list[Dropped] | None = None) -> Iterator[Occupation]:
    """Every occupation of ``release`` in the order of the codes, also those without tasks or technologies.

    :param dropped: takes the rows that were left out, with one of the reasons "wrong cell count",
        "malformed code", "unknown code", "duplicate code", "empty text" and "not a number". An alternate
        title, reported title or technology that an occupation repeats (case-folded, same source) is left
        out without a record.
    :raises MissingPath: if the release has gone since it was opened.
    :raises InvalidRelease: if it has changed since, or a file in the .zip is damaged.
    """
    reader = _Reader(ReleaseFiles.find(release.path), [] if dropped is None else dropped)
    heads = reader.occupations()
    texts = {code: [OccupationText(title, "title")] for code, (title, _) in heads.items()}
    for code, (_, description) in heads.items():
        texts[code] += [OccupationText(description, "description")] * bool(description)
    reader.add_titles(texts)
    reader.add_tasks(texts)
    reader.add_technologies(texts)
    zones, related = reader.job_zones(), reader.related()
    for code in sorted(heads):
        title, description = heads[code]
        own = tuple(texts.pop(code))
        yield Occupation(code, title, description, zones.get(code), own, related.get(code, ()))


def _first(files: ReleaseFiles, *tables: _Table) -> _Table:
    """The first of ``tables`` that the release holds, under whichever name its year gave it."""
    for table in tables:
        if table.name in files:
            return table
    names = " or ".join(f"'{table.name}.txt'" for table in tables)
    raise InvalidRelease(f"{files.path}: holds no {names}. Get the text release again.")


def _release_name(files: ReleaseFiles) -> str:
    title = files.title()
    if title.startswith("O*NET"):
        return title
    place = f"{files.path.resolve().name} {files.members[_OCCUPATIONS.name.casefold()]}"
    match = re.search(r"db_(\d+)_(\d+)", place)
    return f"O*NET {match[1]}.{match[2]} Database" if match else f"O*NET release in {files.path.name}"


@dataclass(slots=True)
class _Reader:
    """Reads the tables one after the other; ``known`` are the codes of Occupation Data once that is read."""

    files: ReleaseFiles
    dropped: list[Dropped]
    known: Container[str] | None = None

    def rows(self, table: _Table) -> Iterator[tuple[int, list[str]]]:
        """Line number and stripped cells, in the order of ``table.columns`` and ``table.optional``.

        Only rows whose code is known (in Occupation Data: well-formed); none without such a table.
        """
        if table.name not in self.files:
            return
        header, *body = lines(self.files.read(table.name))
        positions, width = table.positions(header, self.files.path), header.count("\t") + 1
        for number, line in enumerate(body, start=2):
            if not line or line.isspace():
                continue
            cells = line.split("\t")
            if len(cells) != width:
                self.drop(table, number, "wrong cell count", f"{len(cells)} instead of {width}")
                continue
            wanted = ["" if at is None else cells[at].strip() for at in positions]
            if self.known is not None and wanted[0] in self.known:
                yield number, wanted
            elif not is_full_code(wanted[0]):
                self.drop(table, number, "malformed code", wanted[0][:40])
            elif self.known is None:
                yield number, wanted
            else:
                self.drop(table, number, "unknown code", wanted[0])

    def texts(self, table: _Table, at: int = 1) -> Iterator[list[str]]:
        """The rows whose cell ``at`` holds a text; its whitespace is folded."""
        for number, cells in self.rows(table):
            cells[at] = " ".join(cells[at].split())
            if cells[at] in ("", "n/a"):
                self.drop(table, number, "empty text")
            else:
                yield cells

    def drop(self, table: _Table, line: int, reason: str, detail: str = "") -> None:
        source = str(self.files.path / f"{table.name}.txt")
        self.dropped.append(Dropped(reason, source, f"line {line}", detail))

    def occupations(self) -> dict[str, tuple[str, str]]:
        """Code -> title and description (which may be empty)."""
        found: dict[str, tuple[str, str]] = {}
        for number, (code, title, description) in self.rows(_OCCUPATIONS):
            if not title:
                self.drop(_OCCUPATIONS, number, "empty text", code)
            elif code in found:
                self.drop(_OCCUPATIONS, number, "duplicate code", code)
            else:
                found[code] = (" ".join(title.split()), " ".join(description.split()))
        self.known = found
        return found

    def add_titles(self, texts: Mapping[str, list[OccupationText]]) -> None:
        for code, title in _unrepeated(self.texts(_first(self.files, *_ALTERNATES)), 2):
            texts[code].append(OccupationText(title, "alternate"))
        for code, title in _unrepeated(self.texts(_REPORTED), 2):
            texts[code].append(OccupationText(title, "reported"))

    def add_tasks(self, texts: Mapping[str, list[OccupationText]]) -> None:
        importance: dict[tuple[str, str], float] = {}
        for number, (code, task_id, scale, value) in self.rows(_RATINGS):
            if scale == "IM":
                mean = _number(value)
                if mean is None:
                    self.drop(_RATINGS, number, "not a number", value[:40])
                else:
                    importance[code, task_id] = mean
        core = {"core": True, "supplemental": False}
        for code, task_id, task, kind in self.texts(_first(self.files, _TASKS), at=2):
            rated = importance.get((code, task_id))
            texts[code].append(OccupationText(task, "task", task_id, core.get(kind.casefold()), rated))

    def add_technologies(self, texts: Mapping[str, list[OccupationText]]) -> None:
        tables = [table for table in _TECHNOLOGIES if table.name in self.files][:1]
        for table in tables:
            for code, example, *kind, hot, in_demand in _unrepeated(self.texts(table), len(table.columns)):
                if not kind or kind[0].casefold() == "technology":
                    text = OccupationText(
                        example, "technology", hot=hot.upper() == "Y", in_demand=in_demand.upper() == "Y"
                    )
                    texts[code].append(text)

    def job_zones(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for number, (code, zone) in self.rows(_ZONES):
            value = _number(zone)
            if value is None:
                self.drop(_ZONES, number, "not a number", zone[:40])
            else:
                found[code] = int(value)
        return found

    def related(self) -> dict[str, tuple[str, ...]]:
        found: defaultdict[str, list[tuple[int, float, int, str]]] = defaultdict(list)
        for place, table in enumerate(_RELATED):
            for number, (code, other, index, *tier) in self.rows(table):
                rank = _number(index)
                if self.known is None or other not in self.known:
                    self.drop(table, number, "unknown code", other[:40])
                elif rank is None:
                    self.drop(table, number, "not a number", index[:40])
                else:
                    found[code].append(
                        (place, rank, _TIERS.get("".join(tier).casefold(), len(_TIERS)), other)
                    )
        return {code: tuple(dict.fromkeys(row[-1] for row in sorted(rows))) for code, rows in found.items()}


def _unrepeated(rows: Iterator[list[str]], width: int) -> Iterator[list[str]]:
    """The rows whose first ``width`` cells, case-folded, have not come before."""
    seen: set[tuple[str, ...]] = set()
    for cells in rows:
        key = tuple(cell.casefold() for cell in cells[:width])
        if key not in seen:
            seen.add(key)
            yield cells


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
