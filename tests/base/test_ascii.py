"""What is shown in ASCII takes as many cells and says the same."""

from __future__ import annotations

import re
from itertools import accumulate, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gradtui
from gradtui.base.ascii import loosened, spell, to_ascii
from gradtui.base.text import cell_width, clean
from gradtui.debugger.session import Session
from gradtui.explain.symbols import local_text
from gradtui.scenario.load import load_problem


@given(st.text())
def test_any_text_has_as_many_cells_and_is_ascii(text):
    shown = clean(text).lstrip("".join(map(chr, range(0x300, 0x370))))
    drawn = to_ascii(shown)
    assert drawn.isascii()
    assert len(drawn) == cell_width(shown)


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("∂L/∂w = ∂L/∂ŷ · ∂ŷ/∂w = 6 · 3", "dL/dw = dL/dY * dY/dw = 6 * 3"),
        ("7 Lesson · 2 of 8 · ✓▸○", "7 Lesson . 2 of 8 . +>o"),
        ("backward ✓  L 9", "backward ok L 9"),
        ("12 ✓ │ ✓ no findings", "12 ok| + no findings"),
        ("κ 6.39e6 · stable up to lr 2", "k 6.39e6 . stable up to lr 2"),
        ("L 0.81 ▼", "L 0.81 v"),
        ("lr·λmax 1.47", "lr*lmax 1.47"),
        ("w ━━×2━▶ ŷ [5×2]", "w ==*2=> Y [5x2]"),
        ("1 - 0.05·12 → 0.4", "1 - 0.05*12 ->0.4"),
        ("m̂/(√v̂ + eps)", "M/(VV + eps)"),
        ("╭─ 1 Graph ──╮", "+- 1 Graph --+"),
        ("⠉⠒⠤⣀⡇", "'-._|"),
        ("◉ L  ● so far ○ to come", "@ L  @ so far o to come"),
        ("界é", "??e"),
    ],
)
def test_signs_are_drawn_by_what_they_look_like(text, drawn):
    assert to_ascii(text) == drawn


@pytest.mark.parametrize(
    ("row", "drawn"),
    [
        (["h → W1  [2×4]   ", "│"], ["h -> W1  [2x4]  ", "|"]),
        (["w ", "←", " w - 0.1·g", "  │"], ["w ", "<", "- w - 0.1*g", " |"]),
        (["a → b → c   │"], ["a -> b -> c |"]),
        (["loss ≥ 2 → 3 │"], ["loss >=2 ->3 |"]),  # no blank to spare
        (["⠉→ ⠉  │"], ["'->'  |"]),
    ],
)
def test_a_sign_of_two_letters_touches_no_word_where_the_row_has_a_blank_to_spare(row, drawn):
    loose = loosened(row)
    whole = to_ascii("".join(loose))
    ends = [*accumulate(map(cell_width, loose), initial=0)]
    assert [whole[start:end] for start, end in pairwise(ends)] == drawn
    assert len(whole) == sum(map(cell_width, row))


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("1 − h² and e³", "1 − h^2 and e^3"),
        ("w ← w - lr·m̂/(√v̂ + eps)", "w ← w - lr·mhat/(sqrt(vhat) + eps)"),
        ("√(v + ε) of é", "sqrt(v + ε) of é"),
        ("∂L/∂ŷ = 6, ŝ = 2", "∂L/∂prediction = 6, shat = 2"),
    ],
)
def test_texts_are_spelled_with_as_many_letters_as_they_need(text, spelled):
    assert spell(text, {"prediction": "ŷ", "w": "w"}) == spelled


def test_a_problem_in_ascii_says_powers_and_names_and_stays_so_on_a_branch():
    path = gradtui.load("two_weights").problem.path
    session = Session(load_problem(path, ascii=True))
    session.branches.what_if("lr 0.1", 0)
    problem = session.problem
    assert problem.label("yhat") == "yhat"
    assert "L = e^2 = 9" in " ".join(problem.notes.split())
    assert problem.ascii and not set("²ŷ") & set(problem.title + problem.about + problem.notes)
    hints = [lesson.question.hint for lesson in problem.lessons if lesson.question]
    assert any(hints) and not set("²ŷ") & set("".join(hints))
    assert local_text(session.frame, problem.graph.names["e"], problem.graph.loss) == "2·e"


def test_a_slope_with_a_power_is_typed_out_where_there_are_no_raised_figures():
    path = gradtui.load("grad_missing_slope").problem.path
    shown = {}
    for ascii in (False, True):
        frame = Session(load_problem(path, ascii=ascii)).frame
        names = frame.graph.names
        shown[ascii] = local_text(frame, names["a"], names["h"])
    assert shown == {False: "1 - h²", True: "1 - h**2"}


def test_no_sign_of_the_program_is_left_without_a_drawing():
    root = Path(gradtui.__file__).parent
    written = "".join(file.read_text(encoding="utf-8") for file in root.rglob("*.py"))
    signs = {char for char in re.sub(r"[\x00-\x7f]", "", written) if cell_width(char)}
    assert [sign for sign in signs if to_ascii(sign) == "?"] == []
