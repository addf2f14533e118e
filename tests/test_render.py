"""What the other commands print: values, widths, and nothing of people's text read as markup."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from rich.cells import cell_len

from indexer.build import Summary
from indexer.store import CollectionInfo, Fingerprint, Hit
from joblens.render import (
    print_classification,
    print_error,
    print_inspection,
    print_match,
    print_occupation,
    print_search,
    print_status,
    print_summary,
)
from preprocess.entities import Entity
from preprocess.errors import IndexMissing, JoblensError
from preprocess.records import Dropped
from preprocess.titles import CleanTitle
from search_api.classify import Candidate, Classification, JobQuery, Neighbour
from search_api.inspection import InspectedSentence, Inspection
from search_api.match import match
from search_api.occupations import OccupationPage, Task, TechnologyUse
from search_api.search import SearchAnswer
from tests.gap_samples import one_posting, sample
from tests.terminal import WIDTHS, console, folded, printed

# ---- classify


def classification() -> Classification:
    def neighbour(text: str, source: str, score: float, query: str = "Python dev") -> Neighbour:
        return Neighbour(text, source, "15-1252.00", score, 0.1, query)

    first = Candidate(
        1, "15-1252", "Software Developers", 0.62, "15-1252.00",
        {"neighbours": 0.52, "letters": 0.7, "vector": 0.9, "description": 0.31},
        (
            neighbour("Python Developer", "alternate", 0.93),
            neighbour("Python Developer", "reported", 0.93),
            neighbour("Write code.", "task", 0.6, "You write code."),
        ),
    )  # fmt: skip
    second = Candidate(2, "15-1299", "Computer Occupations", 0.2, "15-1299.08", {"neighbours": 0.2}, ())
    return Classification(
        query=JobQuery("Sr. Python dev"),
        clean=CleanTitle("Sr. Python dev", "Python dev", "senior", "", ()),
        level=6,
        candidates=(first, second),
        confidence=0.62,
        margin=0.42,
        abstained=False,
        review=False,
        prediction_set=("15-1252", "15-1299"),
        lead={"neighbours": 1.2, "letters": 2.0, "vector": 0.1, "description": -0.5},
        fingerprint="f" * 12,
    )


def test_classification_shows_votes_and_evidence() -> None:
    into = console(120)
    print_classification(into, classification())
    text = folded(into)
    assert "1 15-1252 Software Developers 62% ██████▎" in text
    assert "2 15-1299 Computer Occupations mostly 15-1299.08 20% ██" in text
    assert (
        "15-1252 because “Python Developer” .93 (alternate, reported), "
        "“Write code.” .60 (task) near “You write code.” "
        "neighbours 52% · letters 70% · vector 90% · description 31%"
    ) in text


def test_classification_shows_what_was_looked_up() -> None:
    into = console(120)
    print_classification(into, classification())
    assert "Sr. Python dev looked up as “Python dev” (senior)" in folded(into)


def test_classification_says_what_the_runner_up_lacked() -> None:
    into = console(120)
    print_classification(into, classification())
    assert (
        "The first is 42 points ahead of the second, by its letters and neighbours; "
        "the description spoke for the second."
    ) in folded(into)


def test_classification_says_which_codes_cannot_be_ruled_out() -> None:
    into = console(120)
    print_classification(into, classification())
    assert "In nine cases of ten it is one of 15-1252, 15-1299." in folded(into)


@pytest.mark.parametrize(
    ("abstained", "review", "told"),
    [
        (True, True, "Not sure enough to claim any of them."),
        (False, True, "Close enough that a person should look."),
    ],
)
def test_classification_says_when_not_to_trust_it(abstained: bool, review: bool, told: str) -> None:
    into = console(120)
    print_classification(into, replace(classification(), abstained=abstained, review=review))
    assert told in folded(into)


def test_classification_without_why_has_no_evidence() -> None:
    into = console()
    print_classification(into, classification(), why=False)
    assert "because" not in printed(into)


# ---- search, match, occupation


def test_search_shows_score_text_and_place() -> None:
    payload = {
        "text": "Know [red]Kafka[/red].",
        "title": "Engineer",
        "company": "Tidemark",
        "section": "Skills",
    }
    into = console()
    print_search(into, SearchAnswer("kafka", (Hit("1", 0.714, payload),), "f"), "postings")
    assert printed(into) == (
        "kafka  in postings\n1 .71 Know [red]Kafka[/red].\n      Engineer · Tidemark · Skills\n\n"
    )


def test_fused_scores_keep_three_digits() -> None:
    hits = tuple(Hit(str(number), score, {"text": "x"}) for number, score in enumerate((0.0328, 0.0323)))
    into = console()
    print_search(into, SearchAnswer("x", hits, "f"), "brags")
    assert "1 0.033 x\n2 0.032 x\n" in printed(into)


def test_search_without_hits_says_so() -> None:
    into = console()
    print_search(into, SearchAnswer("zzz", (), "f"), "brags")
    assert printed(into) == "zzz  in brags\nNothing found.\n\n"


def test_match_goes_both_ways() -> None:
    report = sample()
    into = console()
    print_match(into, match(report.brag, report.postings, top_k=1))
    text = printed(into)
    assert "dana.yaml, 3 sentences, against Backend Engineer and 1 more\n" in text
    assert "Backend Engineer and 1 more, 6 sentences, against dana.yaml\n" in text
    assert "Free soup.\n  .00 Rebuilt the tracking API in Python" in text


def occupation_page() -> OccupationPage:
    return OccupationPage(
        code="15-1252.00",
        title="Software Developers",
        description="Write programs.",
        job_zone=4,
        alternate_titles=tuple(f"Developer {number}" for number in range(20)),
        reported_titles=(),
        tasks=(Task("Write code.", "1", True, 4.5), Task("Mentor.", "2", False, None)),
        technologies=(TechnologyUse("Python", True), TechnologyUse("Tex", False)),
        related=(("15-1253.00", "Testers"),),
        fingerprint="f",
    )


def test_occupation_is_a_page() -> None:
    into = console()
    print_occupation(into, occupation_page())
    text = printed(into)
    assert text.startswith(
        "15-1252.00  Software Developers\njob zone 4 of 5: considerable preparation\n\nWrite programs.\n"
    )
    assert "Tasks (2)  importance 1 to 5, * core\n 4.5 * Write code.\n       Mentor.\n" in text
    assert "hot        Python\n" in text
    assert "other      Tex\n" in text
    assert "Developer 11 and 8 more" in " ".join(text.split())
    assert "Related occupations\n15-1253.00  Testers\n" in text


def test_an_occupation_without_ratings_has_no_legend() -> None:
    into = console()
    print_occupation(into, replace(occupation_page(), job_zone=None, tasks=(Task("A.", "1", None, None),)))
    assert "Tasks (1)\n" in printed(into)
    assert "job zone" not in printed(into)


# ---- summary, status, inspection, errors


def test_summary_counts_what_was_written_and_skipped() -> None:
    into = console()
    print_summary(into, Summary("postings", 1_250, 9_812, 3, 40, 1), 8.0)
    assert printed(into) == (
        "postings: wrote 9,812 sentences of 1,250 postings in 8.0 s, 1,226 a second\n"
        "  3 postings had not changed\n"
        "  1 posting removed\n"
    )


def test_summary_names_each_reason_before_it_repeats_one() -> None:
    summary = Summary("brags")
    for number in range(9):
        summary.drop(Dropped("ragged row", "a.csv", f"line {number}"))
    summary.drop(Dropped("encrypted pdf", "b.pdf", detail="save a copy [without] one"))
    summary.drop(Dropped("heading", "c.txt", "Skills"))
    into = console()
    print_summary(into, summary, 0.0)
    text = printed(into)
    assert "brags: wrote 0 sentences of 0 brag documents in 0.0 s\n" in text
    assert "  left out by design: heading 1\n  dropped\n    9 ragged row\n    1 encrypted pdf\n" in text
    examples = text.split("such as\n")[1].strip().split("\n")
    assert len(examples) == 6
    assert examples[:2] == [
        "a.csv line 0: ragged row",
        "    b.pdf: encrypted pdf (save a copy [without] one)",
    ]
    assert examples[5] == "  and 5 more; joblens inspect PATH names them all"


def info(size_bytes: int | None = 120_400_000, building: tuple[str, ...] = ()) -> CollectionInfo:
    made = Fingerprint("all-MiniLM-L6-v2", "0" * 64, 384, source="O*NET 27.0")
    return CollectionInfo("occupations", "occupations-1", 74_051, made, size_bytes, building)


def test_status_is_a_table_where_there_is_room() -> None:
    into = console(140)
    print_status(into, [info(size_bytes=None), info(building=("occupations-2",))])
    text = printed(into)
    assert "collection" in text.split("\n")[0]
    digest = info().fingerprint.digest
    row = [
        "occupations",
        "74,051",
        "120.4",
        "MB",
        "all-MiniLM-L6-v2,",
        "384",
        "raw;",
        "filtered",
        "for",
        "words",
    ]
    assert [*row, "O*NET", "27.0", digest] in [line.split() for line in text.split("\n")]
    assert "being built beside occupations: occupations-2\n" in text


def test_status_is_a_list_where_there_is_none() -> None:
    into = console(60)
    print_status(into, [info()])
    assert printed(into).startswith("occupations\n  points       74,051\n  size         120.4 MB\n")


def test_status_of_an_empty_store_says_how_to_begin() -> None:
    into = console()
    print_status(into, [])
    assert printed(into) == "Nothing is indexed yet. Start with: joblens index onet PATH\n"


def inspection() -> Inspection:
    kafka = Entity("Kafka", "TECHNOLOGY", 5, 10)
    return Inspection(
        (
            InspectedSentence(
                "job.md", 0, "Skills", "requirement", "Know Kafka.", "Kafka", "Kafka", (kafka,)
            ),
            InspectedSentence("job.md", 1, "Skills", "benefits", "Soup.", "Soup.", "", ()),
            InspectedSentence("two.md", 0, "", "", "Hello [red]you[/red].", "Hello", "", ()),
        ),
        (Dropped("heading", "job.md", "Skills"),),
    )


def test_inspection_shows_sections_views_and_entities() -> None:
    into = console()
    print_inspection(into, inspection())
    assert printed(into) == (
        "\njob.md\n\nSkills\n"
        "  0 requirement Know Kafka.\n    filtered Kafka\n    jargon   Kafka\n"
        "    entities Kafka (TECHNOLOGY)\n"
        "  1 benefits    Soup.\n"
        "\ntwo.md\n\n(no section)\n"
        "  0 Hello [red]you[/red].\n    filtered Hello\n"
        "\n3 sentences in 2 documents\n  left out by design: heading 1\n"
    )


def test_an_error_is_its_title_and_its_message_unwrapped() -> None:
    into = console(20)
    print_error(
        into, IndexMissing("no postings yet; make it with: joblens index postings PATH [MORE]\x1b[2J")
    )
    assert printed(into) == (
        "error: The index is not there\nno postings yet; make it with: joblens index postings PATH [MORE]\n"
    )


def test_an_error_without_a_message_is_its_title() -> None:
    into = console()
    print_error(into, JoblensError())
    assert printed(into) == "error: joblens failed\n"


@pytest.mark.parametrize("width", WIDTHS)
def test_everything_else_keeps_to_the_width(width: int) -> None:
    long = "Ärger mit Überlänge 🚀 " * 20 + "z" * 250
    into = console(width)
    candidate = replace(classification().candidates[0], title=long)
    print_classification(into, replace(classification(), query=JobQuery(long), candidates=(candidate,)))
    print_search(into, SearchAnswer(long, (Hit("1", 0.5, {"text": long, "project": long}),), "f"), "brags")
    report = one_posting([long], [0.5], brag=long, title=long)
    print_match(into, match(report.postings, report.brag, top_k=1))
    page = occupation_page()
    print_occupation(into, replace(page, title=long, description=long, alternate_titles=(long,) * 9))
    summary = Summary("postings", dropped=Counter({long: 2}), examples=[Dropped(long, long, long, long)])
    print_summary(into, summary, 1.0)
    print_status(into, [info(building=(long,))])
    print_inspection(into, Inspection((replace(inspection().sentences[0], text=long, section=long),), ()))
    assert max(cell_len(line) for line in printed(into).split("\n")) <= width
