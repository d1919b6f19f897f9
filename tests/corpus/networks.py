"""Deep networks and their right backward passes, made from a few words."""

from __future__ import annotations

import functools

import msgspec
import numpy as np

from corpus.given import Given
from corpus.load import Slip, read

_NORM = (
    "m{i} = mean({x}, axis=1, keepdims=True)",
    "s{i} = sqrt(var({x}, axis=1, keepdims=True) + 1e-5)",
    "u{i} = ({x} - m{i})/s{i}",
    "n{i} = g{i}*u{i} + c{i}",
)
_NORM_BACK = ("dg{i} = sum(dn{i}*u{i}, axis=0)", "dc{i} = sum(dn{i}, axis=0)", "du{i} = dn{i}*g{i}")
_NORM_SLOPE = (
    "(du{i} - mean(du{i}, axis=1, keepdims=True)"
    " - u{i}*mean(du{i}*u{i}, axis=1, keepdims=True))/s{i}"
)
_HALVED = 15
"""Layers from which on a residual branch counts by half."""


class Sizes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of a network."""

    layers: int
    width: int
    rows: int
    inputs: int
    outputs: int


class Network(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A network, and the lines of its backward pass that are wrong."""

    name: str
    topic: str
    learnt: bool
    seed: tuple[int, int]
    sizes: Sizes
    blocks: tuple[str, ...]
    """Of the first layer, then of the others in turns: an activation, before it ln_, res_, pre_."""
    loss: str
    """mse, ce (of class numbers) or one-hot."""
    divisor: str
    """How the backward pass writes the mean's: as in `/12` or `/Y.shape[0]`."""
    gain: float
    """What the weights are drawn with."""
    style: str
    """split, merged (a layer in a line) or helper (slopes on lines of their own)."""
    words: tuple[str, str]
    """What goes into an activation is called, and what comes out."""
    slips: tuple[Slip, ...]
    lr: float = 1e-6
    bias: bool = True
    """Whether layers after the first have one."""


@functools.cache
def networks(topic: str) -> tuple[Given, ...]:
    """Return the programs that are made of the networks of a topic."""
    return tuple(
        _Builder(msgspec.convert({"name": name, "topic": topic, **table}, Network)).program()
        for name, table in read(topic).items()
        if "blocks" in table
    )


class _Builder:
    def __init__(self, net: Network) -> None:
        self.net = net
        self.layers, self.width, self.rows, self.inputs, self.outputs = msgspec.structs.astuple(
            net.sizes
        )
        self.rng = np.random.default_rng(net.seed)
        first, *others = net.blocks
        self.blocks = [first, *((others or [first]) * self.layers)[: self.layers - 1]]
        self.data = {"X": np.round(self.rng.standard_normal((self.rows, self.inputs)), 2)}
        self.parameters, self.model = {}, []

    def program(self) -> Given:
        parts, before = [], "X"
        for i, block in enumerate(self.blocks, 1):
            parts.append(self.layer(i, block, before))
            before = f"{self.net.words[1]}{i}"
        backward = self.output(before)
        for part in reversed(parts):
            backward += part
        net = self.net
        return Given(
            net.name,
            net.topic,
            net.learnt,
            {name: numbers.tolist() for name, numbers in self.data.items()},
            {name: numbers.tolist() for name, numbers in self.parameters.items()},
            "\n".join(self.model) + "\n",
            "\n".join(backward) + "\n",
            net.slips,
            lr=net.lr,
        )

    def weights(self, shape: tuple[int, int], gain: float):
        return rounded(self.rng.standard_normal(shape) * gain / np.sqrt(shape[0]), 4)

    def first_gain(self) -> float:
        return np.sqrt(2) if any("relu" in block for block in self.net.blocks) else 1.0

    def shifts(self):
        return 0.1 * self.rng.standard_normal(self.width)

    def draw(self, i: int, kind: str) -> str:
        """Draw the parameters of a layer; return the term of its bias."""
        fan, gain = (self.width, self.net.gain) if i > 1 else (self.inputs, self.first_gain())
        self.parameters[f"W{i}"] = self.weights((fan, self.width), gain)
        biased = self.net.bias or i == 1
        if biased:
            self.parameters[f"b{i}"] = rounded(self.shifts(), 3)
        if kind in ("ln", "pre"):
            self.parameters[f"g{i}"] = rounded(1 + self.shifts(), 3)
            self.parameters[f"c{i}"] = rounded(self.shifts(), 3)
        if kind == "pre":
            self.parameters[f"V{i}"] = self.weights((self.width, self.width), self.net.gain)
        return f" + b{i}" if biased else ""

    def layer(self, i: int, block: str, before: str) -> list[str]:
        """Add a layer to the model; return the lines from its output's gradient to its input's."""
        kind, _, act = block.rpartition("_")
        z, h = (f"{word}{i}" for word in self.net.words)
        bias = self.draw(i, kind)
        into = f"n{i}" if kind == "pre" else before
        normed = [row.format(i=i, x=z if kind == "ln" else before) for row in _NORM]
        share = "0.5*" if kind == "res" and self.layers >= _HALVED else ""
        line, above = f"{z} = {into}@W{i}{bias}", f"d{h}@V{i}.T"
        match kind:
            case "ln":
                self.model += [line, *normed, f"{h} = {act}(n{i})"]
                back = [f"dn{i} = d{h}*{_slope(act, f'n{i}', h)}"]
                back += [row.format(i=i) for row in (*_NORM_BACK, f"d{z} = {_NORM_SLOPE}")]
            case "res":
                self.model += [line, f"a{i} = {act}({z})", f"{h} = {before} + {share}a{i}"]
                back = [f"d{z} = {share}d{h}*{_slope(act, z, f'a{i}')}"]
            case "pre":
                self.model += [*normed, line, f"a{i} = {act}({z})", f"{h} = {before} + a{i}@V{i}"]
                back = [f"dV{i} = a{i}.T@d{h}", f"da{i} = {above}"]
                back += [f"d{z} = da{i}*{_slope(act, z, f'a{i}')}"]
            case _:
                self.model += [line, f"{h} = {act}({z})"]
                back = self.activation(i, _slope(act, z, h))
        back.append(f"dW{i} = {into}.T@d{z}")
        back += [f"db{i} = sum(d{z}, axis=0)"] if bias else []
        return back + (self.input(i, kind, before) if i > 1 else [])

    def activation(self, i: int, slope: str) -> list[str]:
        z, h = (f"{word}{i}" for word in self.net.words)
        if self.net.style == "helper":
            bare = slope.removeprefix("(").removesuffix(")")
            return [f"slope{i} = {bare}", f"d{z} = d{h}*slope{i}"]
        merged = self.net.style == "merged" and i < self.layers
        return [] if merged else [f"d{z} = d{h}*{slope}"]

    def input(self, i: int, kind: str, before: str) -> list[str]:
        """Return the lines for the gradient of what goes into a layer."""
        below, out = self.net.words
        through, back = f"d{below}{i}@W{i}.T", f"d{out}{i}"
        if kind == "pre":
            rows = [f"dn{i} = {through}", *_NORM_BACK, f"d{before} = {back} + {_NORM_SLOPE}"]
            return [row.format(i=i) for row in rows]
        if kind == "res":
            return [f"d{before} = {back} + {through}"]
        if self.net.style == "merged":
            slope = _slope(self.blocks[i - 2], f"{below}{i - 1}", before)
            return [f"d{below}{i - 1} = {through}*{slope}"]
        return [f"d{before} = {through}"]

    def output(self, last: str) -> list[str]:
        """Add the last layer and the loss to the model; return the lines back to its input."""
        self.parameters["Wo"] = self.weights((self.width, self.outputs), 1.0)
        self.parameters["bo"] = rounded(0.1 * self.rng.standard_normal(self.outputs), 3)
        self.model.append(f"o = {last}@Wo + bo")
        back = self.loss()
        return [*back, f"dWo = {last}.T@do", "dbo = sum(do, axis=0)", f"d{last} = do@Wo.T"]

    def loss(self) -> list[str]:
        divisor, classes = self.net.divisor, self.outputs
        if self.net.loss == "mse":
            self.data["Y"] = np.round(self.rng.standard_normal((self.rows, classes)), 2)
            self.model += ["e = o - Y", "L = mean(e**2)"]
            return [f"do = 2*e{divisor}"]
        labels = self.rng.permutation(np.arange(self.rows) % classes)
        if self.net.loss == "ce":
            self.data["y"] = labels
            self.model.append("L = cross_entropy(o, y)")
            return [f"do = (softmax(o) - one_hot(y, {classes})){divisor}"]
        self.data["Y"] = np.eye(classes)[labels]
        self.model.append("L = -mean(sum(Y*log_softmax(o), axis=1))")
        return ["p = softmax(o)", f"do = (p - Y){divisor}"]


def _slope(act: str, z: str, h: str) -> str:
    return f"(1 - {h}**2)" if act == "tanh" else f"({z} > 0)"


def rounded(values, digits: int):
    """Return numbers of few significant digits: short in a file, and exact."""
    values = np.asarray(values, float)
    return np.array([float(f"{one:.{digits}g}") for one in values.flat]).reshape(values.shape)
