import numpy as np

rng = np.random.default_rng(0)
X, y = rng.normal(size=(5, 4)), np.array([0, 2, 1, 2, 0])


def loss_of(X, y, params, reg):
    W1, b1, W2, b2 = params["W1"], params["b1"], params["W2"], params["b2"]
    N, D = X.shape
    hidden = np.maximum(0, X.dot(W1) + b1)
    scores = hidden.dot(W2) + b2
    scores -= np.max(scores, axis=1, keepdims=True)
    probs = np.exp(scores) / np.sum(np.exp(scores), axis=1, keepdims=True)
    loss = np.sum(-np.log(probs[range(N), y])) / N
    loss += reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
    grads = {}
    dscores = probs.copy()
    dscores[np.arange(N), y] -= 1
    dscores /= N
    grads["W2"] = np.dot(hidden.T, dscores) + 2 * reg * W2
    grads["b2"] = np.sum(dscores, axis=0)
    dhidden = np.dot(dscores, W2.T)
    dhidden[hidden <= 0] = 0
    grads["W1"] = np.dot(X.T, dhidden) + 2 * reg * W1
    grads["b1"] = np.sum(dhidden, axis=0)
    return loss, grads


def case(
    W1=rng.normal(size=(4, 6)), b1=rng.normal(size=6), W2=rng.normal(size=(6, 3)), b2=np.zeros(3)
):
    return loss_of(X, y, dict(W1=W1, b1=b1, W2=W2, b2=b2), 0.05)


MISTAKES = [
    ("    dscores /= N\n", "", "W1 b1 W2 b2"),
    ("dhidden[hidden <= 0] = 0", "dhidden[hidden <= 0] *= 1", "W1 b1"),
    ("+ 2 * reg * W1", "", "W1"),
]
