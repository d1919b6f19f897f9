"""Random programs over the whole registry, whose text Python can run too."""

import contextlib
import math

import numpy as np

from gradtui.engine.ops import OPS

SHAPES = {"s": (), "t": (), "w": (3,), "u": (2,), "W": (2, 3), "K": (2, 3, 2), "c": (2, 1),
          "X": (4, 2), "y": (4,)}  # fmt: skip
DATA = ("X", "y")
"""The names a program may read, and those of them that are data."""


def draw_values(seed):
    """Return name -> numbers between -1.5 and 1.5."""
    rng = np.random.default_rng(seed)
    return {name: rng.uniform(-1.5, 1.5, shape) for name, shape in SHAPES.items()}


class Program:
    """Writes a random program line by line, keeping the shape of every name."""

    def __init__(self, random):
        self.random = random
        self.shapes = dict(SHAPES)
        self.used = set()
        self.lines = []
        for number in range(random.randint(1, 4)):
            last = f"z{number}"
            text, self.shapes[last] = self.expression(random.randint(1, 2))
            self.lines.append(f"{last} = {text}")
        self.lines.append(f"L = mean({last}*{last}) + sum({last})/7 - 0.5*s")

    @property
    def smooth(self):
        return all(OPS[op].kink is None for op in self.used)

    def name(self):
        fresh = [name for name in self.shapes if name.startswith("z")]
        name = self.random.choice(fresh if fresh and self.random.random() < 0.5 else [*self.shapes])
        return name, self.shapes[name]

    def expression(self, depth):
        """Return the text and the shape of an operation of the registry on smaller expressions."""
        if depth == 0:
            return self.name()
        op = self.random.choice([op for op, entry in OPS.items() if not entry.internal])
        self.used.add(op)
        a, shape = self.expression(depth - 1)
        match op:
            case "@":
                return self.product(a, shape)
            case "sum" | "mean" | "max" | "var":
                return self.reduction(op, a, shape)
            case "T":
                return f"({a}).T", shape[::-1]
            case "expand":
                if not shape:
                    return f"({a})[None]", (1,)
                if self.random.random() < 0.5:
                    return f"({a})[None, :]", (1, *shape)
                return f"({a})[:, None]", (*shape[:1], 1, *shape[1:])
            case "neg":
                return f"-({a})", shape
            case "exp":
                return f"exp(tanh({a}))", shape
            case "clip":
                return f"clip({a}, -0.7, 0.4)", shape
            case "reshape":
                size = math.prod(shape)
                return f"reshape({a}, (1, {size}))", (1, size)
            case "broadcast_to":
                return f"broadcast_to({a}, {(2, *shape)})", (2, *shape)
            case "transpose":
                order = self.random.sample(range(len(shape)), len(shape))
                given = f", {tuple(order)}" if order and self.random.random() < 0.7 else ""
                shape = tuple(shape[i] for i in order) if given else shape[::-1]
                return f"transpose({a}{given})", shape
            case "slice":
                return self.part(a, shape)
            case "concat":
                return self.joined(a, shape)
            case "dot":
                return self.product(a, shape, "dot")
            case "outer":
                return f"outer(reshape({a}, -1), w)", (math.prod(shape), 3)
            case "layer_norm":
                return (f"layer_norm({a})", shape) if shape else (a, shape)
            case "one_hot" | "take" | "cross_entropy":
                return self.on_labels(op, a, shape)
            case "softmax" | "log_softmax" | "logsumexp":
                if not shape:
                    return self.on_scores(op, f"({a})[None]", (1,))
                return self.on_scores(op, a, shape)
            case "arcsin" | "arccos" | "arctanh":
                return f"{op}(0.9*tanh({a}))", shape
            case "arccosh":
                return f"arccosh(({a})**2 + 1.5)", shape
            case "log" | "sqrt":
                return f"{op}(({a})**2 + 0.5)", shape
            case _ if len(OPS[op].operands) == 1:
                return f"np.{op}({a})", shape
        own, (b, shape) = shape, self.fitting(shape, depth - 1)
        match op:
            case "/":
                return f"({a})/(({b})**2 + 1)", shape
            case "**":
                exponent = self.random.choice(["", "", "2", "3", "0.5", "-1", "1", "len(X)"])
                base = f"(({a})**2 + 0.5)"
                return (f"{base}**{exponent}", own) if exponent else (f"{base}**tanh({b})", shape)
            case "<" | ">" | "<=" | ">=" | "==" | "!=":
                return f"(({a}) {op} ({b}))*({a})", shape
            case "where":
                return f"where(({a}) > 0.1, {b}, {a})", shape
            case _ if OPS[op].infix:
                return f"({a}) {op} ({b})", shape
            case _:
                return f"{op}({a}, {b})", shape

    def fitting(self, shape, depth):
        """Return another operand, its mean if it does not broadcast, and the result's shape."""
        if self.random.random() < 0.15:
            return self.random.choice(["2", "0.5", "1", "0", "len(X)", "W.shape[1]"]), shape
        b, other = self.expression(depth)
        try:
            return b, np.broadcast_shapes(shape, other)
        except ValueError:
            return f"mean({b})", shape

    def reduction(self, op, a, shape):
        if not shape or self.random.random() < 0.4:
            # NumPy's method gives the variance of absolute values, not one that is analytic.
            return f"var({a})" if op == "var" else f"({a}).{op}()", ()
        axis = self.random.randrange(-len(shape), len(shape))
        keepdims = self.random.random() < 0.5
        text = f"{op}({a}, axis={axis}{', keepdims=True' if keepdims else ''})"
        return text, np.sum(np.empty(shape), axis, keepdims=keepdims).shape

    def on_scores(self, op, a, shape):
        axis = self.random.randrange(-len(shape), len(shape))
        text, axis = (f"{op}({a})", -1) if self.random.random() < 0.5 else (
            f"{op}({a}, axis={axis})", axis)  # fmt: skip
        return text, np.sum(np.empty(shape), axis).shape if op == "logsumexp" else shape

    def on_labels(self, op, a, shape):
        """Labels are computed so that they are right: 0 or 1."""
        if op == "one_hot":
            return f"one_hot({a} > 0, 2)", (*shape, 2)
        if op == "take" and shape and shape[0] > 1:
            return f"take({a}, y > 0)", (4, *shape[1:])
        if op == "cross_entropy" and shape and shape[-1] > 1:
            return f"cross_entropy({a}, max({a}, axis=-1) > 0)", ()
        return a, shape

    def part(self, a, shape):
        if not shape:
            return f"({a})[None][:1]", (1,)
        axis = self.random.randrange(len(shape))
        text = self.random.choice(["1:", ":-1", "-2:", "0:2", ":", "1:1000"])
        bounds = slice(*(int(part) if part else None for part in text.split(":")))
        size = len(range(shape[axis])[bounds])
        if size == 0:
            return a, shape
        return f"({a})[{':, ' * axis}{text}]", (*shape[:axis], size, *shape[axis + 1 :])

    def joined(self, a, shape):
        if not shape:
            return f"concat(({a})[None], w, u)", (6,)
        axis = self.random.randrange(len(shape))
        given = f", axis={axis}" if axis or self.random.random() < 0.5 else ""
        whole = (*shape[:axis], 3 * shape[axis], *shape[axis + 1 :])
        return f"concat({a}, 2*({a}), ({a})**2{given})", whole

    def product(self, a, shape, op="@"):
        fits = {}
        for name, other in self.shapes.items():
            if op == "@" or max(len(shape), len(other)) <= 2:
                with contextlib.suppress(ValueError):
                    fits[name] = np.shape(np.zeros(shape) @ np.zeros(other))
        if not fits:
            return f"(W@w)@u*({a})", shape
        name = self.random.choice([*fits])
        return f"({a})@{name}" if op == "@" else f"dot({a}, {name})", fits[name]
