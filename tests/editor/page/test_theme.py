"""Contrasts of the theme's colours by WCAG 2.2: 4.5 for text, 3 for what is not text."""

from __future__ import annotations

import pytest

from editor.page.theme import editor_theme

THEME = editor_theme()
TEXT = [
    ("body_text_color", "background_fill_primary"),
    ("body_text_color", "body_background_fill"),
    ("body_text_color", "input_background_fill"),
    ("body_text_color", "button_secondary_background_fill"),
    ("body_text_color_subdued", "background_fill_primary"),
    ("body_text_color_subdued", "body_background_fill"),
    ("body_text_color_subdued", "input_background_fill"),
    ("block_title_text_color", "background_fill_primary"),
    ("button_primary_text_color", "button_primary_background_fill"),
    ("button_primary_text_color", "button_primary_background_fill_hover"),
]
MARKS = [
    ("slider_color", "background_fill_primary"),
    ("button_primary_background_fill", "background_fill_primary"),
    ("color_accent", "background_fill_primary"),
]


def colour(name: str, dark: bool) -> str:
    """Return the #rrggbb that a variable of the theme has; what is not set in dark is as in light."""
    value = getattr(THEME, f"{name}_dark", None) if dark else None
    value = value or getattr(THEME, name)
    while value.startswith("*"):
        name = value[1:]
        value = (getattr(THEME, f"{name}_dark", None) if dark else None) or getattr(THEME, name)
    assert value.startswith("#"), value
    return value


def luminance(value: str) -> float:
    def linear(channel: float) -> float:
        return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(value[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_can_be_read(ink: str, ground: str, dark: bool) -> None:
    assert contrast(colour(ink, dark), colour(ground, dark)) >= 4.5


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), MARKS)
def test_marks_can_be_seen(ink: str, ground: str, dark: bool) -> None:
    assert contrast(colour(ink, dark), colour(ground, dark)) >= 3
