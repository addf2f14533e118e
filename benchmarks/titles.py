"""What each rule of :func:`preprocess.titles.clean_title` is worth, and how fast cleaning is.

Exact nearest neighbours over the O*NET titles (title, alternate, reported; 100 neighbours, vote
``exp(20 (cosine - 1))``, six digits) of each title, cleaned with no rule, all rules, the default ones, all
but one, and one alone. The labelled sets hold little of the noise of job boards, so it is added to the BLS
titles, one kind at a time and three kinds at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.data import FIXTURES, REAL, SHARED, SOURCE, open_workspace
from indexer.store import Vector, where
from indexer.workspace import Workspace
from preprocess.onet import TITLE_SOURCES
from preprocess.titles import DEFAULT_RULES, RULES, clean_title
from search_api.opinions import SHARPNESS
from search_api.title_lookup import NEIGHBOURS
from workbench.evaluate import LabelledTitle, Ranking, judge, read_labelled_titles

SETS = (
    {name: SHARED / "eval" / file for name, file in (
        ("bls", "titles_bls_unseen.csv"), ("lca", "titles_lca_dev.csv"), ("postings", "postings_dev.csv"))}
    if REAL
    else {"bls": FIXTURES / "titles.csv"}
)  # fmt: skip
KEPT_CODES = 20
BATCH_TITLES = 512

NOISE: Mapping[str, tuple[str, ...]] = {
    "pay": (
        "{} $22/hr", "{} - $18.50 - $21.00 per hour", "{} up to 80k", "{} (EUR 50.000)",
        "{} | $65,000 - $80,000",
        "{} £30k + bonus", "$25 an hour {}", "{} - Earn $1,200 weekly",
        "{} - Pay: $19.25/hour DOE", "{} 60k-75k",
    ),
    "hours": (
        "{} - Full-Time", "Part Time {}", "{} (PT)", "{} FT", "{} 40 hrs/week",
        "{} - weekends", "Seasonal {}",
        "{} (Mon-Fri 8am-5pm)", "{} - Per Diem", "{} PRN", "{}, 6 month contract", "{} F/T", "Temporary {}",
        "{} (24 hours per week)", "{} 0.5 FTE", "{} - Contract",
    ),
    "shift": (
        "{} - 2nd shift", "{} Nights", "Overnight {}", "{} (Day Shift)", "{} - 3rd Shift", "{} 7p-7a",
        "{} - Evenings", "{} Night Shift", "{}, Days", "{} - Rotating Shifts",
        "{} 12 hour shifts", "{} (Nights)",
    ),
    "place": (
        "{} - Dallas, TX", "{} - Remote", "Remote {}", "{} (Hybrid)", "{} in Columbus, OH", "{} (Onsite)",
        "{} - Chicago", "{}, Boston, MA", "{} - Fort Wayne, IN 46802", "{} | Remote (US)", "{} - California",
        "{} Work From Home", "{} - San Jose / Hybrid", "{} (Cedar Rapids, IA)", "{} near Atlanta",
    ),
    "id": (
        "{} Req #12345", "JR-00123 {}", "{} (R2345)", "{} - 90137432", "{} [00058731]",
        "{} | Job ID 2023-4471",
        "{} - REQ20231187", "#88213 {}", "{} (Ref: AB-1093)", "{} - Requisition 40021",
    ),
    "company": (
        "{} at Northwind Inc", "{} @ Brightway", "{} - Larkspur LLC", "{} at Harborview Medical",
        "{} | Fennimore Group Ltd", "{} for Oakline Corp.", "Tamarack Co - {}", "{} at The Juniper Company",
    ),
    "gender": (
        "{} (m/f/d)", "{} w/m/d", "{} (H/F)", "{} (all genders)", "{} m/f/x", "{} (m/w/d)", "{} (f/m/d)",
    ),
    "urgency": (
        "URGENT {}", "{} - Hiring now!", "{} $5,000 sign-on bonus", "{} - Immediate start", "Now hiring: {}",
        "** {} **", "{} (Immediate Opening)", "{} - Apply Today!", "{} NEEDED ASAP",
        "{} - No experience needed",
        "{} - Great Pay & Benefits", "{} - Up to $10K Sign On Bonus", "{} - multiple openings",
        "WE ARE HIRING {}",
    ),
    "level": (
        "Senior {}", "Sr. {}", "Jr {}", "Junior {}", "{}, Senior", "Entry Level {}",
        "Mid-Level {}", "Associate {}",
        "{} (Entry-Level)", "Experienced {}", "Lead {}", "Principal {}", "Staff {}",
    ),
    "numeral": ("{} I", "{} II", "{} III", "{} IV", "{} 2", "{} - Level 3", "{} L3", "{} (Level II)"),
    "markup": ("{}&nbsp;", "&quot;{}&quot;", "<b>{}</b>", "★ {} ★", "{}!!!", "_{}_", "“{}”"),
}  # fmt: skip
"""Kind of noise: what is put around a title, as job boards and career sites write it."""

SHORT_FORMS: Mapping[str, str] = {
    "Registered Nurse": "RN", "Nurse Practitioner": "NP", "Physical Therapist": "PT", "Manager": "Mgr",
    "Physician Assistant": "PA", "Emergency Medical Technician": "EMT", "Vice President": "VP",
    "Human Resources": "HR", "Quality Assurance": "QA", "Quality Control": "QC", "Assistant": "Asst",
    "Technician": "Tech", "Engineer": "Eng", "Engineering": "Eng", "Supervisor": "Supv", "Director": "Dir",
    "Coordinator": "Coord", "Representative": "Rep", "Specialist": "Spec", "Maintenance": "Maint",
    "Manufacturing": "Mfg", "Administrator": "Admin", "Professor": "Prof", "Laboratory": "Lab",
    "Executive": "Exec", "Associate": "Assoc", "Operations": "Ops", "Development": "Dev",
    "Developer": "Dev", "Information Technology": "IT", "Mechanical": "Mech", "Marketing": "Mktg",
}  # fmt: skip
"""What is put in the place of a word or two, for the kind ``short``."""


@dataclass(slots=True)
class Coder:
    """Six-digit codes of titles by exact neighbours; what was asked once is remembered.

    ``vectors`` is (n, dim) float32, L2-normalised; ``member`` is (n,), an index into ``codes``.
    """

    workspace: Workspace
    vectors: Vector
    codes: list[str]
    member: np.ndarray[tuple[int], np.dtype[np.int64]]
    known: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def over(cls, workspace: Workspace) -> Coder:
        """The coder over the O*NET titles that the workspace has indexed."""
        live = workspace.check("occupations")
        pages = workspace.store.scroll(
            live.physical, filter=where(source=TITLE_SOURCES), fields=["code"], vectors=True
        )
        found: list[str] = []
        vectors: list[Vector] = []
        for page in pages:
            assert page.dense is not None
            found.extend(payload["code"][:7] for payload in page.payloads)
            vectors.append(page.dense)
        codes = sorted(set(found))
        places = {code: place for place, code in enumerate(codes)}
        member = np.array([places[code] for code in found], dtype=np.int64)
        return cls(workspace, np.concatenate(vectors), codes, member)

    def rank(self, titles: Sequence[str]) -> list[list[str]]:
        """For each title its codes, best first."""
        new = list(dict.fromkeys(title for title in titles if title not in self.known))
        for start in range(0, len(new), BATCH_TITLES):
            batch = new[start : start + BATCH_TITLES]
            scores = self.workspace.encode(batch) @ self.vectors.T
            count = min(NEIGHBOURS, scores.shape[1])
            nearest = np.argpartition(-scores, count - 1, axis=1)[:, :count]
            for title, row, places in zip(batch, scores, nearest, strict=True):
                votes = np.bincount(
                    self.member[places], np.exp(SHARPNESS * (row[places] - 1)), minlength=len(self.codes)
                )
                order = np.argsort(-votes, kind="stable")[:KEPT_CODES]
                self.known[title] = [self.codes[place] for place in order if votes[place] > 0]
        return [self.known[title] for title in titles]


def run() -> dict[str, object]:
    """Speed, accuracy by set and variant, and accuracy on titles with noise added."""
    sets = {name: read_labelled_titles(path) for name, path in SETS.items()}
    result: dict[str, object] = {"source": SOURCE, "default_rules": sorted(DEFAULT_RULES, key=RULES.index)}
    result["titles_per_s"] = throughput([label.title for labels in sets.values() for label in labels])
    with open_workspace() as workspace:
        coder = Coder.over(workspace)
        for name, rules in variants().items():
            result[name] = {set_name: score(coder, labels, rules) for set_name, labels in sets.items()}
        for kind, labels in noisy(sets["bls"]).items():
            own = (kind,) if kind in RULES else ()
            result[f"noise {kind}"] = {
                name: score(coder, labels, rules)
                for name, rules in {"none": (), "own": own, "default": DEFAULT_RULES, "all": RULES}.items()
            }
    return result


def variants() -> dict[str, Collection[str]]:
    """The sets of rules that are compared."""
    return (
        {"none": (), "all": RULES, "default": DEFAULT_RULES}
        | {f"without {rule}": [other for other in RULES if other != rule] for rule in RULES}
        | {f"only {rule}": [rule] for rule in RULES}
    )


def score(coder: Coder, labels: Sequence[LabelledTitle], rules: Collection[str]) -> dict[str, float]:
    """Accuracy at 1, 5 and 10, and how many titles the rules changed."""
    cleaned = [clean_title(label.title, rules) for label in labels]
    ranking: Ranking = judge(coder.rank([title.text for title in cleaned]), labels)
    result: dict[str, float] = {
        f"acc@{cutoff}": round(ranking.accuracy_at(cutoff), 4) for cutoff in (1, 5, 10)
    }
    return result | {"changed": sum(bool(title.changes) for title in cleaned)}


def noisy(labels: Sequence[LabelledTitle]) -> dict[str, list[LabelledTitle]]:
    """The titles with noise: by kind, ``three`` kinds at once, ``short``, ``joined`` and ``misspelt``."""
    wrappers: dict[str, Callable[[int, str], str]] = {
        kind: (lambda index, title, forms=forms: forms[index % len(forms)].format(title))  # type: ignore[misc]
        for kind, forms in NOISE.items()
    }
    wrappers |= {"three": _three, "short": _short, "joined": _joined, "misspelt": _misspelt}
    return {
        kind: [LabelledTitle(wrap(index, label.title), label.accept) for index, label in enumerate(labels)]
        for kind, wrap in wrappers.items()
    }


def _three(index: int, title: str) -> str:
    kinds = ("level", "place", "hours", "pay", "shift", "urgency", "id", "company")
    for step, offset in enumerate((0, 3, 5)):
        forms = NOISE[kinds[(index + offset) % len(kinds)]]
        title = forms[(index // (step + 2)) % len(forms)].format(title)
    return title.upper() if index % 4 == 0 else title


def _short(_: int, title: str) -> str:
    for long, short in SHORT_FORMS.items():
        title = title.replace(long, short)
    return title


def _joined(_: int, title: str) -> str:
    words = title.split()
    return "".join(words) if len(words) == 2 else title


def _misspelt(index: int, title: str) -> str:
    """Two neighbouring letters of the longest word change places."""
    word = max(title.split(), key=len)
    place = 1 + index % max(1, len(word) - 2)
    return title.replace(word, word[:place] + word[place : place + 2][::-1] + word[place + 2 :], 1)


def throughput(titles: Sequence[str]) -> int:
    """Titles a second on one core, best of three rounds."""
    rounds = []
    for _ in range(3):
        started = time.process_time()
        for title in titles:
            clean_title(title)
        rounds.append(time.process_time() - started)
    return round(len(titles) / min(rounds))
