import numpy as np

hidden_size, vocab_size = 5, 4
np.random.seed(3)
inputs, targets = [0, 2, 1, 3, 1], [2, 1, 3, 1, 0]


def lossFun(inputs, targets, hprev):
    xs, hs, ys, ps = {}, {}, {}, {}
    hs[-1] = np.copy(hprev)
    loss = 0
    for t in range(len(inputs)):
        xs[t] = np.zeros((vocab_size, 1))
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t - 1]) + bh)
        ys[t] = np.dot(Why, hs[t]) + by
        ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]))
        loss += -np.log(ps[t][targets[t], 0])
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        dWhy += np.dot(dy, hs[t].T)
        dby += dy
        dh = np.dot(Why.T, dy) + dhnext
        dhraw = (1 - hs[t] * hs[t]) * dh
        dbh += dhraw
        dWxh += np.dot(dhraw, xs[t].T)
        dWhh += np.dot(dhraw, hs[t - 1].T)
        dhnext = np.dot(Whh.T, dhraw)
    for dparam in [dWxh, dWhh, dWhy, dbh, dby]:
        np.clip(dparam, -5000, 5000, out=dparam)
    return loss, dWxh, dWhh, dWhy, dbh, dby, hs[len(inputs) - 1]


def case(
    wxh=np.random.randn(hidden_size, vocab_size),
    whh=np.random.randn(hidden_size, hidden_size),
    why=np.random.randn(vocab_size, hidden_size),
    b_h=np.zeros((hidden_size, 1)),
    b_y=np.zeros((vocab_size, 1)),
):
    global Wxh, Whh, Why, bh, by
    Wxh, Whh, Why, bh, by = wxh, whh, why, b_h, b_y
    loss, *grads, _ = lossFun(inputs, targets, np.zeros((hidden_size, 1)))
    return loss, grads


MISTAKES = [
    ("(1 - hs[t] * hs[t])", "(1 - hs[t])", "wxh whh b_h"),
    ("hs[t - 1].T)\n        dhnext", "hs[t].T)\n        dhnext", "whh"),
    (" + dhnext\n", "\n", "wxh whh b_h"),
    ("dby += dy", "dby = dy", "b_y"),
]
