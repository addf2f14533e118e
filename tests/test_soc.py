"""SOC and O*NET-SOC codes: every way of writing one, and rolling it up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocess.errors import InvalidParameter, UnknownCode
from preprocess.soc import GROUP_NAMES, code_at_level, is_full_code, is_prefix, normalise_code, soc_levels

digits = st.text("0123456789", min_size=4, max_size=4)
full_codes = st.builds(
    lambda group, rest, last: f"{group}-{rest}.{last:02d}",
    st.sampled_from(sorted(GROUP_NAMES)),
    digits,
    st.integers(0, 99),
)


@pytest.mark.parametrize(
    ("written", "prefix"),
    [
        ("15-1252.00", "15-1252.00"),
        ("15125200", "15-1252.00"),
        ("151252.00", "15-1252.00"),
        ("15-1252", "15-1252"),
        ("151252", "15-1252"),
        ("15-125", "15-125"),
        ("15-12", "15-12"),
        ("15-1", "15-1"),
        ("15", "15"),
        ("15-0000", "15"),
        ("150000", "15"),
        ("15-1000", "15-1"),
        ("15-1200", "15-12"),
        ("15-1250", "15-125"),
        ("19-1020.01", "19-1020.01"),
        (" 15-1252 \n", "15-1252"),
        ("15–1252", "15-1252"),
        ("15−1252.00", "15-1252.00"),
    ],
)
def test_every_way_of_writing_a_code_becomes_its_prefix(written: str, prefix: str) -> None:
    assert normalise_code(written) == prefix


@pytest.mark.parametrize(
    "text",
    ["", "1", "15-", "15-12520", "15-1252.0", "15-1252.000", "1512520", "15-125.00", "15.1252", "１５-1252"],
)
def test_what_is_no_code_is_refused_with_the_expected_forms(text: str) -> None:
    with pytest.raises(UnknownCode, match="expected a SOC or O\\*NET-SOC code such as 15-1252"):
        normalise_code(text)


@pytest.mark.parametrize("text", ["00-0000", "14-1252", "90210", "99-9999"])
def test_code_outside_the_major_groups_is_refused_with_their_list(text: str) -> None:
    with pytest.raises(UnknownCode, match="begins with no SOC major group; these are 11, 13, 15"):
        normalise_code(text)


@given(st.text(max_size=12))
def test_any_text_is_a_code_or_unknown(text: str) -> None:
    try:
        prefix = normalise_code(text)
    except UnknownCode:
        return
    assert normalise_code(prefix) == prefix
    assert prefix[:2] in GROUP_NAMES


@given(full_codes)
def test_dash_and_dot_carry_no_information(code: str) -> None:
    assert normalise_code(code.replace("-", "").replace(".", "")) == code
    assert is_full_code(code)


def test_levels_are_prefixes() -> None:
    assert soc_levels("15-1252.00") == {
        "soc2": "15",
        "soc3": "15-1",
        "soc5": "15-125",
        "soc6": "15-1252",
        "code": "15-1252.00",
    }


def test_levels_end_where_the_digits_end() -> None:
    assert soc_levels("15-1252") == {"soc2": "15", "soc3": "15-1", "soc5": "15-125", "soc6": "15-1252"}
    assert soc_levels("15-1200") == {"soc2": "15", "soc3": "15-1"}


@given(full_codes)
def test_code_at_level_is_the_level_of_soc_levels(code: str) -> None:
    names = {2: "soc2", 3: "soc3", 5: "soc5", 6: "soc6", 8: "code"}
    assert {name: code_at_level(code, level) for level, name in names.items()} == soc_levels(code)


@pytest.mark.parametrize("level", [0, 1, 4, 7, 9, -2])
def test_unknown_level_names_the_five_levels(level: int) -> None:
    with pytest.raises(InvalidParameter, match=f"level must be one of 2, 3, 5, 6, 8, found {level}"):
        code_at_level("15-1252.00", level)


def test_level_finer_than_the_code_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="level 6 needs 6 digits, but the code is '15-125'"):
        code_at_level("15-1250", 6)


@pytest.mark.parametrize(
    ("a", "b", "agree"),
    [
        ("15-12", "15-1252.00", True),
        ("15-1252.00", "15-1252", True),
        ("15-0000", "15-1252.00", True),
        ("15-1252.00", "15-1252.01", False),
        ("15-1251", "15-1252.00", False),
        ("11", "15-1252.00", False),
    ],
)
def test_codes_are_compared_at_the_coarser_level(a: str, b: str, agree: bool) -> None:
    assert is_prefix(a, b) is agree
    assert is_prefix(b, a) is agree


def test_there_are_23_major_groups() -> None:
    assert len(GROUP_NAMES) == 23
    assert GROUP_NAMES["15"] == "Computer and Mathematical"


@pytest.mark.parametrize("code", ["15-1252", "14-1252.00", "15-1252.00 ", "15-1252.0", ""])
def test_only_the_written_form_of_a_known_group_is_a_full_code(code: str) -> None:
    assert not is_full_code(code)
