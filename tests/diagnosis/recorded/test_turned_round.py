"""Arrays that are reversed along two axes, as kernels are, or by mistake."""

import numpy as np
import pytest

from planted import Planted, repaired

RNG = np.random.default_rng(29)
IMAGE, WANTED = RNG.normal(size=(2, 5, 6)), RNG.normal(size=(3, 4, 4))
ARRAYS = {"BANK": RNG.normal(size=(3, 2, 2, 3)), "PICTURE": RNG.normal(size=(5, 6))}


def windows(maps, height, width):
    return np.lib.stride_tricks.sliding_window_view(maps, (height, width), axis=(-2, -1))


def filtered(PICTURE, BANK):
    maps = np.stack([PICTURE, 0.5 * PICTURE])
    out = np.einsum("ihwkl,oikl->ohw", windows(maps, 2, 3), BANK)
    d = out - WANTED
    dbank = np.einsum("ihwkl,ohw->oikl", windows(maps, 2, 3), d)
    padded = np.pad(d, ((0, 0), (1, 1), (2, 2)))
    turned = BANK[:, :, ::-1, ::-1]
    dmaps = np.einsum("ohwkl,oikl->ihw", windows(padded, 2, 3), turned)
    return 0.5 * np.sum(d**2), {"PICTURE": dmaps[0] + 0.5 * dmaps[1], "BANK": dbank}


MISTAKES = [
    ("turned = BANK[:, :, ::-1, ::-1]", "turned = BANK"),
    ("2, 3), d)", "2, 3), d[:, ::-1, ::-1])"),
]  # fmt: skip


@pytest.fixture
def planted(tmp_path):
    return Planted(__file__, tmp_path, ARRAYS)


def test_the_program_as_it_is_is_right(planted):
    assert planted.errors(planted.wrong("", ""), "filtered") == []


@pytest.mark.parametrize(("old", "new"), MISTAKES)
def test_what_is_turned_the_wrong_way_is_named(planted, old, new):
    text = planted.wrong(old, new)
    (finding,) = planted.errors(text, "filtered")

    assert finding.line == planted.line(old)
    assert planted.errors(repaired(text, finding), "filtered") == []
