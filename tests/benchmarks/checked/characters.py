"""A recurrent network over 25 characters, by dicts."""

import numpy as np

text = (
    "the quick brown fox jumps over the lazy dog while five boxing wizards "
    "JUMP QUICKLY, 0123456789; (pack my box with a dozen jugs)"
)
chars = sorted(set(text))
ix = {ch: i for i, ch in enumerate(chars)}
vocab_size, hidden_size, seq_length = len(chars), 100, 25
inputs = [ix[ch] for ch in text[:seq_length]]
targets = [ix[ch] for ch in text[1 : seq_length + 1]]
rng = np.random.default_rng(0)
Wxh_0 = rng.normal(size=(hidden_size, vocab_size)) * 0.1
Whh_0 = rng.normal(size=(hidden_size, hidden_size)) * 0.1
Why_0 = rng.normal(size=(vocab_size, hidden_size)) * 0.1
bh_0, by_0 = np.zeros((hidden_size, 1)) + 0.01, np.zeros((vocab_size, 1)) + 0.01


def loss_fun(inputs, targets, hprev, Wxh, Whh, Why, bh, by):
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
    return loss, dWxh, dWhh, dWhy, dbh, dby


def case(Wxh=Wxh_0, Whh=Whh_0, Why=Why_0, bh=bh_0, by=by_0):
    hprev = np.zeros((hidden_size, 1))
    loss, *grads = loss_fun(inputs, targets, hprev, Wxh, Whh, Why, bh, by)
    return loss, tuple(grads)
