"""Predictions that a lesson asks for, as the screen has them."""

from msgspec.structs import replace

from gradtui.debugger import tour
from gradtui.debugger.session import Session
from gradtui.scenario.load import load_problem

CHAIN = "yhat = w1*x1 + w2*x2\ne = yhat - y\nL = e**2"
NUMBERS = {"parameters": "w1 = 1.0\nw2 = 2.0", "data": "x1 = 2.0\nx2 = 3.0\ny = 5.0"}
MEAN = "yhat = X@w\ne = yhat - y\nL = mean(e**2)"
ROWS = {
    "parameters": "w = [0.8, 1.5]",
    "data": "X = [[2, 3], [1.5, 1], [4, 5], [0.8, 0.5], [3.2, 2.5]]\ny = [5, 3.2, 9.5, 2.1, 6.8]",
}


def asked(write, code, ask, step=0, lr=0.05, at=None, **numbers):
    """Return what a prediction is judged by, as the screen does: frame, question, truth, before."""
    more = f'[[lesson]]\ntext = "t"\nask = "{ask}"\n' + ("" if at is None else f"step = {at}\n")
    session = Session(load_problem(write(code, lr=lr, more=more, **numbers)))
    tour.begin(session)
    guide = session.guide
    question = guide.question
    session.history.advance(question.step + 1)
    tape = session.tape(question.step)
    before = session.tape(tape.step - 1) if tape.step else None
    return replace(session.frame, tape=tape), question, guide.truth(question, tape), before
