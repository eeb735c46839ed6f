"""Right-to-left scripts stand on paper as they are read."""

from __future__ import annotations

import unicodedata

import pytest

from orders.documents.paper.writing import visual


@pytest.mark.parametrize(
    ("text", "on_paper"),
    [
        ("Jana Nováková 12", "Jana Nováková 12"),
        ("שלום", "םולש"),
        ("שלום 12", "12 םולש"),
        ("דירה 12 ב", "ב 12 הריד"),
        ("Tea שלום עולם Ltd", "Tea םלוע םולש Ltd"),
        ("שלום, Jana", "םולש, Jana"),
        ("٣", "٣"),
    ],
)
def test_runs_are_turned_round_and_numbers_kept(text: str, on_paper: str) -> None:
    assert visual(text) == on_paper


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("بيت", ["initial", "medial", "final"]),
        ("دار", ["isolated", "isolated", "isolated"]),  # these join to the letter before them only
        ("باب", ["initial", "final", "isolated"]),
        ("پدر", ["initial", "final", "isolated"]),
    ],
)
def test_arabic_letters_are_joined(text: str, forms: list[str]) -> None:
    shaped = visual(text)[::-1]
    assert [unicodedata.decomposition(char).split()[0].strip("<>") for char in shaped] == forms
    assert unicodedata.normalize("NFKC", shaped) == text


def test_lam_and_alef_are_one_letter() -> None:
    assert visual("سلام")[::-1] == "\ufeb3\ufefc\ufee1"
