"""What nothing uses any more: a factor along an axis within, a list that was to be returned."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(5)
ARRAYS = {"T": RNG.normal(size=(2, 3, 4)), "gain": RNG.uniform(0.5, 2.0, size=3)}


def scaled(T, gain):
    return np.sum(np.sin(T) * gain[:, None])


def by_all(T, gain):
    return np.cos(T) * gain[:, None]


def by_gain(T):
    return np.sum(np.sin(T), axis=(0, 2))


def case(T, gain):
    return scaled(T, gain), {"T": by_all(T, gain), "gain": by_gain(T)}


def rows_of(T, gain):
    kept, back = [], []
    for own, by in zip(T, gain, strict=False):
        slope = np.cos(own) * by
        kept.append(np.sin(own) * by)
        back.append(slope)
    return kept, back


def gathered(T, gain):
    kept, back = rows_of(T, gain)
    return np.sum(kept), np.array([back[at % len(T)] for at in range(len(T))])


def in_reverse(T, gain):
    kept, back = [], []
    for own, by in zip(T[::-1], gain[::-1], strict=False):
        kept.append(np.sin(own) * by)
        back.append(np.cos(own) * by)
    back = list(reversed(back))
    return np.sum(kept), {"T": np.array([back[at] + 0.0 for at in range(len(T))])}


MISTAKES = [
    ("np.cos(T) * gain[:, None]", "np.cos(T)"),
    ("np.cos(T) * gain[:, None]", "np.cos(T) / 1"),
]


@pytest.mark.parametrize(("old", "new"), MISTAKES)
def test_it_is_put_back_along_its_axis(old, new, tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    text = planted.wrong(f"return {old}", f"return {new}")

    (found,) = planted.errors(text, "case")

    assert found.line == planted.line(f"return {old}")
    assert "gain[:, None], which by_all does not use, is missing" in found.message
    assert planted.errors(repaired(text, found), "case") == []


def test_the_right_program_is_silent(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    assert planted.errors(planted.wrong("", ""), "case") == []


def test_a_list_that_is_filled_in_vain_is_returned_again(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)

    (found,) = planted.errors(planted.wrong("return kept, back", "return kept, slope"), "gathered")

    assert (found.line, found.fix) == (planted.line("return kept, back"), "return kept, back")
    assert "slope must be back, which rows_of does not use" in found.message


def test_a_part_is_taken_of_a_list_that_is_filled_in_vain(tmp_path):
    planted = Planted(__file__, tmp_path, ARRAYS)
    assert planted.errors(planted.wrong("", ""), "in_reverse") == []

    (found,) = planted.errors(planted.wrong("[back[at] +", "[kept[at] +"), "in_reverse")

    assert found.line == planted.line("[back[at] +")
    assert "kept must be back, which in_reverse does not use" in found.message
