import numpy as np

rng = np.random.default_rng(11)
features, labels = rng.normal(size=(6, 3)), [1.0, 0.0, 1.0, 1.0, 0.0, 0.0]
held = np.matrix(rng.normal(size=(6, 4)))


def sigmoid(z):
    return 1.0 / (1 + np.exp(-z))


def logistic(w):
    X = np.asmatrix(features)
    y = np.asmatrix(labels).T
    m, n = np.shape(X)
    h = sigmoid(X * np.asmatrix(w))
    error = h - y
    loss = -(y.T * np.log(h) + (1 - y).T * np.log(1 - h))[0, 0] / m
    return loss, np.asarray(X.T * error / m)


def two_layers(U, b, V):
    A = np.tanh(held * U + b)
    E = A * V - 1
    dA = np.multiply(E * V.T, 1 - np.power(A, 2))
    return 0.5 * np.sum(np.multiply(E, E)), held.T * dA, dA.sum(axis=0), A.T * E


def case(
    w=rng.normal(size=(3, 1)),
    U=np.asmatrix(rng.normal(size=(4, 3))),
    b=np.asmatrix(rng.normal(size=(1, 3))),
    V=np.asmatrix(rng.normal(size=(3, 2))),
):
    one, dw = logistic(w)
    other, dU, db, dV = two_layers(U, b, V)
    return one + other, [dw, dU, db, dV]


MISTAKES = [
    ("error = h - y", "error = h + y", "w"),
    ("1 - np.power(A, 2)", "1 + np.power(A, 2)", "U b"),
    ("E * V.T", "2 * E * V.T", "U b"),
    ("A.T * E", "A.T * E * 2", "V"),
]
