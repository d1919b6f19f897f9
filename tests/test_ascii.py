"""What is shown in ASCII takes as many cells and says the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gradtui
from gradtui.ascii import to_ascii
from gradtui.text import cell_width, clean


@given(st.text())
def test_any_text_has_as_many_cells_and_is_ascii(text):
    shown = clean(text).lstrip("".join(map(chr, range(0x300, 0x370))))
    drawn = to_ascii(shown)
    assert drawn.isascii()
    assert len(drawn) == cell_width(shown)


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("∂L/∂w = ∂L/∂ŷ · ∂ŷ/∂w = 6 · 3", "dL/dw = dL/dY . dY/dw = 6 . 3"),
        ("lr·λmax 1.47", "lr*lmax 1.47"),
        ("w ━━×2━▶ ŷ [5×2]", "w ==*2=> Y [5x2]"),
        ("1 - 0.05·12 → 0.4", "1 - 0.05*12 ->0.4"),
        ("m̂/(√v̂ + eps)", "M/(VV + eps)"),
        ("╭─ 1 Graph ──╮", "+- 1 Graph --+"),
        ("⠉⠒⠤⣀⡇", "'-._|"),
        ("界é", "??e"),
    ],
)
def test_signs_are_drawn_by_what_they_look_like(text, drawn):
    assert to_ascii(text) == drawn


def test_no_sign_of_the_program_is_left_without_a_drawing():
    root = Path(gradtui.__file__).parent
    written = "".join(file.read_text(encoding="utf-8") for file in root.rglob("*.py"))
    signs = {char for char in re.sub(r"[\x00-\x7f]", "", written) if cell_width(char)}
    assert [sign for sign in signs if to_ascii(sign) == "?"] == []
