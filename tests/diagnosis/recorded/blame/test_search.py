"""Mistakes that hide each other, and parts that are missing beside their like."""

import numpy as np

import gradtui
from findings import line_of
from gradtui.diagnosis.recorded.blame import needs, search
from gradtui.diagnosis.recorded.blame.search import Search

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(4, 3, 2)), RNG.normal(size=(4, 3, 5))
Wz, Wr = RNG.normal(size=(7, 5)) * 0.4, RNG.normal(size=(7, 5)) * 0.4
W, V = RNG.normal(size=(2, 5)), RNG.normal(size=(5, 5)) * 0.4


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def twice_through_time(W, V):
    hs = [np.zeros((3, 5))]
    for x in X:
        hs.append(np.tanh(x @ W + hs[-1] @ V))
    dW, dV, dnext = np.zeros_like(W), np.zeros_like(V), np.zeros((3, 5))
    for t in reversed(range(4)):
        dh = hs[t + 1] - Y[t] + dnext
        dz = dh * (1 - hs[t + 1])
        dW += X[t].T @ dz
        dV += hs[t].T @ dz
        dnext = dz @ V
    return sum(np.sum((h - y) ** 2) / 2 for h, y in zip(hs[1:], Y, strict=True)), (dW, dV)


def twice_at_the_round_before(W, V):
    hs = [np.zeros((3, 5))]
    for x in X:
        hs.append(np.tanh(x @ W + hs[-1] @ V))
    dW, dV, dh = np.zeros_like(W), np.zeros_like(V), hs[-1] - Y[0]
    for t in reversed(range(4)):
        dz = dh * (1 - hs[t] ** 2)
        dW += X[t].T @ dz
        dV += hs[t].T @ dz
        dh = dz @ V
    return np.sum((hs[-1] - Y[0]) ** 2) / 2, (dW, dV)


def forgets_a_gate(Wz, Wr):
    h, seen, loss = np.zeros((3, 5)), [], 0.0
    for x, y in zip(X, Y, strict=True):
        xh = np.hstack([x, h])
        z, r = sigmoid(xh @ Wz), sigmoid(xh @ Wr)
        seen.append((xh, h, z, r))
        h = z * h + r
        loss = loss + np.sum((h - y) ** 2) / 2
        seen[-1] += (h - y,)
    dWz, dWr, dh = np.zeros_like(Wz), np.zeros_like(Wr), np.zeros((3, 5))
    for xh, h, z, r, d in reversed(seen):
        dh = dh + d
        daz = dh * h * z * (1 - z)
        dar = dh * r * (1 - r)
        dWz += xh.T @ daz
        dWr += xh.T @ dar
        dh = dh * z
        dh += (daz @ Wz.T)[:, 2:]
    return loss, (dWz, dWr)


def test_two_mistakes_of_which_each_hides_the_other_are_found_together():
    first, second = gradtui.check(twice_through_time, W=W, V=V)

    assert first.line == line_of(twice_through_time, 7)
    assert first.fix == "dz = dh * (1 - hs[t + 1]**2)"
    assert second.line == line_of(twice_through_time, 10)
    assert second.fix == "dnext = dz @ V.T"
    assert first.evidence["gradients"] == second.evidence["gradients"] == ["W", "V"]
    assert f"together with what is wrong in line {second.line}" in first.message
    assert f"together with what is wrong in line {first.line}" in second.message


def test_of_edits_that_are_right_in_the_first_round_one_moves_on_with_the_rounds():
    first, second = gradtui.check(twice_at_the_round_before, W=W, V=V)

    assert first.line == line_of(twice_at_the_round_before, 6)
    assert first.fix == "dz = dh * (1 - hs[t + 1] ** 2)"
    assert second.line == line_of(twice_at_the_round_before, 9)
    assert second.fix == "dh = dz @ V.T"


def test_a_path_is_missing_beside_its_like():
    (finding,) = gradtui.check(forgets_a_gate, Wz=Wz, Wr=Wr)

    assert (finding.rule, finding.line) == ("missing-path", line_of(forgets_a_gate, 18))
    assert finding.fix.splitlines()[-1].strip() == "dh += (dar @ Wr.T)[:, 2:]"
    (other,) = finding.evidence["elsewhere"]
    assert other == [finding.line - 1, "dh += (daz @ Wz.T)[:, 2:] + (dar @ Wr.T)[:, 2:]"]


def cell_back(dc, dh, cache):
    x, h, s, g, c, u, v = cache
    dq = dh * (1 - np.tanh(c) ** 2)
    ds, dg = dq * g * s * (1 - s), dq * s * (1 - g**2)
    both = ds @ u.T + dg @ v.T
    width = x.shape[1]
    xh = np.hstack([x, h])
    return dq, both[:, width:], xh.T @ ds, xh.T @ dg


def cell(x, h, c, u, v):
    xh = np.hstack([x, h])
    s, g = sigmoid(xh @ u), np.tanh(xh @ v)
    c = c + s * g
    return np.tanh(c), c, (x, h, s, g, c, u, v)


def of_two_widths(Wz, Wr, U, V):
    """Return the loss of a layer of five cells below one of three."""
    h, c, k, e, caches, loss = 0 * Y[0], 0 * Y[0], 0 * X[0, :, [0] * 3].T, 0.0, [], 0.0
    for x in X:
        h, c, first = cell(x, h, c, Wz, Wr)
        k, e, second = cell(h, k, e, U, V)
        caches.append((first, second))
        loss = loss + np.sum(k**2) / 2
    grads = [np.zeros_like(one) for one in (Wz, Wr, U, V)]
    dh, dc, dk, de = np.zeros((3, 5)), np.zeros((3, 5)), np.zeros((3, 3)), np.zeros((3, 3))
    for first, second in reversed(caches):
        k = np.tanh(second[4])
        x, u, v = second[0], second[5], second[6]
        de, back, du, dv = cell_back(de, dk + k, second)
        s, g = second[2], second[3]
        low = (de * g * s * (1 - s)) @ u.T + (de * s * (1 - g**2)) @ v.T
        dk = back
        dc, dh, dz, dr = cell_back(dc, dh + low[:, : x.shape[1]], first)
        for total, one in zip(grads, (dz, dr, du, dv), strict=True):
            total += one
    return loss, tuple(grads)


def test_an_argument_that_nothing_reads_is_missing_where_functions_take_several_widths():
    U, V = RNG.normal(size=(8, 3)) * 0.4, RNG.normal(size=(8, 3)) * 0.4
    (finding,) = gradtui.check(of_two_widths, Wz=Wz, Wr=Wr, U=U, V=V)

    assert (finding.rule, finding.factor) == ("missing-path", "dc")
    assert finding.line == line_of(cell_back, 2)
    assert finding.fix == "dq = dh * (1 - np.tanh(c) ** 2) + dc"


A, T = RNG.normal(size=(7, 3)), RNG.normal(size=7)


def is_wrong_where_a_wrong_value_arrives(W, b, v):
    z = A @ W + b
    h, gate = np.tanh(z), sigmoid(z)
    g = h * gate
    r = g @ v - T
    dout = 2 * r / len(T)
    dg = np.outer(dout, v)
    dz = dg * gate * (1 - h * h) + dg * h * gate
    dW = A.T @ dz + 0.01 * W
    return np.mean(r * r) + 0.01 * np.sum(W * W), (dW, dz.sum(axis=0), g.T @ dout)


def scales_by_itself(W, b):
    h = np.tanh(A @ W + b)
    r = 1 - h**2
    loss = np.sum(h**2) / 2
    dW = A.T @ (h * h)
    return loss, {"W": dW, "b": (r * h).sum(axis=0)}


def test_a_mistake_below_another_is_found_in_the_code_with_the_first_one_repaired():
    first, second = gradtui.check(
        is_wrong_where_a_wrong_value_arrives, W=V[:3, :4], b=np.zeros(4), v=W[0, :4]
    )

    assert (first.rule, first.factor) == ("missing-factor", "(1 - gate)")
    assert first.fix == "dz = dg * gate * (1 - h * h) + dg * h * gate * (1 - gate)"
    assert second.line == line_of(is_wrong_where_a_wrong_value_arrives, 8)
    assert second.fix == "dW = A.T @ dz + 0.02 * W"
    assert second.evidence["gradients"] == ["W"]


def test_what_the_results_need_is_found_though_time_is_over(monkeypatch):
    monkeypatch.setattr(Search, "_at", lambda *_: iter(()))  # nothing is tried in time

    (found,) = gradtui.check(scales_by_itself, W=V[:3, :4], b=np.zeros(4))

    assert found.line == line_of(scales_by_itself, 4)
    assert found.fix == "dW = A.T @ (r * h)"


def lacks_a_term(W, b, v):
    h = np.tanh(A @ W + b)
    r = h @ v - T
    by_h = np.outer(r, v)
    dz = by_h * (1 - h * h)
    return r @ r / 2 + np.sum(h**3) / 3, (A.T @ dz, dz.sum(axis=0), h.T @ r)


def test_few_edits_are_run_after_one_that_repairs_all(monkeypatch):
    runs, mended = [], Search._mended
    monkeypatch.setattr(Search, "_mended", lambda *args: runs.append(1) or mended(*args))
    fixes, counts = set(), []
    for more in (500, 1):
        monkeypatch.setattr(search, "_RULED_OUT", more)
        runs.clear()
        (found,) = gradtui.check(lacks_a_term, W=V[:3, :4], b=np.zeros(4), v=W[0, :4])
        fixes.add(found.fix)
        counts.append(len(runs))

    assert len(fixes) == 1 and found.fix is not None
    assert counts[1] < counts[0]


def layered(W):
    """One layer's slope is taken at the value of another; all gradients are in one array."""
    h1 = np.tanh(X[:, :, 0] @ W[0])
    h2 = np.tanh(h1 @ W[1])
    h3 = np.tanh(h2 @ W[2])
    dW = np.zeros_like(W)
    dz3 = 1 - h3**2
    dW[2] = h2.T @ dz3
    dz2 = dz3 @ W[2].T * (1 - h1**2)
    dW[1] = h1.T @ dz2
    dz1 = dz2 @ W[1].T * (1 - h1**2)
    dW[0] = X[:, :, 0].T @ dz1
    return h3.sum(), dW


def test_likely_edits_are_not_run_that_the_results_certainly_do_not_need(monkeypatch):
    runs, mended = [], Search._mended
    monkeypatch.setattr(Search, "_mended", lambda *args: runs.append(1) or mended(*args))
    (found,) = gradtui.check(layered, RNG.normal(size=(3, 3, 3)))
    assert found.fix == "dz2 = dz3 @ W[2].T * (1 - h2**2)"
    assert len(runs) < 20


def has_a_wrong_slope(U, V, W, b):
    h1 = np.tanh(A @ U + b)
    a2 = np.tanh(h1 @ V)
    h2 = h1 + a2
    e = h2 @ W - A
    dW = h2.T @ e
    dh2 = e @ W.T
    slope2 = 1 - a2
    dz2 = dh2 * slope2
    dV = h1.T @ dz2
    dh1 = dh2 + dz2 @ V.T
    slope1 = 1 - h1**2
    dz1 = dh1 * slope1
    dU = A.T @ dz1
    db = dz1.sum(axis=0)
    return np.sum(e**2) / 2, (dU, dV, dW, db)


def test_edits_that_leave_a_result_wrong_are_not_run_after_one_that_repairs_all(monkeypatch):
    runs, mended = [], Search._mended
    monkeypatch.setattr(Search, "_mended", lambda *args: runs.append(1) or mended(*args))
    fixes, counts = set(), []
    for work in (0, 120):  # not for each wrong result, but for all at once
        monkeypatch.setattr(needs, "_WORK", work)
        runs.clear()
        (found,) = gradtui.check(
            has_a_wrong_slope, U=V[:3, :3], V=V[2:, 2:], W=V[1:4, 1:4], b=np.zeros(3)
        )
        fixes.add(found.fix)
        counts.append(len(runs))

    assert fixes == {"slope2 = 1 - a2**2"}
    assert counts[1] < counts[0]
