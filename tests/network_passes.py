"""Forward and backward passes of the networks among the scenarios, by hand, in plain NumPy.

They share no code with gradtui.  A pass takes the data and the parameters of one step and returns
the values of the model and the gradient of the loss by each name.
"""

import math

import numpy as np


def on_arrays(network):
    """Let a pass on arrays take and return nested lists."""

    def run(**given):
        arrays = {name: np.array(value, dtype=float) for name, value in given.items()}
        values, gradients = network(**arrays)
        return (
            {name: np.asarray(value).tolist() for name, value in values.items()},
            {name: np.asarray(value).tolist() for name, value in gradients.items()},
        )

    return run


def softmax(scores):
    powers = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    return powers / np.sum(powers, axis=-1, keepdims=True)


@on_arrays
def softmax_classifier(X, y, W1, b1, W2, b2):
    h = np.tanh(X @ W1 + b1)
    z = h @ W2 + b2
    p = softmax(z)
    Y = np.eye(3)[y.astype(int)]
    rows = len(y)
    loss = -sum(math.log(p[i, int(y[i])]) for i in range(rows)) / rows
    dz = (p - Y) / rows
    dh = dz @ W2.T
    da = dh * (1 - h * h)
    return (
        {"h": h, "z": z, "p": p, "Y": Y, "L": loss},
        {"p": -Y / p / rows, "z": dz, "h": dh, "W2": h.T @ dz, "b2": dz.sum(axis=0),
         "W1": X.T @ da, "b1": da.sum(axis=0)},
    )  # fmt: skip


@on_arrays
def deep_network(X, y, W1, b1, W2, b2, W3, b3, W4, b4):
    h1 = np.maximum(X @ W1 + b1, 0)
    h2 = np.maximum(h1 @ W2 + b2, 0)
    h3 = np.maximum(h2 @ W3 + b3, 0)
    s = h3 @ W4 + b4
    loss = np.mean(np.maximum(s, 0) + np.log1p(np.exp(-np.abs(s))) - y * s)
    ds = (1 / (1 + np.exp(-s)) - y) / len(y)
    dh3 = np.outer(ds, W4)
    da3 = dh3 * (h3 > 0)
    dh2 = da3 @ W3.T
    da2 = dh2 * (h2 > 0)
    dh1 = da2 @ W2.T
    da1 = dh1 * (h1 > 0)
    return (
        {"h1": h1, "h2": h2, "h3": h3, "s": s, "L": loss},
        {"s": ds, "h3": dh3, "h2": dh2, "h1": dh1,
         "W4": h3.T @ ds, "b4": ds.sum(), "W3": h2.T @ da3, "b3": da3.sum(axis=0),
         "W2": h1.T @ da2, "b2": da2.sum(axis=0), "W1": X.T @ da1, "b1": da1.sum(axis=0)},
    )  # fmt: skip


@on_arrays
@np.errstate(over="ignore", invalid="ignore")  # it is there to explode
def chain_of_depots(X, y, U, W, v):
    h = [X @ U]
    for _ in range(8):
        h.append(h[-1] @ W)
    e = h[-1] @ v - y
    de = 2 * e / len(y)
    dh, dW = np.outer(de, v), np.zeros_like(W)
    for before in reversed(h[:-1]):
        dW += before.T @ dh
        dh = dh @ W.T
    loss = np.mean(e * e)
    return {"h8": h[-1], "L": loss}, {"v": h[-1].T @ de, "W": dW, "U": X.T @ dh}


def deep_layers(X, y, given, unit, slope):
    """Return the pass of six layers on standardised columns; `slope` is taken of the output."""
    layers = range(1, 7)
    h = [(X - X.mean(axis=0)) / X.std(axis=0)]
    for i in layers:
        h.append(unit(h[-1] @ given[f"W{i}"] + given[f"b{i}"]))
    e = h[-1] @ given["v"] + given["c"] - y
    de = 2 * e / len(y)
    gradients = {"v": h[-1].T @ de, "c": de.sum()}
    dh = np.outer(de, given["v"])
    for i in reversed(layers):
        dz = dh * slope(h[i])
        gradients |= {f"W{i}": h[i - 1].T @ dz, f"b{i}": dz.sum(axis=0)}
        dh = dz @ given[f"W{i}"].T
    return {"L": np.mean(e * e)}, gradients


@on_arrays
def sigmoids_deep(X, y, **given):
    return deep_layers(X, y, given, lambda z: 1 / (1 + np.exp(-z)), lambda h: h * (1 - h))


@on_arrays
def tanhs_deep(X, y, **given):
    return deep_layers(X, y, given, np.tanh, lambda h: 1 - h * h)


def normalise(x, gain, shift):
    """Return the layer norm, and what its backward pass needs."""
    spread = np.sqrt(np.var(x, axis=-1, keepdims=True) + 1e-5)
    unit = (x - np.mean(x, axis=-1, keepdims=True)) / spread
    return unit * gain + shift, (unit, spread, gain)


def normalise_backward(flow, kept):
    """Return the gradients of the input, the gain and the shift."""
    unit, spread, gain = kept
    on_unit = flow * gain
    inner = np.mean(on_unit * unit, axis=-1, keepdims=True)
    back = (on_unit - np.mean(on_unit, axis=-1, keepdims=True) - unit * inner) / spread
    return back, (flow * unit).sum(axis=(0, 1)), flow.sum(axis=(0, 1))


def normal_share(x):
    return np.vectorize(lambda one: (1 + math.erf(one / math.sqrt(2))) / 2)(x)


@on_arrays
def transformer_block(tokens, nexts, mask, E, P, g1, c1, Wq, Wk, Wv, Wo, g2, c2, W1, b1, W2, b2, U):
    words, right = tokens.astype(int), nexts.astype(int)
    x = E[words] + P
    a, kept1 = normalise(x, g1, c1)
    q, k, v = a @ Wq, a @ Wk, a @ Wv
    S = np.einsum("sid,sjd->sij", q, k) / 2
    A = softmax(np.where(mask == 1, S, -np.inf))
    mixed = np.einsum("sij,sjd->sid", A, v)
    r = x + mixed @ Wo
    n, kept2 = normalise(r, g2, c2)
    u = n @ W1 + b1
    g = u * normal_share(u)
    o = r + g @ W2 + b2
    z = o @ U
    p = softmax(z)
    Y = np.eye(6)[right]
    loss = -np.mean(np.log(np.sum(p * Y, axis=-1)))

    def by(left, flow):
        """Return the gradient of the weights of `left @ weights`."""
        return np.einsum("sid,sie->de", left, flow)

    dz = (p - Y) / right.size
    do = dz @ U.T
    dg = do @ W2.T
    du = dg * (normal_share(u) + u * np.exp(-u * u / 2) / math.sqrt(2 * math.pi))
    dn = du @ W1.T
    from_norm, dg2, dc2 = normalise_backward(dn, kept2)
    dr = do + from_norm
    dmixed = dr @ Wo.T
    dA = np.einsum("sid,sjd->sij", dmixed, v)
    dS = A * (dA - np.sum(dA * A, axis=-1, keepdims=True))
    dq = np.einsum("sij,sjd->sid", dS, k) / 2
    dk = np.einsum("sij,sid->sjd", dS, q) / 2
    dv = np.einsum("sij,sid->sjd", A, dmixed)
    da = dq @ Wq.T + dk @ Wk.T + dv @ Wv.T
    from_norm, dg1, dc1 = normalise_backward(da, kept1)
    dx = dr + from_norm
    dE = np.zeros_like(E)
    for place in np.ndindex(words.shape):
        dE[words[place]] += dx[place]
    return (
        {"x": x, "a": a, "q": q, "k": k, "v": v, "S": S, "A": A, "r": r, "n": n, "o": o, "z": z,
         "L": loss},
        {"z": dz, "o": do, "r": dr, "n": dn, "S": dS, "A": dA, "q": dq, "k": dk, "v": dv, "a": da,
         "x": dx, "E": dE, "P": dx.sum(axis=0), "g1": dg1, "c1": dc1, "g2": dg2, "c2": dc2,
         "Wq": by(a, dq), "Wk": by(a, dk), "Wv": by(a, dv), "Wo": by(mixed, dr),
         "W1": by(n, du), "b1": du.sum(axis=(0, 1)), "W2": by(g, do), "b2": do.sum(axis=(0, 1)),
         "U": by(o, dz)},
    )  # fmt: skip
