"""The models of the hand-written gradients among the scenarios, and what the wrong ones compute.

They share no code with gradtui.  A wrong gradient is called as (data, parameters, values, true,
memory), `values` and `true` being those of the sound pass, and returns the gradients that it
changes; `memory` is empty before step 0.
"""

import math

import numpy as np

from network_passes import on_arrays


def shared_weight(x1, x2, y, w, v):
    depot = w * x1
    door = w * x2 + v * depot
    slope = 2 * (door - y)
    return (
        {"depot": depot, "door": door, "L": (door - y) ** 2},
        {"door": slope, "depot": slope * v, "v": slope * w * x1, "w": slope * (x2 + v * x1)},
    )


@on_arrays
def normalised(X, y, w, g, b):
    """One column, normalised over the parcels; its derivative by the full Jacobian."""
    u, m = X @ w, len(y)
    mean = sum(u) / m
    s = math.sqrt(sum((u - mean) ** 2) / m + 0.001)
    n = (u - mean) / s
    yhat = g * n + b
    dyhat = 2 * (yhat - y) / m
    jacobian = [
        [((i == j) - 1 / m) / s - n[i] * n[j] / (m * s) for j in range(m)] for i in range(m)
    ]
    du = [sum(dyhat[i] * g * jacobian[i][j] for i in range(m)) for j in range(m)]
    return (
        {"u": u, "s": s, "n": n, "yhat": yhat, "L": sum((yhat - y) ** 2) / m},
        {"yhat": dyhat, "u": du, "w": X.T @ du, "g": sum(dyhat * n), "b": sum(dyhat)},
    )


def uphill_two(data, parameters, values, true, memory):
    return {"w1": -true["w1"], "w2": -true["w2"]}


def without_feature(data, parameters, values, true, memory):
    return {"w2": 2 * values["e"]}


def other_feature(data, parameters, values, true, memory):
    return {"w2": 2 * values["e"] * data["x1"]}


def downhill_move(data, parameters, values, true, memory):
    return {"w": [-g for g in true["w"]]}


def summed(data, parameters, values, true, memory):
    dw = [0.0, 0.0]
    for row, error in zip(data["X"], values["e"], strict=True):
        dw = [one + 2 * error * x for one, x in zip(dw, row, strict=True)]
    return {"w": dw}


def never_zeroed(data, parameters, values, true, memory):
    kept = memory.setdefault("dw", [0.0, 0.0])
    kept[:] = [old + g for old, g in zip(kept, true["w"], strict=True)]
    return {"w": list(kept)}


def one_step_late(data, parameters, values, true, memory):
    """The errors of the step before, against the features, which are the same."""
    found, memory["w"] = memory.get("w", [0.0, 0.0]), true["w"]
    return {"w": found}


def sigmoid_twice(data, parameters, values, true, memory):
    dw, db, rows = [0.0, 0.0], 0.0, len(data["late"])
    for row, is_late, p in zip(data["X"], data["late"], values["p"], strict=True):
        slope = (p - is_late) * p * (1 - p) / rows
        dw = [one + slope * x for one, x in zip(dw, row, strict=True)]
        db += slope
    return {"w": dw, "b": db}


def without_first_leg(data, parameters, values, true, memory):
    return {"w": 2 * (values["door"] - data["y"]) * data["x2"]}


def first_leg_twice(data, parameters, values, true, memory):
    through_depot = parameters["v"] * data["x1"]
    return {"w": 2 * (values["door"] - data["y"]) * (data["x2"] + 2 * through_depot)}


def mean_held_fixed(data, parameters, values, true, memory):
    n, dn = np.array(values["n"]), np.array(true["yhat"]) * parameters["g"]
    du = (dn - n * sum(dn * n) / len(n)) / values["s"]
    return {"w": (np.array(data["X"]).T @ du).tolist()}


def network(slope=lambda a, h: 1 - h**2, scores=lambda p, Y: (p - Y) / len(Y), back=np.transpose):
    """Return what a backward pass of the network computes with its own parts."""

    def gradients(data, parameters, values, true, memory):
        X, W1, b1, W2 = (
            np.array(table[name])
            for table, name in ((data, "X"), (parameters, "W1"), (parameters, "b1"),
                                (parameters, "W2"))
        )  # fmt: skip
        h, p, Y = (np.array(values[name]) for name in ("h", "p", "Y"))
        dz = scores(p, Y)
        da = dz @ back(W2) * slope(X @ W1 + b1, h)
        found = {"W1": X.T @ da, "b1": da.sum(axis=0), "W2": h.T @ dz, "b2": dz.sum(axis=0)}
        return {name: value.tolist() for name, value in found.items()}

    return gradients


def down_the_columns(p, Y):
    """Return the step back through softmax with its sum over the parcels, in loops."""
    rows, classes = p.shape
    dp = -Y / p / rows
    dz = np.zeros_like(p)
    for i in range(rows):
        for j in range(classes):
            dz[i, j] = p[i, j] * (dp[i, j] - sum(dp[k, j] * p[k, j] for k in range(rows)))
    return dz


WRONG_GRADIENTS = {
    "grad_sign": uphill_two,
    "grad_missing_factor": without_feature,
    "grad_wrong_variable": other_feature,
    "grad_direction": downhill_move,
    "grad_constant_factor": summed,
    "grad_accumulated": never_zeroed,
    "grad_stale": one_step_late,
    "grad_extra_factor": sigmoid_twice,
    "grad_missing_path": without_first_leg,
    "grad_double_counted_path": first_leg_twice,
    "grad_missing_term": mean_held_fixed,
    "grad_missing_slope": network(slope=lambda a, h: 1.0),
    "grad_wrong_point": network(slope=lambda a, h: 1 - a**2),
    "grad_transposed": network(back=lambda W: W),
    "grad_wrong_axis": network(scores=down_the_columns),
}
"""Without grad_unreduced_broadcast: a gradient of the wrong shape moves nothing."""
