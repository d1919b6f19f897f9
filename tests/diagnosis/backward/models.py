"""A formula and a network, and the right backward pass of the network."""

WEIGHTS = {
    "data": "x1 = 2.0\nx2 = 3.0\ny = 5.0",
    "parameters": "w1 = 1.0\nw2 = 2.0",
    "model": "yhat = w1*x1 + w2*x2\ne = yhat - y\nL = e**2",
}

NETWORK = {
    "data": """X = [[0.5, -1.2], [1.5, 0.3], [-0.7, 0.8], [0.2, 1.1]]
y = [1.2, -0.4, 0.9, 0.1]""",
    "parameters": """W1 = [[0.1, -0.4, 0.3], [0.7, 0.2, -0.5]]
b1 = [0.1, 0.0, -0.2]
w2 = [0.6, -0.3, 0.8]
b2 = 0.05""",
    "model": """z = X@W1 + b1
h = tanh(z)
yhat = h@w2 + b2
e = yhat - y
L = mean(e**2)""",
}

SOUND = """n = len(y)
de = 2*e/n
dyhat = de
dw2 = h.T@dyhat
db2 = sum(dyhat)
dh = dyhat[:, None]*w2
dz = dh*(1 - h**2)
dW1 = X.T@dz
db1 = dz.sum(axis=0)"""


def broken(old, new):
    """Return the backward pass with a part of it replaced."""
    assert old in SOUND
    return SOUND.replace(old, new)
