"""The appearance of the native controls: a calm neutral ground and one accent, dark and light, system fonts only.

Knows nothing of components. Contrasts are WCAG AA (4.5:1 for text); the canvas reads the same CSS variables.
"""

from __future__ import annotations

import gradio as gr
from gradio.themes.utils.colors import Color

NEUTRAL = Color(
    name="ink",
    c50="#fafafa",
    c100="#f3f3f4",
    c200="#e6e6e9",
    c300="#d2d3d8",
    c400="#a0a2ab",
    c500="#6c6e78",
    c600="#52545e",
    c700="#3a3b43",
    c800="#26272d",
    c900="#1b1c20",
    c950="#131417",
)
ACCENT = Color(
    name="iris",
    c50="#f3f1ff",
    c100="#e8e4ff",
    c200="#d3ccff",
    c300="#b5a9ff",
    c400="#9684fb",
    c500="#7a62f0",
    c600="#6547dc",
    c700="#5438ba",
    c800="#452f97",
    c900="#392a78",
    c950="#231a4d",
)
SANS = ("ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
MONO = ("ui-monospace", "SF Mono", "Cascadia Mono", "Menlo", "Consolas", "monospace")

_SURFACES = {
    "body_background_fill": "*neutral_100",
    "body_background_fill_dark": "*neutral_950",
    "body_text_color": "*neutral_800",
    "body_text_color_dark": "*neutral_200",
    "body_text_color_subdued": "*neutral_500",
    "body_text_color_subdued_dark": "*neutral_400",
    "background_fill_primary": "#ffffff",
    "background_fill_primary_dark": "*neutral_900",
    "background_fill_secondary": "*neutral_50",
    "background_fill_secondary_dark": "*neutral_950",
    "border_color_primary": "*neutral_200",
    "border_color_primary_dark": "*neutral_800",
    "block_background_fill": "transparent",
    "block_background_fill_dark": "transparent",
    "block_border_width": "0px",
    "block_shadow": "none",
    "block_label_background_fill": "transparent",
    "block_label_background_fill_dark": "transparent",
    "block_label_border_width": "0px",
    "block_label_text_color": "*neutral_500",
    "block_label_text_color_dark": "*neutral_400",
    "block_title_text_color": "*neutral_600",
    "block_title_text_color_dark": "*neutral_400",
    "block_title_text_weight": "500",
    "block_title_text_size": "12px",
    "block_padding": "0px",
    "layout_gap": "10px",
    "form_gap_width": "0px",
    "shadow_drop": "none",
    "shadow_drop_lg": "none",
    "section_header_text_size": "13px",
}
"""Colours of page, blocks, borders and text."""

_INPUTS = {
    "input_background_fill": "#ffffff",
    "input_background_fill_dark": "*neutral_800",
    "input_border_color": "*neutral_300",
    "input_border_color_dark": "*neutral_700",
    "input_border_width": "1px",
    "input_padding": "6px 8px",
    "input_shadow": "none",
    "input_text_size": "13px",
    "slider_color": "*primary_600",
    "slider_color_dark": "*primary_400",
}
"""Colours of fields and sliders."""

_BUTTONS = {
    "button_primary_background_fill": "*primary_600",
    "button_primary_background_fill_hover": "*primary_700",
    "button_primary_background_fill_dark": "#6e54e4",  # between 500 and 600: 3:1 on its ground, 4.5:1 below its text
    "button_primary_background_fill_hover_dark": "*primary_600",
    "button_primary_text_color": "#ffffff",
    "button_primary_text_color_dark": "#ffffff",
    "button_secondary_background_fill": "#ffffff",
    "button_secondary_background_fill_hover": "*neutral_100",
    "button_secondary_background_fill_dark": "*neutral_800",
    "button_secondary_background_fill_hover_dark": "*neutral_700",
    "button_secondary_border_color": "*neutral_300",
    "button_secondary_border_color_dark": "*neutral_700",
    "button_border_width": "1px",
    "button_transition": "background-color 120ms",
    "button_small_text_size": "13px",
    "button_small_padding": "5px 10px",
    "button_large_text_size": "14px",
    "button_large_padding": "8px 14px",
    "button_primary_shadow": "none",
    "button_secondary_shadow": "none",
}
"""Colours of buttons; their contrast is tested in tests/editor/page/test_theme.py."""


def editor_theme() -> gr.themes.Base:
    """Build the theme; it loads nothing from another host."""
    theme = gr.themes.Base(
        primary_hue=ACCENT,
        secondary_hue=ACCENT,
        neutral_hue=NEUTRAL,
        spacing_size="sm",
        radius_size="sm",
        text_size="sm",
        font=SANS,
        font_mono=MONO,
    )
    return theme.set(**_SURFACES, **_INPUTS, **_BUTTONS)
