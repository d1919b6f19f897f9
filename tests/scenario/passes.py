"""Two weights with a hand-written backward pass."""

CODE = "yhat = w1*x1 + w2*x2\ne = yhat - y\nL = e**2"


DATA, PARAMETERS = "x1 = 2.0\nx2 = 3.0\ny = 5.0", "w1 = 1.0\nw2 = 2.0"


RIGHT = "de = 2*e\ndyhat = de\ndw1 = dyhat*x1\ndw2 = dyhat*x2"


def messages(session):
    """Return what the notices of a problem say."""
    return [notice.message for notice in session.problem.notices]
