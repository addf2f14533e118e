"""Bytes to text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocess.decoding import clean, decode
from tests.reading import PRINTED


@settings(deadline=None)
@given(PRINTED, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_any_text_is_decoded(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-16-le", "Weld pipes and read plans."),
        ("utf-16-be", "Weld pipes and read plans."),
        ("latin-1", "Looking for a café manager in Montréal. Résumé required."),
        ("cp1252", "Our company’s “values” — and your résumé"),
        ("mac-roman", "Looking for a café manager in Montréal. Résumé required."),
        ("cp850", "Looking for a café manager in Montréal. Résumé required."),
        ("cp1250", "Szukamy inżyniera do pracy z bazami danych, znajomość języka, doświadczenie trzy lata."),
        ("cp1251", "Мы ищем инженера для работы с базами данных. Требования: опыт от трёх лет."),
        ("shift-jis", "データエンジニアを募集しています。三年以上の経験が必要です。"),
    ],
)
def test_other_encodings_are_guessed(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding)) == text


def test_stray_bytes_in_utf8_are_taken_for_windows_1252() -> None:
    assert decode("Café, résumé, naïve, Zoë".encode() + b" and \x93quoted\x94") == (
        "Café, résumé, naïve, Zoë and “quoted”"
    )


def test_a_character_cut_by_the_end_of_the_prefix_is_whole() -> None:
    text = "x" * 65_535 + "é" * 10
    assert decode(text.encode()) == text


@pytest.mark.parametrize(
    "data", [b"%PDF-1.4 some text", b"PK\x03\x04 text", bytes(range(256)) * 8, b"\x00" * 9]
)
def test_binary_data_is_not_text(data: bytes) -> None:
    assert decode(data) is None


@settings(deadline=None)
@given(st.text())
def test_clean_leaves_no_control_character_and_is_idempotent(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", cleaned)
