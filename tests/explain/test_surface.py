"""The surface as rows: what is written, and that it fits any size."""

from __future__ import annotations

import re

import numpy as np
import pytest

import gradtui
from gradtui.base.ascii import to_ascii
from gradtui.debugger.session import Session
from gradtui.explain.sheet import DRAWN, Sheet
from gradtui.explain.spans import line_text, line_width
from gradtui.explain.surface import put_name, surface_key, surface_rows, surface_title, with_axes
from gradtui.scenario.bundled import find_scenario
from gradtui.scenario.load import load_problem

SCENARIOS = ("illustration", "one_weight", "ravine", "softmax_classifier", "late_nan",
             "five_parcels_rate_1_5", "minibatches")  # fmt: skip


def frame_of(name, step=0, axes="", zoom=0):
    session = gradtui.load(name)
    session.history.advance(session.problem.steps + 1)
    session.seek(step)
    session.surface.show(axes)
    if zoom:
        session.surface.zoom(zoom)
    return session.frame


def text_of(frame, width=100, height=30):
    return "\n".join(map(line_text, surface_rows(frame, width, height)))


def test_its_key_is_another_where_more_of_the_path_is_known():
    session = gradtui.load("illustration")
    session.surface.show()
    before = session.frame
    key, rows = surface_key(before), surface_rows(before, 100, 30)
    assert surface_key(session.frame) == key
    session.history.advance(3)
    assert surface_rows(session.frame, 100, 30) != rows
    assert surface_key(session.frame) != key


@pytest.mark.parametrize("name", SCENARIOS)
def test_it_fits_any_size(name):
    frames = [frame_of(name, step, zoom=zoom) for step, zoom in ((0, 0), (3, 4), (11, -2))]
    sizes = [(w, h) for w in (1, 2, 7, 23, 24, 38, 76, 151) for h in (1, 2, 6, 7, 13, 14, 45)]
    for frame in frames:
        for width, height in sizes:
            rows = surface_rows(frame, width, height)
            assert len(rows) <= height
            assert max(map(line_width, rows), default=0) <= width, (width, height)


def test_the_illustration_shows_point_step_path_axes_and_contours():
    frame = frame_of("illustration", 1)
    text = text_of(frame)
    assert surface_title(frame) == "Surface  w1, w2"
    assert text.count("◉") == 2 and "◉ L 1.4884" in text
    assert "→ 0.55383" in text
    assert "w1 →" in text and "w2 ↑" in text
    assert "contours 0.003 0.01 0.03 0.1 0.3 1 3" in text
    assert "★ lowest " in text
    assert "slice" not in text and "leaves" not in text


def test_in_ascii_contours_are_numbers_and_every_mark_has_a_sign_of_its_own():
    session = Session(load_problem(find_scenario("two_weights"), ascii=True))
    session.history.advance(session.problem.steps + 1)
    session.seek(2)
    session.surface.show("")
    rows = [to_ascii(line_text(row)) for row in surface_rows(session.frame, 76, 14)]
    drawn, legend = "".join(row[8:] for row in rows[:9]), " ".join(rows[-2:])
    assert set(drawn) <= set("1234:+@*o<>^v/\\ w2")
    assert drawn.count("@") == 1 and drawn.count("*") == 1 and drawn.count("o") >= 1
    assert "@ L 0.0729" in legend and "o past + to come" in legend
    assert "contours 1=0.01 2=0.1 3=1 4=10" in legend
    for width in (38, 76, 151):
        texts = (line_text(row) for row in surface_rows(session.frame, width, 21))
        assert "1=0.01" in " ".join(texts)


def test_the_lowest_place_is_never_above_one_that_the_run_has_been_at():
    frame = frame_of("two_weights", 12)
    surface = frame.surface((60, 60))
    assert surface.floor.loss <= frame.loss < 1e-10
    assert surface.floor.level and "along a line" in text_of(frame)


def test_the_lowest_is_said_to_be_that_of_the_view_in_a_narrow_panel_too():
    # The bottom, 0.03947, lies outside of what the path takes.
    rows = [line_text(row) for row in surface_rows(frame_of("five_parcels", 12), 36, 19)]
    assert any("★ lowest in view 0.2632" in row for row in rows[-4:])


@pytest.mark.parametrize("size", [(36, 14), (60, 20), (112, 40)])
@pytest.mark.parametrize("name", ["ravine", "absolute_error", "five_parcels", "softmax_classifier"])
def test_no_point_of_the_view_is_lower_than_the_lowest_one(name, size):
    frame = frame_of(name, 1)
    floor, (across, upward) = frame.surface(size).floor, frame.surface(size).ranges
    known = frame.surface((3 * size[0], 3 * size[1])).losses
    assert floor.loss <= np.nanmin(known)
    for at, (low, high) in zip(floor.place, (across, upward), strict=True):
        assert low <= at <= high


def test_a_slice_that_goes_lower_outside_the_view_is_said_to_be_lowest_in_view(session_of):
    X, y = [[3.0, 1.0, 2.0], [4.0, 2.0, -1.0], [5.0, 2.5, 1.0]], [30.0, 20.0, 50.0]
    session = session_of(
        "L = mean((X@w - y)**2)", "w = [0.0, 0.0, 0.0]", f"X = {X}\ny = {y}", lr=0.001,
    )  # fmt: skip
    session.history.advance(session.problem.steps + 1)
    session.surface.show("w[0] w[1]")
    text = text_of(session.frame)
    told = float(re.search(r"★ lowest in view (\S+)", text)[1])
    two = np.array(X)[:, :2]
    lowest = np.mean((two @ np.linalg.lstsq(two, np.array(y))[0] - y) ** 2)
    assert lowest < 0.5 * told and "  slice" in text.replace("\n", "  ")


def test_the_star_of_a_slice_is_explained_in_a_panel_of_a_common_screen():
    for width, height in ((36, 14), (76, 12)):
        rows = surface_rows(frame_of("iris", 2), width, height)
        assert any("★ lowest in view" in line_text(row) for row in rows), (width, height)


def test_the_legend_of_a_narrow_panel_with_rows_to_spare_is_not_cut():
    for name in ("ravine", "one_weight"):
        rows = [line_text(row) for row in surface_rows(frame_of(name), 36, 18)]
        assert "● past ○ to come" in "\n".join(rows) and "…" not in rows[-1], name


def test_what_the_map_shows_itself_is_left_out_whole_where_the_legend_does_not_fit():
    rows = [line_text(row) for row in surface_rows(frame_of("ravine"), 32, 14)]
    assert rows[-1] == "at 0, 6.218  ● past ○ to come"
    assert "contours" not in "".join(rows)


@pytest.mark.parametrize("name", ["late_nan", "unmasked", "two_weights_rate_3", "ravine", "iris"])
@pytest.mark.parametrize("size", [(76, 12), (36, 18), (116, 15), (76, 20)])
def test_no_slice_ends_in_words_cut_short(name, size):
    session = gradtui.load(name)
    session.surface.show("")
    for step in (0, 4, session.problem.steps):
        session.seek(step)
        text = "\n".join(map(line_text, surface_rows(session.frame, *size)))
        assert "…" not in text and f"{DRAWN.point} " in text


@pytest.mark.parametrize("name", ["iris", "embeddings_adam"])
@pytest.mark.parametrize("size", [(36, 14), (36, 16), (56, 14)])
def test_a_slice_on_a_batch_has_room_for_both_its_notes(name, size):
    session = gradtui.load(name)
    session.surface.show("")
    for step in (2, 30):
        session.seek(step)
        rows = [line_text(row) for row in surface_rows(session.frame, *size)]
        text = " ".join(rows)
        assert len(rows) == size[1] and "…" not in text
        assert re.search("steps move other numbers too|the run leaves the view", text)
        assert re.search("on (its|this step's) batch", text)


def test_a_flat_surface_is_said_to_be_flat_and_has_no_lowest_place():
    text = text_of(frame_of("flat_start", 23))
    assert "flat: the loss is the same all over" in text and "★" not in text
    assert "flat" not in text_of(frame_of("two_weights", 0))


def test_rounding_is_not_shown_as_the_lowest_place_or_loss():
    text = text_of(frame_of("ravine", 100, zoom=-2))
    assert "★ lowest in view about 0" in text or "★ lowest in view 0 " in text
    assert "at 0, 0" in text and "e-" not in text.partition("★ lowest")[2].partition("●")[0]
    low = frame_of("two_weights", 4)
    assert "lowest in view" in text_of(low) and "e-3" not in text_of(low)


def test_the_name_of_the_upward_axis_covers_no_mark():
    text = text_of(frame_of("softmax_classifier", 60), 36, 18)
    assert text.count("W1[0,1] ↑") == 1 and text.count("★") == 2


@pytest.mark.parametrize("column", [0, 11])
def test_the_name_of_the_upward_axis_stands_beside_no_mark(column):
    sheet = Sheet(3, 40)
    sheet.put((0, column), "★", "good")
    put_name(sheet, "W1[0,1]")
    top, *_ = (line_text(row) for row in sheet.lines())
    assert "★W1" not in top
    assert "↑★" not in top
    assert "W1[0,1] ↑" in top


def test_the_places_of_a_run_on_a_curve_are_not_joined():
    frame = frame_of("one_weight", 2)
    rows = surface_rows(frame, 60, 16)[:10]
    drawn = [(text, ink) for row in rows for text, ink in row if ink in ("name", "gradient", "dim")]
    marks = "".join(text for text, ink in drawn if ink in ("name", "gradient"))
    assert set(marks) <= set("●←→↑↓↖↗↙↘ ")
    assert "●" in marks


def test_the_steps_of_a_run_below_the_curve_of_its_slice_are_in_view():
    frame = frame_of("five_parcels", 0, "w[0]")
    text = "\n".join(line_text(row) for row in surface_rows(frame, 76, 12)[:8])
    assert text.count("○") > 6


def test_a_bottom_that_is_a_point_is_found_between_the_grid_s():
    surface = frame_of("five_parcels", 0, "w[0] w[1]", -3).surface((40, 40))
    assert surface.floor.place == pytest.approx((1.82767, 0.43703), abs=1e-4)
    assert surface.floor.loss == pytest.approx(0.03947, abs=1e-5) and not surface.floor.level


def test_a_run_that_moves_more_than_what_is_drawn_leaves_its_slice():
    moved = "slice: steps move other numbers too"
    for size in ((36, 14), (76, 12)):
        assert moved in text_of(frame_of("softmax_classifier", 7), *size), size
    assert moved not in text_of(frame_of("two_weights"))


@pytest.mark.parametrize("name", ["five_parcels", "two_weights", "illustration", "ravine"])
@pytest.mark.parametrize("size", [(36, 19), (76, 14), (150, 45)])
def test_both_axes_have_numbers(name, size):
    rows = [line_text(row) for row in surface_rows(frame_of(name, 3), *size)]
    bottom = next(at for at, row in enumerate(rows) if row.lstrip().startswith("└"))
    assert len(rows[bottom + 1].split()) >= 2
    assert sum("┤" in row for row in rows[:bottom]) >= 2


def test_a_curve_has_its_tangent():
    frame = frame_of("one_weight")
    assert "tangent: slope 4" in text_of(frame)
    assert any(ink == "local" for row in surface_rows(frame, 60, 16)[:10] for _, ink in row)


def test_the_tangent_covers_no_part_of_the_curve():
    frame = frame_of("one_weight", 1)
    rows = surface_rows(frame, 60, 20)[:14]
    curve = [text for row in rows for text, ink in row if ink == "value"]
    assert sum(len(text.replace("⠀", "").replace(" ", "")) for text in curve) >= 35
    dots = [f"{ord(sign) - 0x2800:b}".count("1") for row in rows for text, ink in row
            if ink == "local" for sign in text]  # fmt: skip
    assert max(dots) <= 4, "it is as thin as the curve"


def test_marks_stand_where_their_numbers_are():
    """On 0.65…2.14 w1 = 1.36 is the middle column or next to it; a step up is to the right."""
    rows = [line_text(row) for row in surface_rows(frame_of("illustration", 1), 100, 30)]
    ((y, x),) = [(y, row.index("◉")) for y, row in enumerate(rows[:-3]) if "◉" in row]
    (low, high), (bottom, top) = frame_of("illustration", 1).surface((184, 104)).ranges
    assert x - 8 == int((1.36 - low) / (high - low) * 92)
    assert y == 25 - int((0.74 - bottom) / (top - bottom) * 26)
    heads = [(y, row.index("↗")) for y, row in enumerate(rows) if "↗" in row]
    assert heads and heads[0][0] < y and heads[0][1] > x


def test_before_the_backward_pass_is_done_the_step_is_not_known():
    session = gradtui.load("illustration")
    session.surface.show()
    session.restart()
    session.restart()
    text = text_of(session.frame)
    assert "◉ L ·" in text and "↗" not in text and "→ 1.4884" not in text
    session.into()
    session.into()
    assert "◉ L 4" in text_of(session.frame)


def test_a_slice_says_so():
    text = text_of(frame_of("softmax_classifier", 7))
    assert "slice: " in text and "the other 25 numbers are held" in text


def test_a_batch_says_so():
    assert "on this step's batch" in text_of(frame_of("minibatches", 2))


def test_a_run_that_leaves_says_so():
    assert "the run leaves the view at step 2" in text_of(frame_of("five_parcels_rate_1_5", 1))


def test_losses_that_are_not_finite_are_blank_with_a_word(session_of):
    session = session_of("L = log(a) + b**2", "a = 0.1\nb = 1.0", lr=0.001)
    session.surface.show()
    session.surface.zoom(-3)
    text = text_of(session.frame)
    assert "inf or nan" in text.split("└")[0] and "blank: inf or nan" in text


def test_weights_that_are_not_finite_say_so():
    assert "the weights are not finite" in text_of(frame_of("late_nan", 20))


def test_a_curve_has_losses_upward():
    frame = frame_of("one_weight", 1)
    text = text_of(frame, 60, 16)
    assert surface_title(frame) == "Surface  w"
    assert "L ↑" in text and "w →" in text and "◉ L 0.04" in text and "→ 0.0016" in text
    assert "contours" not in text


def test_a_label_wider_than_its_letters_gives_way_to_the_name(write):
    path = write("L = sum(w**2)", "w = [1.0, 2.0]", more='[labels]\nw = "重み"')
    session = gradtui.load(path)
    session.surface.show()
    assert surface_title(session.frame) == "Surface  w[0], w[1]"


def test_numbers_too_long_for_the_left_axis_are_told_apart_by_their_last_digits():
    near = (-1.0835714, -1.0835706)
    rows = [line_text(row) for row in with_axes(Sheet(8, 40), (0.0, 1.0), near, "w")]
    marks = [row.partition("┤")[0].strip() for row in rows if "┤" in row]
    assert len(marks) > 1 and len(set(marks)) == len(marks)
    assert all(mark.startswith("…") and "-1.0835" not in mark for mark in marks)
