"""Text views, entities and stop words."""

from __future__ import annotations

from pathlib import Path

import nltk.data
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocess.errors import InvalidParameter, MissingExtra, ModelError
from preprocess.filters import TextViews
from preprocess.spacy_blank import load_spacy
from preprocess.stop_words import CHOICES, NEGATIONS, stop_words
from preprocess.technologies import TechnologyMatcher

NLTK_DATA = Path(__file__).parent.parent.parent / "shared/data/nltk_data"


@pytest.fixture(scope="module")
def matcher() -> TechnologyMatcher:
    return TechnologyMatcher()


@pytest.fixture(scope="module")
def views(matcher: TechnologyMatcher) -> TextViews:
    return TextViews(matcher)


@pytest.fixture
def ruled_pipeline(tmp_path: Path) -> str:
    """A pipeline on disk that knows a company, a place and a language, and takes SQL for a place."""
    pipeline = load_spacy().blank("en")
    ruler = pipeline.add_pipe("entity_ruler")
    patterns = {"Umbra": "ORG", "Lorbury": "GPE", "SQL": "GPE", "Basque": "LANGUAGE"}
    ruler.add_patterns([{"label": label, "pattern": name} for name, label in patterns.items()])
    pipeline.meta["name"] = "ruled"
    pipeline.meta["version"] = "0.3.0"
    pipeline.to_disk(tmp_path / "ruled")
    return str(tmp_path / "ruled")


# Views


def test_raw_is_the_text_itself(views: TextViews) -> None:
    assert views.apply("  Any text,\nwith  gaps. ", "raw") == "  Any text,\nwith  gaps. "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cut latency from 2.5 seconds to 300 ms.", "Cut latency seconds ms"),
        ("5+ years of Python 3.11 at Acme Tools, Inc. in Austin, TX 78701.", "years Python"),
        ("Rewrote the C++ parts (and Node.js/React ones)!", "Rewrote C++ parts Node.js React ones"),
        ("Travel is not required, never on Mondays.", "Travel not required never"),
        ("The company's hands-on R&D", "company hands-on R&D"),
        ("IT staff help us move", "IT staff help"),
        ("IT IS WHAT IT IS", ""),
        ("ISO 9001 audits for 40% of 12 plants", "ISO 9001 audits plants"),
    ],
)
def test_filtered_keeps_the_telling_words(views: TextViews, text: str, expected: str) -> None:
    assert views.apply(text, "filtered") == expected


def test_jargon_is_each_technology_once_in_its_first_spelling(views: TextViews) -> None:
    text = "AWS and Docker; later Amazon Web Services, Docker and Terraform."
    assert views.apply(text, "jargon") == "AWS, Docker, Terraform"


def test_view_that_leaves_nothing_is_empty(views: TextViews) -> None:
    assert views.apply("Apply by Friday!", "jargon") == ""
    assert views.apply("It is on the 3rd of May.", "filtered") == ""


def test_unknown_view_is_refused(views: TextViews) -> None:
    with pytest.raises(InvalidParameter, match="raw, filtered, jargon"):
        views.apply("text", "upside down")  # type: ignore[arg-type]


@settings(deadline=None)  # a loaded machine is no failure
@given(st.lists(st.text(st.characters(codec=None)), max_size=4))
def test_many_texts_give_what_each_gives(views: TextViews, texts: list[str]) -> None:
    for view in ("raw", "filtered", "jargon"):
        assert views.apply_many(texts, view) == [views.apply(text, view) for text in texts]


@pytest.mark.parametrize(
    "text", ["\x00", "\ud800 Excel", "שלום עולם", "🙂🙂", "1,111" * 20_000, "A.A." * 25_000, "Go " * 33_000]
)
def test_odd_or_long_text_is_read(views: TextViews, text: str) -> None:
    assert views.apply(text, "raw") == text
    assert len(views.apply(text, "filtered")) <= len(text)


def test_settings_name_all_that_changes_a_view(matcher: TechnologyMatcher, ruled_pipeline: str) -> None:
    assert TextViews(matcher).settings == {
        "stop_words": "spacy",
        "pipeline": "",
        "rules": "1.1",
    }
    assert TextViews(matcher, pipeline=ruled_pipeline).settings["pipeline"] == "en_ruled 0.3.0"


# Entities


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Saved $6,400 and €1.2 million", [("$6,400", "MONEY"), ("€1.2 million", "MONEY")]),
        ("$25-$30 an hour, $80k to $100k", [("$25-$30", "MONEY"), ("$80k to $100k", "MONEY")]),
        ("up 40% or 3 percent", [("40%", "PERCENT"), ("3 percent", "PERCENT")]),
        ("from 9 am to 17:30", [("9 am", "TIME"), ("17:30", "TIME")]),
        ("on March 3, 2021 or 2024-05-01", [("March 3, 2021", "DATE"), ("2024-05-01", "DATE")]),
        (
            "Fridays in May, 2018-2022, Q3",
            [("Fridays", "DATE"), ("May", "DATE"), ("2018-2022", "DATE"), ("Q3", "DATE")],
        ),
        ("You may march on", []),
        ("5+ years, 2.5 s, 10-15 people", [("5+", "NUMBER"), ("2.5", "NUMBER"), ("10-15", "NUMBER")]),
        ("COVID-19, B2B, ISO 9001", []),
        ("Join Acme Tools LLC now", [("Acme Tools LLC", "ORG")]),
        ("at Bold & Co. in Texas, U.S.", [("Bold & Co.", "ORG"), ("Texas", "GPE"), ("U.S.", "GPE")]),
        ("near El Paso, TX 79998", [("El Paso, TX 79998", "GPE")]),
        ("Reports in Excel 2016", [("Excel", "TECHNOLOGY"), ("2016", "DATE")]),
    ],
)
def test_rules_find_entities(views: TextViews, text: str, expected: list[tuple[str, str]]) -> None:
    assert [(entity.text, entity.label) for entity in views.entities(text)] == expected


@settings(deadline=None)  # a loaded machine is no failure
@given(st.text("AÉa1 $%.,-/&’:\nmayTX", max_size=60))
def test_entities_are_ordered_slices_that_do_not_overlap(views: TextViews, text: str) -> None:
    entities = views.entities(text)
    assert [entity.text for entity in entities] == [text[e.start : e.end] for e in entities]
    ends = [0, *(entity.end for entity in entities)]
    assert all(end <= entity.start for end, entity in zip(ends, entities, strict=False))


def test_pipeline_finds_organisations_and_places(matcher: TechnologyMatcher, ruled_pipeline: str) -> None:
    views = TextViews(matcher, pipeline=ruled_pipeline)
    text = "Umbra of Lorbury wants Basque speakers."
    labels = [(entity.text, entity.label) for entity in views.entities(text)]
    assert labels == [("Umbra", "ORG"), ("Lorbury", "GPE"), ("Basque", "LANGUAGE")]
    assert views.apply(text, "filtered") == "wants Basque speakers"


def test_technology_wins_over_the_pipeline(matcher: TechnologyMatcher, ruled_pipeline: str) -> None:
    views = TextViews(matcher, pipeline=ruled_pipeline)
    assert [(entity.text, entity.label) for entity in views.entities("Query SQL")] == [("SQL", "TECHNOLOGY")]


def test_missing_pipeline_names_the_command_that_gets_it(matcher: TechnologyMatcher) -> None:
    with pytest.raises(MissingExtra, match="python -m spacy download en_no_such_pipeline"):
        TextViews(matcher, pipeline="en_no_such_pipeline")


def test_pipeline_that_is_no_pipeline_is_a_model_error(matcher: TechnologyMatcher, tmp_path: Path) -> None:
    (tmp_path / "config.cfg").write_text("[nlp]\nlang = 'xx'\n", encoding="utf-8")
    (tmp_path / "meta.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match="cannot be loaded"):
        TextViews(matcher, pipeline=str(tmp_path))


# Stop words


def test_unknown_list_is_refused_with_the_choices() -> None:
    with pytest.raises(InvalidParameter, match=r"spacy, nltk, nltk\+spacy; got 'sklearn'"):
        stop_words("sklearn")


def test_spacy_list_holds_function_words_only() -> None:
    assert {"the", "of", "and", "we", "'re"} <= stop_words("spacy")
    assert stop_words("spacy").isdisjoint({"experience", "software", "nurse"})


def test_missing_nltk_list_names_the_command_that_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_words.cache_clear()
    monkeypatch.delenv("NLTK_DATA", raising=False)
    monkeypatch.setattr(nltk.data, "path", [])
    with pytest.raises(MissingExtra, match=r"python -m nltk\.downloader stopwords"):
        stop_words("nltk")


def test_nltk_list_is_read_from_nltk_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stop_words.cache_clear()
    folder = tmp_path / "corpora" / "stopwords"
    folder.mkdir(parents=True)
    (folder / "english").write_text("the\nyonder\nnot\n", encoding="utf-8")
    monkeypatch.setenv("NLTK_DATA", str(tmp_path))
    assert stop_words("nltk") == {"the", "yonder"}
    assert stop_words("nltk+spacy") == stop_words("spacy") | {"yonder"}
    stop_words.cache_clear()


@pytest.mark.parametrize("name", CHOICES)
def test_words_that_negate_are_in_no_list(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if not NLTK_DATA.exists():
        pytest.skip("no NLTK data at ../shared/data/nltk_data")
    stop_words.cache_clear()
    monkeypatch.setenv("NLTK_DATA", str(NLTK_DATA))
    words = stop_words(name)
    assert words.isdisjoint(NEGATIONS)
    assert not any(word.endswith("n't") for word in words)
    assert "the" in words
    stop_words.cache_clear()
