"""Updates written by hand, in several styles, and lines of them as they should not be.

What is wrong with each line is stated here, not derived; whether a program is sound is judged by
`steps_of`, which runs Python itself on the text beside the optimizers as their papers have them.
"""

import ast
import math
from dataclasses import dataclass, field

import numpy as np

from corpus.update_judge import DEFAULTS

SIGN, RATE, BIAS, TIME = "update-sign", "update-rate", "missing-bias-correction", "wrong-time-index"
EPS, ROOT, DECAY, MOMENTUM = "epsilon-placement", "missing-root", "decay-coupling", "momentum-form"
CONSTANT, OTHER = "wrong-hyperparameter", "unexplained-update"


@dataclass(frozen=True)
class Written:
    """A sound update, and (old text, new text, rules that name the mistake) of one line each."""

    optimizer: str
    code: str
    state: dict = field(default_factory=dict)
    constants: dict = field(default_factory=dict)
    wrong: tuple = ()


ADAM_STATE = {"m": 0.0, "v": 0.0}
FIRST, SECOND = "m = beta1*m + (1 - beta1)*g\n", "v = beta2*v + (1 - beta2)*g**2\n"
MEANS = FIRST + SECOND
ADAM_WRONG = (
    ("beta1*m +", "beta1*m -", (SIGN, MOMENTUM)),
    ("beta1*m + (1 - beta1)*g", "(1 - beta1)*m + beta1*g", (CONSTANT, MOMENTUM)),
    ("beta1*m + ", "", (MOMENTUM,)),
    ("beta1*m +", "m +", (MOMENTUM,)),
    ("(1 - beta1)*g", "(1 - beta2)*g", (CONSTANT,)),
    ("beta2*v + (1 - beta2)", "beta1*v + (1 - beta1)", (CONSTANT,)),
    ("beta2*v", "0.9*v", (CONSTANT,)),
)

PROGRAMS = {
    "sgd plain": Written(
        "sgd",
        "w = w - lr*g",
        wrong=(
            ("w - lr", "w + lr", (SIGN,)),
            ("lr*g", "g", (RATE,)),
            ("lr*g", "lr**2*g", (RATE,)),
            ("lr*g", "0.5*lr*g", (RATE,)),
            ("lr*g", "0.3*g", (RATE, CONSTANT)),
            ("lr*g", "g/lr", (RATE,)),
            ("w - lr*g", "lr*g - w", (SIGN,)),
            ("w - lr*g", "-lr*g", (SIGN, RATE)),
        ),
    ),
    "sgd step": Written(
        "sgd",
        "step_size = -lr*g\nw = w + step_size",
        wrong=(
            ("-lr", "lr", (SIGN,)),
            ("w + ", "w - ", (SIGN,)),
            ("-lr*g", "-g", (RATE,)),
            ("-lr*g", "-lr*lr*g", (RATE,)),
        ),
    ),
    "sgd decay": Written(
        "sgd",
        "w = w - lr*(g + weight_decay*w)",
        constants={"weight_decay": 0.1},
        wrong=(
            ("w - lr", "w + lr", (SIGN,)),
            ("g + weight", "g - weight", (DECAY, SIGN)),
            (" + weight_decay*w", "", (DECAY,)),
            ("weight_decay*w", "w", (DECAY,)),
            ("weight_decay*w", "weight_decay", (DECAY,)),
            ("weight_decay*w", "weight_decay*w**2", (DECAY, MOMENTUM)),
            ("lr*(g + weight_decay*w)", "lr*g - weight_decay*w", (DECAY, SIGN, RATE)),
            ("weight_decay*w", "0.01*w", (CONSTANT, DECAY)),
        ),
    ),
    "momentum outside": Written(
        "sgd",
        "u = momentum*u + g\nw = w - lr*u",
        {"u": 0.0},
        {"momentum": 0.9},
        (
            ("w - lr", "w + lr", (SIGN,)),
            ("momentum*u + g", "momentum*u - g", (SIGN, MOMENTUM)),
            ("momentum*u + g", "momentum*u + (1 - momentum)*g", (MOMENTUM,)),
            ("momentum*u + g", "u + g", (MOMENTUM,)),
            ("momentum*u + g", "momentum*(u + g)", (MOMENTUM,)),
            ("momentum*u + g", "(1 - momentum)*u + g", (CONSTANT, MOMENTUM)),
            ("momentum*u + g", "0.99*u + g", (CONSTANT,)),
            ("momentum*u + g", "g", (MOMENTUM,)),
            ("lr*u", "u", (RATE,)),
            ("lr*u", "lr*g", (MOMENTUM,)),
            ("lr*u", "lr*(g + momentum*u)", (MOMENTUM,)),
            ("lr*u", "lr*momentum*u", (MOMENTUM, RATE)),
        ),
    ),
    "momentum inside": Written(
        "sgd",
        "u = momentum*u - lr*g\nw = w + u",
        {"u": 0.0},
        {"momentum": 0.9},
        (
            ("- lr*g", "+ lr*g", (SIGN, MOMENTUM)),
            ("w + u", "w - u", (SIGN, MOMENTUM)),
            ("lr*g", "g", (RATE,)),
            ("w + u", "w + lr*u", (RATE,)),
            ("momentum*u", "u", (MOMENTUM,)),
        ),
    ),
    "nesterov": Written(
        "sgd",
        "b = momentum*b + g\nw = w - lr*(g + momentum*b)",
        {"b": 0.0},
        {"momentum": 0.8, "nesterov": True},
        (
            ("(g + momentum*b)", "b", (MOMENTUM,)),
            ("(g + momentum*b)", "(g + b)", (MOMENTUM,)),
            ("(g + momentum*b)", "(g - momentum*b)", (MOMENTUM, SIGN)),
            ("lr*(g", "(g", (RATE,)),
        ),
    ),
    "adagrad": Written(
        "adagrad",
        "s = s + g*g\nw = w - lr*g/(sqrt(s) + eps)",
        {"s": 0.0},
        wrong=(
            ("s + g*g", "g*g", (OTHER,)),
            ("s + g*g", "s + g", (OTHER,)),
            ("s + g*g", "s - g*g", (MOMENTUM, SIGN)),
            ("sqrt(s)", "s", (ROOT,)),
            ("sqrt(s) + eps", "sqrt(s + eps)", (EPS,)),
            ("sqrt(s) + eps", "sqrt(s)", (EPS,)),
            ("(sqrt(s) + eps)", "sqrt(s) + eps", (EPS,)),
            ("lr*g/", "g/", (RATE,)),
            ("w - ", "w + ", (SIGN,)),
        ),
    ),
    "rmsprop": Written(
        "rmsprop",
        "v = alpha*v + (1 - alpha)*g**2\ndenom = v**0.5 + eps\nw = w - lr*g/denom",
        {"v": 0.0},
        wrong=(
            ("(1 - alpha)*g", "g", (MOMENTUM,)),
            ("(1 - alpha)*g", "alpha*g", (CONSTANT, MOMENTUM)),
            ("alpha*v + (1 - alpha)", "0.9*v + (1 - 0.9)", (CONSTANT,)),
            ("v**0.5 + eps", "v + eps", (ROOT,)),
            ("v**0.5 + eps", "v**2 + eps", (ROOT,)),
            ("v**0.5 + eps", "(v + eps)**0.5", (EPS,)),
            ("v**0.5 + eps", "v**0.5", (EPS,)),
            ("v**0.5 + eps", "v**0.5 - eps", (EPS,)),
            ("v**0.5 + eps", "v**0.5 + eps**2", (EPS,)),
            ("v**0.5 + eps", "v**0.5 + 1e-4", (CONSTANT, EPS)),
            ("w - lr", "w + lr", (SIGN,)),
            ("g/denom", "g*denom", (RATE, MOMENTUM, ROOT, EPS)),
        ),
    ),
    "rmsprop momentum": Written(
        "rmsprop",
        "v = alpha*v + (1 - alpha)*g**2\nu = momentum*u + g/(sqrt(v) + eps)\nw = w - lr*u",
        {"v": 0.0, "u": 0.0},
        {"momentum": 0.9, "alpha": 0.95},
        (
            ("momentum*u", "alpha*u", (CONSTANT,)),
            ("momentum*u", "u", (MOMENTUM,)),
            ("sqrt(v)", "v", (ROOT,)),
            ("lr*u", "lr*g", (MOMENTUM,)),
            ("g/(sqrt", "lr*g/(sqrt", (RATE,)),
            ("alpha*v + ", "", (MOMENTUM,)),
        ),
    ),
    "adam statements": Written(
        "adam",
        MEANS + "mhat = m/(1 - beta1**t)\nvhat = v/(1 - beta2**t)\n"
        "w = w - lr*mhat/(np.sqrt(vhat) + eps)",
        ADAM_STATE,
        wrong=(
            *ADAM_WRONG,
            ("m/(1 - beta1**t)", "m", (BIAS,)),
            ("v/(1 - beta2**t)", "v", (BIAS,)),
            ("v/(1 - beta2**t)", "v*(1 - beta2**t)", (BIAS,)),
            ("m/(1 - beta1**t)", "m/(1 - beta1)", (TIME, BIAS)),
            ("1 - beta1**t)", "1 - beta1*t)", (TIME, BIAS)),
            ("beta1**t", "beta1**(t - 1)", (TIME,)),
            ("beta2**t", "beta2**(t + 1)", (TIME,)),
            ("beta2**t", "beta2**2", (TIME,)),
            ("beta2**t", "beta1**t", (CONSTANT,)),
            ("1 - beta2**t", "1 + beta2**t", (BIAS, SIGN)),
            ("lr*mhat", "lr*m", (BIAS,)),
            ("vhat) + eps", "v) + eps", (BIAS,)),
            ("np.sqrt(vhat) + eps", "np.sqrt(vhat + eps)", (EPS,)),
            ("np.sqrt(vhat) + eps", "vhat + eps", (ROOT,)),
            ("(np.sqrt(vhat) + eps)", "np.sqrt(vhat) + eps", (EPS,)),
            ("(np.sqrt(vhat) + eps)", "np.sqrt(vhat)", (EPS,)),
            ("np.sqrt(vhat) + eps", "np.sqrt(vhat) + np.sqrt(eps)", (EPS,)),
            ("np.sqrt(vhat) + eps", "maximum(np.sqrt(vhat), eps)", (EPS,)),
            ("w - lr", "w + lr", (SIGN,)),
            ("lr*mhat", "mhat", (RATE,)),
            ("lr*mhat", "lr**2*mhat", (RATE,)),
            ("lr*mhat", "lr*g", (OTHER,)),
            ("mhat/(np.sqrt(vhat)", "vhat/(np.sqrt(mhat)", (OTHER,)),
        ),
    ),
    "adam fused": Written(
        "adam",
        MEANS + "w = w - lr*(m/(1 - beta1**t))/((v/(1 - beta2**t))**0.5 + eps)",
        ADAM_STATE,
        wrong=(
            *ADAM_WRONG,
            ("(m/(1 - beta1**t))", "m", (BIAS,)),
            ("(v/(1 - beta2**t))", "v", (BIAS,)),
            ("beta1**t", "beta1**(t + 1)", (TIME,)),
            ("beta2**t", "beta2**(t - 1)", (TIME,)),
            ("**0.5", "", (ROOT,)),
            (" + eps", "", (EPS,)),
            ("w - lr", "w + lr", (SIGN,)),
            ("lr*(m", "(m", (RATE,)),
        ),
    ),
    "adam folded rate": Written(
        "adam",
        MEANS + "rate = lr*sqrt(1 - beta2**t)/(1 - beta1**t)\n"
        "w = w - rate*m/(sqrt(v) + eps*sqrt(1 - beta2**t))",
        ADAM_STATE,
        wrong=(
            *ADAM_WRONG,
            ("eps*sqrt(1 - beta2**t)", "eps", (EPS,)),
            ("lr*sqrt(1 - beta2**t)", "lr*(1 - beta2**t)", (ROOT, BIAS)),
            ("/(1 - beta1**t)", "", (BIAS,)),
            ("lr*sqrt", "sqrt", (RATE,)),
            ("w - rate", "w + rate", (SIGN,)),
        ),
    ),
    "adam lerp": Written(
        "adam",
        "m = m + (1 - beta1)*(g - m)\nv = v + (1 - beta2)*(g*g - v)\nc1 = 1 - beta1**t\n"
        "c2 = 1 - beta2**t\nw = w - lr*(m/c1)/(sqrt(v/c2) + eps)",
        ADAM_STATE,
        wrong=(
            ("(1 - beta1)*(g - m)", "beta1*(g - m)", (CONSTANT, MOMENTUM)),
            ("(g*g - v)", "(g - v)", (OTHER,)),
            ("beta1**t", "beta1", (TIME, BIAS)),
            ("1 - beta2**t", "beta2**t", (BIAS,)),
            ("m/c1", "m*c1", (BIAS,)),
            ("m/c1", "m", (BIAS,)),
            ("v/c2", "v/c1", (BIAS, CONSTANT)),
            ("sqrt(v/c2) + eps", "sqrt(v/c2 + eps)", (EPS,)),
        ),
    ),
    "adam running powers": Written(
        "adam",
        MEANS + "p1 = p1*beta1\np2 = p2*beta2\nw = w - lr*m/(1 - p1)/(sqrt(v/(1 - p2)) + eps)",
        {**ADAM_STATE, "p1": 1.0, "p2": 1.0},
        wrong=(
            ("p1*beta1", "p1*beta2", (CONSTANT,)),
            ("w - lr", "w + lr", (SIGN,)),
            ("lr*m", "m", (RATE,)),
        ),
    ),
    "adam decay": Written(
        "adam",
        "g = g + weight_decay*w\n" + MEANS + "mhat = m/(1 - beta1**t)\nvhat = v/(1 - beta2**t)\n"
        "w = w - lr*mhat/(sqrt(vhat) + eps)",
        ADAM_STATE,
        {"weight_decay": 0.1},
        (
            ("g + weight_decay*w", "g - weight_decay*w", (DECAY, SIGN)),
            ("g + weight_decay*w", "g + w", (DECAY,)),
            ("g + weight_decay*w", "g + lr*weight_decay*w", (DECAY,)),
            ("g + weight_decay*w", "g + weight_decay*g", (DECAY,)),
        ),
    ),
    "adamw": Written(
        "adamw",
        MEANS + "mhat = m/(1 - beta1**t)\nvhat = v/(1 - beta2**t)\n"
        "w = (1 - lr*weight_decay)*w - lr*mhat/(sqrt(vhat) + eps)",
        ADAM_STATE,
        {"weight_decay": 0.1},
        (
            ("(1 - lr*weight_decay)*w", "w", (DECAY,)),
            ("(1 - lr*weight_decay)*w", "(1 + lr*weight_decay)*w", (DECAY, SIGN)),
            ("(1 - lr*weight_decay)*w", "(1 - weight_decay)*w", (DECAY, RATE)),
            ("m/(1 - beta1**t)", "m", (BIAS,)),
            ("- lr*mhat", "+ lr*mhat", (SIGN,)),
            ("sqrt(vhat)", "vhat", (ROOT,)),
        ),
    ),
    "adamw after": Written(
        "adamw",
        MEANS + "update = (m/(1 - beta1**t))/(sqrt(v/(1 - beta2**t)) + eps) + weight_decay*w\n"
        "w = w - lr*update",
        ADAM_STATE,
        {"weight_decay": 0.2},
        (
            (" + weight_decay*w", "", (DECAY,)),
            (" + weight_decay*w", " - weight_decay*w", (DECAY, SIGN)),
            (" + weight_decay*w", " + lr*weight_decay*w", (DECAY,)),
            ("lr*update", "update", (RATE,)),
        ),
    ),
}


@dataclass(frozen=True)
class Mutant:
    """A program with one wrong line."""

    written: Written
    code: str
    line: int
    """Counted from 1."""
    rules: tuple


def mutants():
    """Return every program with one of its lines wrong, by name."""
    found = {}
    for name, written in PROGRAMS.items():
        for old, new, rules in written.wrong:
            at = written.code.index(old)
            code = written.code[:at] + new + written.code[at + len(old) :]
            line = written.code[:at].count("\n") + 1
            found[f"{name}: {old} -> {new}"] = Mutant(written, code, line, rules)
    return found


def is_sound(written, code, state=None):
    """Tell whether Python, running the text, moves a weight as the optimizer's paper says."""
    rng = np.random.default_rng(5)
    worst = 0.0
    for scale in (1e-7, 1e-3, 1.0, 1e3):
        for start in (0.0, 2.0):
            gradients = [float(g) * scale for g in rng.normal(size=12)]
            lr = float(rng.uniform(0.01, 0.3))
            true = list(paper(written, start, gradients, lr))
            made = list(steps_of(written, code, state or written.state, start, gradients, lr))
            travel = np.cumsum(np.abs(np.diff([start, *true]))) + 1e-9 * abs(start) + 1e-300
            if not np.all(np.isfinite(made)):
                return False
            worst = max(worst, float(np.max(np.abs(np.subtract(made, true)) / travel)))
    return worst < 1e-6


def steps_of(written, code, state, w, gradients, lr):
    """Yield the weight after each step of a program, run by Python."""
    constants = {**DEFAULTS[written.optimizer], **written.constants}
    compiled = compile(ast.parse(code), "update", "exec")
    state = {name: np.float64(value) for name, value in state.items()}
    w = np.float64(w)
    for t, g in enumerate(gradients, 1):
        scope = {"np": np, "sqrt": np.sqrt, "maximum": np.maximum, "w": w, "g": np.float64(g)}
        scope |= {"tanh": np.tanh, "t": t, "lr": lr, **constants, **state}
        with np.errstate(all="ignore"):
            exec(compiled, scope)
        w, state = scope["w"], {name: scope[name] for name in state}
        yield float(w)


def paper(written, w, gradients, lr):
    """Yield the weight after each step of the optimizer, in plain floats."""
    c = {**DEFAULTS[written.optimizer], **written.constants}
    one = two = 0.0
    for t, gradient in enumerate(gradients, 1):
        g = gradient
        if written.optimizer == "adamw":
            w -= lr * c["weight_decay"] * w
        else:
            g += c["weight_decay"] * w
        match written.optimizer:
            case "sgd":
                one = c["momentum"] * one + g
                ahead = g + c["momentum"] * one if c["nesterov"] else one
                w -= lr * ahead
            case "adagrad":
                one += g * g
                w -= lr * g / (math.sqrt(one) + c["eps"])
            case "rmsprop":
                two = c["alpha"] * two + (1 - c["alpha"]) * g * g
                one = c["momentum"] * one + g / (math.sqrt(two) + c["eps"])
                w -= lr * one
            case _:
                one = c["beta1"] * one + (1 - c["beta1"]) * g
                two = c["beta2"] * two + (1 - c["beta2"]) * g * g
                root = math.sqrt(two / (1 - c["beta2"] ** t)) + c["eps"]
                w -= lr * one / (1 - c["beta1"] ** t) / root
        yield w
