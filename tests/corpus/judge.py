"""Whether a scenario's hand-written gradient is right: executed apart from gradtui's engine.

Model and backward pass are executed with NumPy at random parameters, with the data of the file and
with others; every claim about a parameter is compared with central differences, in float64.
"""

from __future__ import annotations

import functools
import json
import re
import tomllib
import zlib
from dataclasses import dataclass

import numpy as np

from corpus.load import in_form
from corpus.numerics import parse, run

POINTS = 4
OWN = 2
"""Of these, so many first ones with the data of the file; the others with data like them."""
SOUND = 1e-7
"""Difference, relative to the gradient's size, below which a claim is right."""
WRONG = 1e-4
"""Difference above which a claim is wrong; what lies between is neither."""


@dataclass(frozen=True)
class Verdict:
    """What the execution at random points says."""

    state: str
    """sound, wrong, doubtful, or broken: it cannot be executed.

    Wrong is what is wrong with the data of the file; what is wrong with others only is doubtful."""
    wrong: tuple[str, ...] = ()
    """Parameters whose claims are wrong."""
    reason: str = ""

    @property
    def sound(self):
        return self.state == "sound"


@dataclass(frozen=True)
class Truth:
    """Random points, the model's values there, and the true gradients of the parameters."""

    targets: tuple[str, ...]
    """The names whose gradients are judged."""
    points: tuple[dict, ...]
    """Data, parameters and the values of the model, by name."""
    gradients: tuple[dict, ...]
    scales: tuple[dict, ...]
    """What differences are relative to: the gradient's size, or a little of the largest one's."""
    adjoints: tuple[dict, ...]
    """The true gradients of the model's values that are claimed."""


def judge(text):
    """Return the verdict on the `[backward]` program of a scenario."""
    raw = tomllib.loads(text)
    truth = truth_of(raw)
    try:
        outcomes = claims_at(raw, truth)
    except (ValueError, TypeError, IndexError, NameError, AttributeError) as error:
        return Verdict("broken", reason=f"{type(error).__name__}: {error}")
    return compare(truth, outcomes)


def compare(truth, outcomes):
    """Return the verdict on claims, given as a dictionary for each point."""
    wrong, doubtful = {}, False
    rows = zip(truth.gradients, truth.scales, outcomes, strict=True)
    for index, (gradients, scales, claims) in enumerate(rows):
        for name in claims.keys() & gradients.keys():
            distance = difference(claims[name], gradients[name], scales[name])
            if distance > WRONG and index < OWN:
                wrong[name] = None
            elif distance > SOUND:
                doubtful = True
    if wrong:
        return Verdict("wrong", tuple(n for n in truth.targets if n in wrong))
    if not any(claims.keys() & gradients.keys() for claims in outcomes):
        return Verdict("broken", reason="nothing is claimed")
    return Verdict("doubtful" if doubtful else "sound")


def difference(claim, true, scale):
    """Return the largest difference relative to a scale; infinite for a wrong shape, for NaN."""
    if np.shape(claim) != np.shape(true):
        return np.inf
    largest = np.abs(claim - true).max() / scale
    return largest if np.isfinite(largest) else np.inf


def claims_at(raw, truth, lines=None, replaced=None):
    """Return what is claimed at each point: target -> value.

    `replaced` gives, for each point, values that take the place of what lines compute.
    """
    lines = lines or parse(raw["backward"]["code"])
    return [
        {target: values[name] for name, target in claims_of(raw, lines, point)}
        for point, values in zip(truth.points, values_at(raw, truth, lines, replaced), strict=True)
    ]


def values_at(raw, truth, lines, replaced=None):
    """Return what the backward pass computes at each point, its state carried from one on."""
    state = raw["backward"].get("state", {})
    state = {name: np.asarray(value, float) for name, value in state.items()}
    found = []
    with np.errstate(all="ignore"):
        for index, point in enumerate(truth.points):
            values = run(lines, {**point, **state}, replaced[index] if replaced else None)
            state = {name: values[name] for name in state}
            found.append(values)
    return found


def truth_of(raw):
    """Return the truth about the parameters; if none is claimed, about the values that are."""
    lines = parse(raw["model"]["code"])
    known = {*raw["parameters"], *(line.name for line in lines)}
    pairs = claims_of(raw, parse(raw["backward"]["code"]), known)
    values = dict.fromkeys(t for _, t in pairs if t not in raw["parameters"])
    parts = {key: raw[key] for key in ("data", "parameters", "model")}
    return _truth(json.dumps(parts), tuple(values), len(values) == len(pairs))


def claims_of(raw, lines, known):
    """Return (name in the program, what it claims) of a backward pass."""
    others = raw["backward"].get("claims", {})
    found = []
    for line in lines:
        target = others.get(line.name)
        if target is None and line.name[:1] == "d" and line.name[1:] in known:
            target = line.name[1:]
        if target is not None:
            found.append((line.name, target))
    return found


@functools.cache
def _truth(serialised, claimed, only_values):
    raw = json.loads(serialised)
    lines = parse(raw["model"]["code"])
    loss = raw["model"].get("loss", lines[-1].name)
    labels = _labels(raw["model"]["code"], raw["data"])
    random = np.random.default_rng(zlib.crc32(serialised.encode()))
    targets = claimed if only_values else tuple(raw["parameters"])
    points, gradients, adjoints = [], [], []
    for _ in range(50 * POINTS):
        point = {
            name: draw(random, np.asarray(value, float), name in labels)
            for name, value in raw["data"].items()
        }
        if len(points) < OWN:
            point = {name: np.asarray(v, float)[()] for name, v in raw["data"].items()}
        for name, value in raw["parameters"].items():
            array = np.asarray(value, float)
            low = 0.4 if np.all(array > 0) else None
            point[name] = _any(random, array.shape, low)
        with np.errstate(all="ignore"):
            values = run(lines, point)
            if not np.isfinite(values[loss]):
                continue
            names = (*raw["parameters"], *claimed)
            true = {name: _central(lines, loss, values, name) for name in names}
        if any(gradient is None for gradient in true.values()):
            continue
        points.append(values)
        gradients.append({name: true[name] for name in targets})
        adjoints.append({name: true[name] for name in claimed})
        if len(points) == POINTS:
            scales = tuple(map(_scales, gradients))
            return Truth(targets, tuple(points), tuple(gradients), scales, tuple(adjoints))
    raise AssertionError("the model is not finite or not smooth at random points")


def _scales(gradients):
    sizes = {name: float(np.max(np.abs(true))) for name, true in gradients.items()}
    return {name: max(size, 1e-3 * max(sizes.values())) for name, size in sizes.items()}


def _labels(code, data):
    """Return the data used as whole numbers: the second operand of the functions for classes."""
    return {
        name
        for name in data
        if re.search(rf"(one_hot\({name}\b|(cross_entropy|take)\([^()]*, {name}\))", code)
    }


def draw(random, value, label):
    """Return random numbers of the same kind: labels, 0/1, positive, or any.

    What the numbers of the file have in common is kept: rows that are one-hot or sum to 1, signs,
    symmetry, a whole number such as a count.
    """
    if label:
        return random.integers(0, int(value.max()) + 1, value.shape).astype(float)
    form = form_of(value)
    if form == "count":
        return value[()]
    if form:
        return in_form(random, form, value.shape)
    if value.size > 1 and np.all((value == 0) | (value == 1)):
        return random.integers(0, 2, value.shape).astype(float)
    return _any(random, value.shape, 0.4 if np.all(value > 0) else None)


def _any(random, shape, low=None):
    return random.normal(0, 0.9, shape)[()] if low is None else random.uniform(low, 1.8, shape)[()]


def form_of(value):
    """Return what is special about the numbers of an array, or nothing."""
    if not value.ndim:
        return "count" if value == np.round(value) and value > 1 else ""
    if value.size > 1 and np.all(np.abs(value) == 1):
        return "signs"
    if value.ndim < 2 or value.shape[-1] == 1:
        return ""
    if np.all(value >= 0) and np.allclose(value.sum(axis=-1), 1):
        return "one-hot" if np.all((value == 0) | (value == 1)) else "shares"
    square = value.ndim == 2 and value.shape[0] == value.shape[1]
    return "symmetric" if square and np.allclose(value, value.T) else ""


def _central(lines, loss, point, name):
    """Return dLoss/dname by fourth-order differences; None near a kink, where two steps differ."""
    base = np.asarray(point[name], float)
    estimates = [np.empty(base.shape) for _ in range(2)]
    for at in np.ndindex(base.shape):
        for estimate, h in zip(estimates, (1e-3, 4e-4), strict=True):
            ends = []
            for k in (1, -1, 2, -2):
                moved = base.copy()
                moved[at] += k * h
                ends.append(run(lines, point, {name: moved[()]})[loss])
            estimate[at] = (8 * (ends[0] - ends[1]) - (ends[2] - ends[3])) / (12 * h)
    first, second = estimates
    if not np.allclose(first, second, rtol=1e-7, atol=1e-8):
        return None
    return second
