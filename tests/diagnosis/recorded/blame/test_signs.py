"""What tells for an edit and against it: the names beside, and what it leaves."""

import numpy as np

from planted import Planted

RNG = np.random.default_rng(6)
ROWS = RNG.normal(size=(4, 3))


def recurrent(V, W, b):
    hidden = [np.zeros(3)]
    for x in ROWS:
        hidden.append(np.tanh(x + W @ hidden[-1] + b))
    loss = sum((V @ h).sum() ** 2 for h in hidden[1:])
    dV, dW, db, later = np.zeros_like(V), np.zeros_like(W), np.zeros(3), np.zeros(3)
    for t in reversed(range(len(ROWS))):
        dy = 2 * (V @ hidden[t + 1]).sum() * np.ones(2)
        dV += np.outer(dy, hidden[t + 1])
        dh = V.T @ dy + later
        dz = (1 - hidden[t + 1] ** 2) * dh
        db += dz
        dW += np.outer(dz, hidden[t])
        later = W.T @ dz
    return loss, dV, dW, db


def test_what_nothing_uses_is_added_to_what_is_made_in_the_same_way(tmp_path):
    arrays = {"V": RNG.normal(size=(2, 3)), "W": RNG.normal(size=(3, 3)), "b": RNG.normal(size=3)}
    planted = Planted(__file__, tmp_path, arrays)

    (found,) = planted.errors(planted.wrong("V.T @ dy + later", "V.T @ dy"), "recurrent")

    assert found.fix == "dh = V.T @ dy + later"


def falling(V, W):
    loss = -1.5 * np.sum(np.sin(V) * W)
    slope = -np.cos(V)
    flow = slope * W
    return loss, 1.5 * flow, -1.5 * np.sin(V)


def test_a_minus_in_the_middle_of_a_product_is_odd(tmp_path):
    arrays = {"V": RNG.normal(size=(2, 3)), "W": RNG.normal(size=(2, 3))}
    planted, right = Planted(__file__, tmp_path, arrays), "flow = slope * W"

    (found,) = planted.errors(planted.wrong(right, "flow = slope * -W"), "falling")

    assert found.fix == right


class Share:
    def value(self, scores):
        powers = np.exp(scores)
        return powers / powers.sum(axis=1, keepdims=True)

    def back(self, scores, shares, above):
        d = shares * above
        sum_ = d.sum(axis=1, keepdims=True)
        d -= shares * sum_
        return d


def shared(V):
    share = Share()
    shares = share.value(V @ ROWS.T)
    return np.sum(shares**3), share.back(V @ ROWS.T, shares, 3 * shares**2) @ ROWS


def test_nothing_is_missing_where_a_value_is_what_its_name_tells(tmp_path):
    planted = Planted(__file__, tmp_path, {"V": RNG.normal(size=(2, 3))})

    (found,) = planted.errors(planted.wrong("d -= shares * sum_", "d -= sum_"), "shared")

    assert found.fix.startswith("d -= ")


def attracted(V):
    loss, d = 0.0, np.zeros_like(V)
    for i in range(len(V) - 1):
        apart = V[i + 1] - V[i]
        size = np.sqrt(apart @ apart)
        along = apart / size
        pull = 3 * along / size**2
        d[i] -= pull
        d[i + 1] += pull
        loss += -3 / size
    return loss, d


def test_no_calculation_becomes_a_mere_name(tmp_path):
    planted = Planted(__file__, tmp_path, {"V": RNG.normal(size=(4, 3))})

    (found,) = planted.errors(planted.wrong("along / size**2", "along / size**3"), "attracted")

    assert found.fix == "pull = 3 * along / size**2"


def judged(V):
    logit = ROWS @ V
    output = 1 / (1 + np.exp(-logit))
    return -np.sum(np.log(output)), ROWS.T @ descended(logit, output)


def descended(logit, output):
    slope = output * (1 - output)
    d = np.reshape(output, (len(logit), -1))
    d = -1 / d
    return d * slope


def test_no_edit_makes_a_line_write_over_what_another_has_computed_for_it(tmp_path):
    planted = Planted(__file__, tmp_path, {"V": RNG.normal(size=(3, 1))})

    (found,) = planted.errors(
        planted.wrong("np.reshape(output, (", "np.reshape(logit, ("), "judged"
    )

    assert found.fix == "d = np.reshape(output, (len(logit), -1))"


def paired(V):
    found = ROWS @ V
    loss, d, dV = 0.0, np.zeros_like(found), np.zeros_like(V)
    for k in range(3):
        more = found[k + 2] if k < 2 else 0
        loss += np.log(np.sum(np.exp(V + found[k][:, None] + more)))
    for k in range(3):
        before = np.tile(found[k][:, None], (1, 3))
        behind = np.tile(found[k + 2], (3, 1)) if k < 2 else 0
        shares = np.exp(V + before + behind)
        shares = shares / np.sum(shares)
        dV += shares
        d[k] += shares.sum(1)
        if k < 2:
            d[k + 2] += shares.sum(0)
    return loss, dV + ROWS.T @ d


def test_what_a_line_only_moves_need_not_be_known(tmp_path):
    planted = Planted(__file__, tmp_path, {"V": RNG.normal(size=(3, 3))})

    wrong = planted.wrong("tile(found[k + 2]", "tile(found[k + 1]")
    (found,) = planted.errors(wrong, "paired")

    assert found.fix == "behind = np.tile(found[k + 2], (3, 1)) if k < 2 else 0"
