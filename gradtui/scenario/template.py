"""The commented scenario, and the commented NumPy code, that `gradtui new` writes."""

TEMPLATE = '''\
# A scenario for gradtui.  Open it with `gradtui FILE`; nothing in it is executed.

title = "My model"
about = "One line for the list of scenarios."
tags = ["my tag"]
notes = """
What to look at, step by step.
"""

[data]                       # constants: numbers or nested lists
x = [1.0, 2.0, 3.0]
y = [2.0, 4.0, 6.0]
# file = "table.csv"         # .csv or .npz beside this file; strings name its columns or arrays:
# X = ["first", "second"]    # a list of strings stacks columns, one string is one of them
# label = "species"          # a column of words: classes 0, 1, … in the order of the alphabet
# X = "p*"                   # the names that match; "!label" is all but that one

[parameters]                 # what is trained, with the values it starts from
w = 0.5
b = 0.0
# W = { shape = [2, 16], init = "he", seed = 0 } # zeros, ones, normal, uniform, xavier, he;
#                            # scale = 0.5 multiplies the numbers drawn

[model]                      # one `name = expression` a line, as in NumPy
code = """
yhat = w*x + b
e = yhat - y
L = mean(e**2)
"""
loss = "L"                   # default: the last name assigned; must be a scalar

[labels]                     # how a name is shown
yhat = "ŷ"

[optimizer]
name = "sgd"                 # also adagrad, rmsprop, adam, adamw
lr = 0.05
# momentum = 0.9             # of sgd; also nesterov = true, weight_decay = 0.01
# clip_norm = 1.0            # cuts a longer gradient vector to this length

# [schedule]                 # the rate of each step: constant, step (step_size, gamma), exponential
# name = "cosine"            # (gamma), cosine (min_lr), warmup_cosine (warmup), one_cycle (max_lr),
#                            # plateau (factor, patience, threshold, min_lr)

# [validation]               # replaces names of [data] for a second loss, which plateau watches
# x = [4.0, 5.0]
# y = [8.0, 10.0]

# [batches]                  # each step sees `size` rows of the data named in `over`
# over = ["x", "y"]
# size = 2                   # a last short batch is dropped
# shuffle = true             # default: in order; then also seed = 7

[run]
steps = 20                   # you may step beyond it
# dtype = "float32"          # default: float64
# drive = "autodiff"         # default: hand-written lines move the weights, if there are any

# [backward]                 # your own gradients: d<name> claims the gradient of <name>
# code = """
# de = 2*e/len(x)
# dw = sum(de*x)
# db = sum(de)
# """
# source = "net.py:backward" # or a function of a Python file (read, never run), or file = "g.npz"
# claims = { grad_w = "w" }  # other names for claims
# state = { dw = 0.0 }       # names that keep last step's value until they are assigned

# [update]                   # your own update of a parameter w with gradient g, at rate lr, step t
# code = "w = w - lr*g"      # compared with [optimizer]
# source = "optim.py:adam"   # or a function of a Python file (read, never run)
# state = { m = 0.0 }        # what it keeps for each parameter

# [[expect]]                 # facts that must hold; `gradtui check` verifies them
# step = 0
# loss = 10.5
# tolerance = 1e-6           # relative
# [expect.gradients]         # also [expect.parameters], [expect.values]
# w = -14.0

# [[lesson]]                 # what the reader should do, one thing at a time, in order
# text = "Press {into}: the prediction comes first." # {NAME}: the key of a binding
# done = "computed(yhat)"    # backward(NAME), updated(), step >= N, selected(NAME), view(surface)
# [[lesson]]
# text = "What is the slope?"
# ask = "grad(w)"            # a number to predict; hidden until you answer
# hint = "It is a mean over three rows."
'''

PROGRAM = '''\
"""A network of two layers, and its gradients by hand: gradtui finds the mistake that is in them.

`gradtui check FILE:case`, FILE this file, runs it and compares what `case` returns with the truth.
"""

import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(20, 4))                     # 20 examples of 4 features
labels = (X[:, 0] > X[:, 1] * X[:, 2]).astype(int)    # of two classes


def forward(W1, b1, W2, b2):
    h = np.tanh(X @ W1 + b1)                     # (20, 5), the hidden layer
    scores = h @ W2 + b2                         # (20, 2)
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)            # softmax: what the network thinks of each class
    loss = -np.mean(np.log(p[np.arange(len(X)), labels]))
    return loss, (h, p)


def backward(W2, cache):
    h, p = cache
    dscores = p.copy()
    dscores[np.arange(len(X)), labels] -= 1      # softmax and cross-entropy together
    dscores /= len(X)
    dW2 = h.T @ dscores
    db2 = dscores.sum(axis=0)
    dz = dscores @ W2.T * (1 - h**2)             # the derivative of tanh is 1 - tanh**2
    dW1 = X.T @ dz
    db1 = dz.mean(axis=0)                        # the mistake: see db2
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}


# What is checked: any function that returns a loss, one number, and the gradients of its
# arguments, as a mapping by their names or in their order.  It is called with its defaults, and at
# random values around them; it may be any code of yours: loops, classes, in-place writes.
def case(
    W1=rng.normal(size=(4, 5)),
    b1=np.zeros(5),
    W2=rng.normal(size=(5, 2)),
    b2=np.zeros(2),
):
    loss, cache = forward(W1, b1, W2, b2)
    return loss, backward(W2, cache)


# In a test: gradtui.assert_gradients(case).  A comment `# gradtui: ignore[RULE]` silences that
# rule on its line.  An optimizer of your own: gradtui.check_update(step, "adam", lr=0.01).
'''
