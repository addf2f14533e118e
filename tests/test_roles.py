"""Roles of posting sentences: what the section says, where the wording wins, when headings decide."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from indexer.role_cues import COLUMNS, MARKS, PHRASES, says_preferred, surface
from indexer.role_model import PACKAGED, ROLES, load_role_model
from indexer.roles import PostingText, RoleClassifier, marginals, section_starts
from indexer.settings import StoreSettings
from indexer.workspace import Workspace
from preprocess.errors import MissingModel, ModelError
from search_api.sides import side_from_sentences, side_from_text

NURSE = """Night Nurse

About us
Larch Valley Clinic is a small clinic that a group of neighbors opened in 1962.

What you'll do
- Give medication and watch for side effects.
- Write notes on each patient in the chart.
- Teach families how to change a dressing.
- We pay a $4,000 sign-on bonus and full health insurance.

Requirements
- Registered nurse licence of this state.
- Two years of experience in acute care.
- Spanish a plus.
- All applicants will be considered without regard to race, religion, sex, age or disability.

Preferred
- Experience with heart monitors
- Wound care certification
- Send your resume to jobs@larchvalley.example by Friday.

Benefits
- Paid vacation and sick leave
- Help with tuition
"""


@pytest.fixture(scope="module")
def nurse(workspace: Workspace) -> dict[str, str]:
    side = side_from_text(workspace, NURSE, "posting")
    return {sentence.text: sentence.role for sentence in side.sentences}


@pytest.mark.parametrize(
    ("start", "role"),
    [
        ("Larch Valley Clinic is", "company"),
        ("Give medication", "duty"),
        ("Teach families", "duty"),
        ("We pay a $4,000", "benefits"),
        ("Registered nurse licence", "requirement"),
        ("Two years of experience", "requirement"),
        ("Spanish a plus", "preferred"),
        ("All applicants will be", "legal"),
        ("Experience with heart", "preferred"),
        ("Wound care", "preferred"),
        ("Send your resume", "apply"),
        ("Paid vacation", "benefits"),
    ],
)
def test_role_of_a_sentence(nurse: dict[str, str], start: str, role: str) -> None:
    assert [found for text, found in nurse.items() if text.startswith(start)] == [role]


@pytest.mark.parametrize(("heading", "role"), [("Requirements", "requirement"), ("Preferred", "preferred")])
def test_the_section_beats_the_wording(workspace: Workspace, heading: str, role: str) -> None:
    text = f"Analyst\n\n{heading}\n- Knowledge of SQL\n- Experience with dashboards\n- Skill in statistics\n"
    assert {sentence.role for sentence in side_from_text(workspace, text, "posting").sentences} == {role}


@pytest.mark.parametrize(
    ("heading", "role"), [("Requirements", "requirement"), ("Nice to have", "preferred")]
)
def test_bare_skills_are_what_their_section_says(workspace: Workspace, heading: str, role: str) -> None:
    text = f"Nurse\n\n{heading}\n- Python\n- Excel\n- Forklift licence\n- Patience\n"
    text += "\nBenefits\n- Dental insurance\n"
    side = side_from_text(workspace, text, "posting")
    assert [sentence.role for sentence in side.sentences] == [role] * 4 + ["benefits"]


def test_a_heading_in_other_words_is_read_by_its_vector(workspace: Workspace) -> None:
    lines = "- Plan routes for twelve trucks\n- Check fuel logs\n- Call drivers when a road is shut\n"
    perks = "- Cheap gym\n- Free lunch\n- Dental insurance\n"
    text = f"Dispatcher\n\nThe daily grind:\n{lines}\nYour goodies:\n{perks}"
    roles = [sentence.role for sentence in side_from_text(workspace, text, "posting").sentences]
    assert roles == ["duty"] * 3 + ["benefits"] * 3


def test_prose_without_headings_is_told_apart(workspace: Workspace) -> None:
    text = (
        "Cook\n\nOur diner has fed the harbor since 1958. You will grill, plate and keep the line clean. "
        "Two years of experience in a busy kitchen are required. "
        "We pay $20 an hour and give every cook two free meals. "
        "To apply, email your resume to Rosa."
    )
    roles = [sentence.role for sentence in side_from_text(workspace, text, "posting").sentences]
    assert roles == ["company", "duty", "requirement", "benefits", "apply"]


@pytest.mark.parametrize(
    "text", ["Python and SQL", "Nursing licence", "5+ years of Java", "You write Python."]
)
def test_a_single_line_asks_something(workspace: Workspace, text: str) -> None:
    assert side_from_text(workspace, text, "posting").sentences[0].asked


def test_bare_fields_of_a_posting_are_not_asked(workspace: Workspace) -> None:
    text = f"{NURSE}\nJob ID: 48817\nSchedule: Full-time\n"
    roles = {
        sentence.text: sentence.role for sentence in side_from_text(workspace, text, "posting").sentences
    }
    assert roles["Job ID: 48817"] == "other"


def test_sentences_of_a_brag_document_have_no_role(workspace: Workspace) -> None:
    assert side_from_text(workspace, "Wrote Python.", "brag").sentences[0].role == ""
    assert side_from_sentences(workspace, ["Wrote Python."], "brag").sentences[0].role == ""


def as_posting(workspace: Workspace, *texts: str, section: str = "Requirements") -> PostingText:
    return PostingText(texts, [section] * len(texts), workspace.encode(texts))


def test_probabilities_are_of_all_roles_and_sum_to_one(workspace: Workspace) -> None:
    (table,) = workspace.roles.probabilities([as_posting(workspace, "Know Java.", "We pay well.")])
    assert table.shape == (2, len(ROLES))
    np.testing.assert_allclose(table.sum(axis=1), 1, atol=1e-5)


def test_postings_read_together_have_the_roles_they_have_alone(workspace: Workspace) -> None:
    postings = [as_posting(workspace, *(f"Know tool {n}." for n in range(size))) for size in (5, 1, 9)]
    together = workspace.roles.probabilities(postings)
    for posting, table in zip(postings, together, strict=True):
        np.testing.assert_allclose(table, workspace.roles.probabilities([posting])[0], atol=1e-5)


def test_nothing_to_read_gives_nothing(workspace: Workspace) -> None:
    assert workspace.roles.roles([]) == []
    assert workspace.roles.roles([PostingText([], [], np.zeros((0, 384), np.float32))]) == [[]]


def test_marginals_equal_the_sum_over_all_paths() -> None:
    generator = np.random.default_rng(1)
    scores, transitions = generator.normal(size=(4, 8)), generator.normal(size=(2, 8, 8))
    starts = np.array([0, 0, 1, 0])
    expected = np.zeros((4, 8))
    for path in product(range(8), repeat=4):
        steps = sum(transitions[starts[at], path[at - 1], path[at]] for at in range(1, 4))
        weight = np.exp(steps + sum(scores[at, role] for at, role in enumerate(path)))
        for at, role in enumerate(path):
            expected[at, role] += weight
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(marginals([scores], [starts], transitions)[0], expected, atol=1e-6)


def test_section_starts() -> None:
    assert section_starts(["", "A", "A", "B"]).tolist() == [0, 1, 0, 1]


# ---- cues


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("Licensed electrician", "credential"),
        ("Spanish is a plus!", "plus"),
        ("You'll cook", "you will"),
        ("401(k) match", "benefit"),
        ("E-Verify employer", "check"),
        ("Pays $20", "dollar"),
        ("Job ID: 7", "field"),
        ("Since 1998", "year of the calendar"),
    ],
)
def test_a_cue_is_shown(text: str, cue: str) -> None:
    assert surface([text])[0, [*PHRASES, *MARKS].index(cue)] == 1


def test_words_that_only_contain_a_cue_do_not_show_it() -> None:
    assert surface(["Surplus paystubs"])[0, : len(PHRASES)].sum() == 0


def test_surface_of_nothing_has_its_columns() -> None:
    assert surface([]).shape == (0, COLUMNS)
    assert surface([""]).shape == (1, COLUMNS)


@pytest.mark.parametrize(("text", "says"), [("German preferred", True), ("German", False)])
def test_says_preferred(text: str, says: bool) -> None:
    assert says_preferred(text) is says


# ---- the model's file


def test_without_its_encoder_headings_alone_decide(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    replace(load_role_model(), weights_sha256="0" * 64).save(path)
    settings = replace_settings(workspace, roles=str(path))
    with Workspace(workspace.model_settings, settings, shared(workspace)) as opened:
        side = side_from_text(opened, NURSE, "posting")
    roles = {sentence.text: sentence.role for sentence in side.sentences}
    assert roles["Spanish a plus."] == "requirement"
    assert roles["We pay a $4,000 sign-on bonus and full health insurance."] == "duty"


def test_in_another_view_headings_alone_decide(workspace: Workspace) -> None:
    settings = replace_settings(workspace, view="jargon")
    with Workspace(workspace.model_settings, settings, shared(workspace)) as opened:
        assert opened.roles.digest == "headings"
        assert opened.roles.model is None
    assert (
        RoleClassifier(None, workspace.encode).roles([as_posting(workspace, "A", section="x")])[0][0].role
        == ""
    )


def test_a_model_of_ones_own_is_used(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "own.safetensors"
    packaged = load_role_model()
    always = packaged.chain_bias + 1_000 * np.eye(len(ROLES), dtype=np.float32)[ROLES.index("legal")]
    replace(packaged, chain_bias=always).save(path)
    settings = replace_settings(workspace, roles=str(path))
    with Workspace(workspace.model_settings, settings, shared(workspace)) as opened:
        side = side_from_text(opened, NURSE, "posting")
        assert opened.roles.digest != workspace.roles.digest
    assert {sentence.role for sentence in side.sentences} == {"legal"}


def shared(workspace: Workspace) -> dict[str, object]:
    """What another workspace can use of this one, whose store is open."""
    return {"encoder": workspace.encoder, "matcher": workspace.matcher}


def replace_settings(workspace: Workspace, **values: str) -> StoreSettings:
    return workspace.store_settings.model_copy(update=values)


def test_a_missing_model_names_the_command_that_makes_one(workspace: Workspace, tmp_path: Path) -> None:
    settings = replace_settings(workspace, roles=str(tmp_path / "none.safetensors"))
    with (
        Workspace(workspace.model_settings, settings, shared(workspace)) as opened,
        pytest.raises(MissingModel, match="there is no role model .*; make one with: joblens train roles"),
    ):
        side_from_text(opened, NURSE, "posting")


def test_a_saved_model_is_read_back(tmp_path: Path) -> None:
    model = load_role_model()
    path = tmp_path / "copy.safetensors"
    assert model.save(path) == path.stat().st_size
    assert load_role_model(path).digest == model.digest
    assert path.read_bytes() == PACKAGED.read_bytes()


def test_the_packaged_model_is_small() -> None:
    assert PACKAGED.stat().st_size < 1_000_000


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.safetensors"
    path.write_bytes(PACKAGED.read_bytes()[:5_000])
    with pytest.raises(ModelError, match="cannot be read as a role model"):
        load_role_model(path)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read as a role model"):
        load_role_model(tmp_path)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "else.safetensors"
    save_file({"weights": np.zeros(3, np.float32)}, path)
    with pytest.raises(ModelError, match="expected a role model of the format joblens-roles-1, found none"):
        load_role_model(path)


@pytest.mark.parametrize("damage", [np.full((2, 8, 8), np.nan, np.float32), np.zeros((8, 8), np.float32)])
def test_damaged_weights_are_refused(tmp_path: Path, damage: np.ndarray) -> None:
    path = tmp_path / "damaged.safetensors"
    replace(load_role_model(), transitions=damage).save(path)
    with pytest.raises(ModelError, match="is damaged: expected finite transitions"):
        load_role_model(path)


def test_a_model_for_other_cues_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.role_model.cues_digest", lambda: "older")
    with pytest.raises(ModelError, match="was trained with another version's table of cues"):
        load_role_model()


@pytest.mark.parametrize(
    ("section", "text", "role"),
    [
        ("Requirements", "Python", "requirement"),
        ("Requirements", "SQL and Spark", "requirement"),
        ("Preferred", "Python", "preferred"),
        ("Nice to have", "French", "preferred"),
    ],
)
def test_a_plain_skill_has_the_role_of_its_section(
    workspace: Workspace, section: str, text: str, role: str
) -> None:
    texts = ["Give medication to patients every morning.", text]
    posting = PostingText(texts, ["Duties", section], workspace.encode(texts))
    [[_, guess]] = workspace.roles.roles([posting])
    assert guess.role == role
