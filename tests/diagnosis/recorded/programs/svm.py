import numpy as np


def svm_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    scores = X.dot(W)
    correct = scores[np.arange(N), y][:, np.newaxis]
    margins = np.maximum(0, scores - correct + 1)
    margins[np.arange(N), y] = 0
    loss = np.sum(margins) / N + reg * np.sum(W * W)
    binary = margins
    binary[margins > 0] = 1
    row_sum = np.sum(binary, axis=1)
    binary[np.arange(N), y] = -row_sum.T
    dW = np.dot(X.T, binary) / N + 2 * reg * W
    return loss, dW


def svm_loss_naive(W, X, y, reg):
    dW = np.zeros(W.shape)
    loss = 0.0
    for i in range(X.shape[0]):
        scores = X[i].dot(W)
        correct_class_score = scores[y[i]]
        for j in range(W.shape[1]):
            if j == y[i]:
                continue
            margin = scores[j] - correct_class_score + 1
            if margin > 0:
                loss += margin
                dW[:, j] += X[i]
                dW[:, y[i]] -= X[i]
    loss /= X.shape[0]
    dW /= X.shape[0]
    loss += reg * np.sum(W * W)
    dW += 2 * reg * W
    return loss, dW


rng = np.random.default_rng(7)


def case(
    W=rng.normal(size=(4, 3)),
    V=rng.normal(size=(4, 3)),
    X=rng.normal(size=(6, 4)),
    y=np.array([0, 1, 2, 2, 1, 0]),
    reg=0.1,
):
    one, dW = svm_loss_vectorized(W, X, y, reg)
    other, dV = svm_loss_naive(V, X, y, reg)
    return one + other, [dW, dV]


MISTAKES = [
    ("dW[:, y[i]] -= X[i]", "dW[:, y[i]] += X[i]", "V"),
    ("np.dot(X.T, binary) / N", "np.dot(X.T, binary)", "W"),
    ("    dW /= X.shape[0]\n", "", "V"),
]
