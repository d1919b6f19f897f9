import numpy as np


def softmax(x):
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def forward(x, Wq, Wk, Wv, heads):
    B, T, C = x.shape
    size = C // heads
    Q = (x @ Wq).reshape(B, T, heads, size).transpose(0, 2, 1, 3)
    K = (x @ Wk).reshape(B, T, heads, size).transpose(0, 2, 1, 3)
    V = (x @ Wv).reshape(B, T, heads, size).transpose(0, 2, 1, 3)
    scores = Q @ K.transpose(0, 1, 3, 2) / np.sqrt(size)
    scores = np.where(np.tril(np.ones((T, T))) == 0, -1e9, scores)
    P = softmax(scores)
    out = (P @ V).transpose(0, 2, 1, 3).reshape(B, T, C)
    return out, (Q, K, V, P)


def backward(d_out, x, cache, heads):
    Q, K, V, P = cache
    B, T, C = x.shape
    size = C // heads
    d_heads = d_out.reshape(B, T, heads, size).transpose(0, 2, 1, 3)
    d_V_heads = P.transpose(0, 1, 3, 2) @ d_heads
    d_P = d_heads @ V.transpose(0, 1, 3, 2)
    d_scores = P * (d_P - np.sum(d_P * P, axis=-1, keepdims=True))
    d_scores /= np.sqrt(size)
    d_Q_heads = d_scores @ K
    d_K_heads = d_scores.transpose(0, 1, 3, 2) @ Q
    d_Q = d_Q_heads.transpose(0, 2, 1, 3).reshape(B, T, C)
    d_K = d_K_heads.transpose(0, 2, 1, 3).reshape(B, T, C)
    d_V = d_V_heads.transpose(0, 2, 1, 3).reshape(B, T, C)
    flat = x.reshape(B * T, C)
    dWq = flat.T @ d_Q.reshape(B * T, C)
    dWk = flat.T @ d_K.reshape(B * T, C)
    dWv = flat.T @ d_V.reshape(B * T, C)
    return dWq, dWk, dWv


rng = np.random.default_rng(6)
data, weights = rng.normal(size=(2, 3, 6)), rng.normal(size=(2, 3, 6))


def case(
    Wq=rng.normal(size=(6, 6)) * 0.6,
    Wk=rng.normal(size=(6, 6)) * 0.6,
    Wv=rng.normal(size=(6, 6)) * 0.6,
):
    out, cache = forward(data, Wq, Wk, Wv, 2)
    return np.sum(out * weights), backward(weights, data, cache, 2)


MISTAKES = [
    ("d_scores /= np.sqrt(size)", "d_scores /= size", "Wq Wk"),
    ("d_K = d_K_heads.transpose(0, 2, 1, 3).reshape(B, T, C)",
     "d_K = d_K_heads.reshape(B, T, C)", "Wk"),
]  # fmt: skip
