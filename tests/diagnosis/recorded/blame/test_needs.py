"""What a change of a value makes of the wrong results."""

import types

import numpy as np

from gradtui.diagnosis.recorded.blame import needs
from planted import Planted

SEEN = np.cumsum(np.random.default_rng(4).normal(size=4))


def filtered(log_q, log_r):
    q, r, m, p, loss, tape = np.exp(log_q), np.exp(log_r), 0.2, 1.0, 0.0, []
    for seen in SEEN:
        before = p + q
        off, size = seen - m, before + r
        gain = before / size
        loss = loss + 0.5 * (np.log(size) + off**2 / size)
        tape.append((before, off, size, gain))
        m, p = m + gain * off, (1 - gain) * before
    dm, dp, dq, dr = 0.0, 0.0, 0.0, 0.0
    for before, off, size, gain in reversed(tape):
        dgain = dm * off - dp * before
        doff = dm * gain + off / size
        dsize = 0.5 / size - 0.5 * off**2 / size**2 - dgain * before / size**2
        dbefore = dp * (1 - gain) + dgain / size
        dbefore += dsize
        dr += dsize
        dm -= doff
        dp = dbefore
        dq += dbefore
    return loss, (dq * q, dr * r)


def largest(image):
    most = image.reshape(2, 2, 3, 2).max(axis=(1, 3))
    back = most**2
    spread = np.repeat(np.repeat(most, 2, axis=0), 2, axis=1)
    down = np.repeat(np.repeat(back, 2, axis=0), 2, axis=1)
    return np.sum(most**3) / 3, {"image": (spread == image) * down}


MISTAKES = [("dbefore += dsize", "dbefore += gain")]


def test_what_is_added_in_a_loop_may_be_wrong_by_the_line_itself_in_later_rounds(tmp_path):
    planted = Planted(__file__, tmp_path, {"log_q": np.array(-0.7), "log_r": np.array(-0.3)})
    ((right, mistaken),) = MISTAKES

    (found,) = planted.errors(planted.wrong(right, mistaken), "filtered")

    assert (found.line, found.fix) == (planted.line(right), right)


def test_what_is_only_compared_may_be_wrong(tmp_path):
    image = np.random.default_rng(8).normal(size=(4, 6))
    planted = Planted(__file__, tmp_path, {"image": image})
    right = "    spread = np.repeat(np.repeat(most,"

    (found,) = planted.errors(planted.wrong(right, right.replace("most", "back")), "largest")

    assert (found.line, found.fix) == (
        planted.line(right), "spread = np.repeat(np.repeat(most, 2, axis=0), 2, axis=1)",
    )  # fmt: skip


def test_a_decomposition_that_takes_no_such_numbers_gives_none():
    call = types.SimpleNamespace(compute=np.linalg.cholesky)
    usual = np.eye(2)

    assert np.array_equal(needs._computed(call, [4 * usual], usual), 2 * usual)
    assert np.all(np.isnan(needs._computed(call, [-usual], usual)))
