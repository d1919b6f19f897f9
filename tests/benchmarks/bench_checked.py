"""Checks of the user's own code: the processor time, right and with a mistake on a line.

By hand: `python tests/benchmarks/bench_checked.py [NAME ...]`.  The programs are in `checked`; each
is checked as it is, and with each of its mistakes, which are to be told at their lines.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

from bench_diagnosis import called

from gradtui.api import check

PROGRAMS = Path(__file__).parent / "checked"
MISTAKES: dict[str, tuple[tuple[str, str], ...]] = {
    "net": (
        ("dscores[np.arange(N), y] -= 1", "dscores[np.arange(N), y] += 1"),
        ("dscores /= N", "dscores /= N + 1"),
        ("a1.T.dot(dscores) + 2 * reg * W2", "z1.T.dot(dscores) + 2 * reg * W2"),
        ("+ 2 * reg * W2", ""),
        ('grads["b2"] = np.sum(dscores, axis=0)', 'grads["b2"] = np.mean(dscores, axis=0)'),
        ("da1 = dscores.dot(W2.T)", "da1 = probs.dot(W2.T)"),
        ("dz1 = da1 * (z1 > 0)", "dz1 = da1"),
        ("X.T.dot(dz1) + 2 * reg * W1", "X.T.dot(dz1) + reg * W1"),
        ("X.T.dot(dz1) + 2 * reg * W1", "X.T.dot(da1) + 2 * reg * W1"),
        ('grads["b1"] = np.sum(dz1, axis=0)', 'grads["b1"] = np.sum(da1, axis=0)'),
    ),
    "layers": (
        ("dscores[np.arange(len(y)), y] -= 1", "dscores[np.arange(len(y)), y] -= 2"),
        ("dscores / len(y)", "dscores"),
        ("self.dW = x.T @ dout", "self.dW = x.T @ dout / len(x)"),
        ("self.db = dout.sum(axis=0)", "self.db = dout.mean(axis=0)"),
        ("dout @ self.W.T", "-dout @ self.W.T"),
        ("dx = dout * (self.cache > 0)", "dx = dout * (self.cache < 0)"),
        ("dz = self.relu.backward(dh)", "dz = dh"),
        ("self.one.backward(dz)", "self.one.backward(dh)"),
    ),
    "convolution": (
        ("db[f] += dout[n, f, i, j]", "db[f] = dout[n, f, i, j]"),
        ("dw[f] += xp[n, :, i : i + HH, j : j + WW]", "dw[f] += xp[n, :, j : j + HH, i : i + WW]"),
        ("dw[f] += xp", "dw[f] -= xp"),
        ("dxp[n, :, i : i + HH, j : j + WW] += w[f]", "dxp[n, :, i : i + HH, j : j + WW] = w[f]"),
        ("+= w[f] * dout[n, f, i, j]", "+= w[f] * dout[n, f, j, i]"),
        ("+= w[f] * dout[n, f, i, j]", "+= dout[n, f, i, j]"),
        ("dxp[:, :, 1:-1, 1:-1]", "dxp[:, :, :-2, :-2]"),
        ("    dout = out - t", "    dout = 2 * (out - t)"),
    ),
    "characters": (
        ("dy[targets[t]] -= 1", "dy[targets[t]] += 1"),
        ("dWhy += np.dot(dy, hs[t].T)", "dWhy = np.dot(dy, hs[t].T)"),
        ("dby += dy", "dby = dy"),
        ("np.dot(Why.T, dy) + dhnext", "np.dot(Why.T, dy)"),
        ("(1 - hs[t] * hs[t]) * dh", "(1 - hs[t]) * dh"),
        ("dbh += dhraw", "dbh += dh"),
        ("dWxh += np.dot(dhraw, xs[t].T)", "dWxh += np.dot(dh, xs[t].T)"),
        ("dWhh += np.dot(dhraw, hs[t - 1].T)", "dWhh += np.dot(dhraw, hs[t].T)"),
        ("dhnext = np.dot(Whh.T, dhraw)", "dhnext = np.dot(Whh, dhraw)"),
        ("dy = np.copy(ps[t])", "dy = np.copy(ys[t])"),
    ),
    "lstm": (
        ("do = dnext_h * tc", "do = dnext_h * next_c"),
        ("dc = dnext_c + dnext_h * o", "dc = dnext_h * o"),
        ("(1 - tc**2)\n", "(1 - tc)\n"),
        ("df = dc * prev_c", "df = dc * next_c"),
        ("di = dc * g", "di = dc * i"),
        ("dg = dc * i", "dg = dc * f"),
        ("dprev_c = dc * f", "dprev_c = dc"),
        ("df * f * (1 - f)", "df * (1 - f)"),
        ("dx = da.dot(Wx.T)", "dx = -da.dot(Wx.T)"),
        ("dprev_h = da.dot(Wh.T)", "dprev_h = da.dot(Wh.T) * tc"),
        ("dWx = x.T.dot(da)", "dWx = 2 * x.T.dot(da)"),
        ("dWh = prev_h.T.dot(da)", "dWh = tc.T.dot(da)"),
        ("db = da.sum(axis=0)", "db = da.mean(axis=0)"),
        ("dhs[:, t] + dh, dc", "dhs[:, t], dc"),
        ("dWx += dWx_t", "dWx = dWx_t"),
        ("dWh += dWh_t", "dWh -= dWh_t"),
        ("db += db_t", "db += 2 * db_t"),
    ),
    "vast": (
        ("de = 2 * es[t] / T", "de = es[t] / T"),
        ("dv = dv + de * hs[t]", "dv = dv + de * hs[t - 1]"),
        ("dh = de * v + dnext", "dh = de * v - dnext"),
        ("(1 - hs[t] ** 2)", "(1 - hs[t])"),
        ("np.outer(da, xs[t])", "np.outer(dh, xs[t])"),
        ("np.outer(da, hs[t - 1])", "np.outer(da, hs[t])"),
        ("db = db + da", "db = da"),
        ("dnext = U.T @ da", "dnext = U @ da"),
    ),
}
"""Program -> parts of its text, each with what takes its place."""


def measure(text: str, path: Path, line: int | None) -> None:
    """Print what a check of a program takes, and what is found; `line` is the wrong one."""
    path.write_text(text)
    case = called(path)
    start = time.process_time()
    errors = [one for one in check(case) if one.severity == "error"]
    took = time.process_time() - start
    told = [f"{one.rule} at {one.line}: {one.fix}" for one in errors[:1]] or ["right"]
    beside = "" if [one.line for one in errors[:1]] == [line] * (line is not None) else "  BESIDE"
    print(f"{path.stem:16} {took:6.2f} s  {told[0]}{beside}")


def main() -> None:
    """Measure each program, right and with each mistake."""
    with tempfile.TemporaryDirectory() as folder:
        for name in sys.argv[1:] or MISTAKES:
            text = (PROGRAMS / f"{name}.py").read_text()
            measure(text, Path(folder) / f"{name}.py", None)
            for number, (right, wrong) in enumerate(MISTAKES[name]):
                before, _, behind = text.partition(right)
                path = Path(folder) / f"{name}_{number}.py"
                measure(f"{before}{wrong}{behind}", path, before.count("\n") + 1)


if __name__ == "__main__":
    main()
