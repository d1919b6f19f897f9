"""Where a factor or a term may be missing, and what it may be."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from math import prod

from msgspec import Struct

from gradtui.base.text import number
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement, is_leaf
from gradtui.diagnosis.recorded.blame.material import arrays, own_functions
from gradtui.diagnosis.recorded.blame.units import Edit
from gradtui.diagnosis.recorded.blame.watch import Held, Shape
from gradtui.engine.shapes import stretches

_CURVES = (
    "{}",
    "(1 - {}**2)",
    "{} * (1 - {})",
    "({} > 0)",
    "(1 - {})",
    "1 / {}",
    "{}**2",
    "1 / {}**2",
    "{n}exp({})",
    "{n}cos({})",
    "{n}sin({})",
    "{n}sign({})",
    "{n}sqrt({})",
    "1 / {n}sqrt({})",
    "(1 + {}**2)",
    "({} < 0)",
    "({} != 0)",
)
_USUAL = 5
"""Of these the likelier ones."""
_NUMBERS = 8
"""Numbers in scope that are tried."""
_MOST = 24
"""Arrays of each kind that are tried."""
_CLOSE = 1e-6
_COUNTING = ("slice", "range", "len", "int")
"""Functions of whole numbers: no factor is missing there."""
_MADE: Mapping[str, Callable[[float], float]] = {
    "* {}": lambda v: v,
    "/ {}": lambda v: 1 / v,
    "* 2 * {}": lambda v: 2 * v,
    "* (1 - {})": lambda v: 1 - v,
    "/ (1 - {})": lambda v: 1 / (1 - v),
}
"""What a number in scope may be made into; none of them is 0 or 1."""


class Constant(Struct, frozen=True):
    """A number as a user would write it behind an expression."""

    text: str
    """As `* 2` or `/ N`."""
    told: str
    known: bool
    """Whether it is a number that one expects: a whole one, or one that has a name."""


class Slot:
    """An expression to which a factor or a term may be missing."""

    def __init__(self, s: Statement, node: ast.expr, shape: Shape | None) -> None:
        self.s, self.node, self.shape = s, node, shape

    @property
    def whole(self) -> bool:
        """Whether it is all that its statement stores."""
        return self.node is self.s.value()

    def times(self, factor: str) -> Edit:
        """Return the edit that multiplies it."""
        return self.s.replaced(self.node, f"{self.s.inside(self.node, 2)} * {factor}", 2)

    def plus(self, term: str) -> Edit:
        """Return the edit that adds to it."""
        return self.s.replaced(self.node, f"{self.s.inside(self.node, 1)} + {term}", 1)

    def scaled(self, constant: Constant) -> Edit:
        """Return the edit that multiplies or divides it by a number."""
        return self.s.replaced(self.node, f"{self.s.inside(self.node, 2)} {constant.text}", 2)

    def negated(self) -> Candidate:
        """Return it with the other sign."""
        edit = self.s.replaced(self.node, f"-{self.s.inside(self.node, 2)}", 3)
        return Candidate((edit,), "sign", "its sign is wrong", 0, "-1", self.node)

    def constant(self, value: float) -> Candidate:
        """Return it times a number, in names in scope where it is one of them."""
        if isinstance(self.node, ast.Constant):
            text = number(value * float(self.node.value))  # type: ignore[arg-type]
            edit = self.s.replaced(self.node, text, 9 if text[0] != "-" else 3)
            told = f"{self.s.text(self.node)} must be {text}"
            return Candidate((edit,), "constant-factor", told, 1, text, self.node)
        found = next(_constants(self.s, value))
        factor = found.text.replace("/ ", "1/").removeprefix("* ")
        return Candidate(
            (self.scaled(found),),
            "constant-factor",
            found.told,
            1 if found.known else 3,
            factor,
            self.node,
        )

    def factor(self, text: str, value: float, cost: int) -> Candidate:
        """Return it with a factor that is needed so many times."""
        many = (
            text
            if _same(value, 1)
            else f"(-{text})"
            if _same(value, -1)
            else (f"{number(value)} * {text}")
        )
        usual = _same(value, round(value)) and abs(value) < 4
        return Candidate(
            (self.times(many),),
            "missing-factor",
            f"the factor {many} is missing",
            cost + (not usual) + 2 * self._is_named(),
            many,
            self.node,
        )

    def _is_named(self) -> bool:
        """Return whether it is a name that is only added or handed on."""
        parent = self.s.parents.get(self.node)
        added = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Sub)
        handed = isinstance(self.s.node, ast.Return) and isinstance(parent, ast.Tuple | ast.Dict)
        return is_leaf(self.node) and (added or handed)

    def term(self, text: str, value: float) -> Candidate:
        """Return it with a term that is needed so many times."""
        rule, cost = "missing-path" if _same(value, 1) else "missing-term", 2
        many = text if _same(value, 1) else f"(-{text})"
        if not _same(abs(value), 1):
            found = next(_constants(self.s, value))
            cost = 2 if found.known else 4
            short = number(value)
            many = f"{text} {found.text}"
            if found.text.startswith("*"):
                many = f"{found.text[2:]} * {text}"
            elif found.text[2:].isdigit() and len(short) <= len("0.125"):
                many = f"{short} * {text}"
        return Candidate(
            (self.plus(many),), rule, f"the term {many} is missing", cost, many, self.node
        )

    def factors(self) -> Iterator[tuple[str, int]]:
        """Yield factors made of what is in scope, each with how far-fetched it is."""
        names = self._stretching()
        for at, form in enumerate(_CURVES):
            for name, held in names:
                if held.kind == "f" or not at:
                    cost = 2 if not at else 3 if at < _USUAL else 4
                    yield form.format(name, name, n=self.s.numpy), cost
        yield from ((text, 3) for text in self._corrections())
        for text, held in self.s.scope.items():
            if held.kind == "f" and not held.shape:
                yield from ((text, 3), (f"(1 - {text})", 4))
        for function, arity in own_functions(self.s):
            for name, held in names:
                if arity == 1 and held.kind == "f":
                    yield f"{function}({name})", 3

    def rooted(self) -> Candidate:
        """Return the root of it."""
        edit = self.s.replaced(self.node, f"{self.s.numpy}sqrt({self.s.text(self.node)})")
        return Candidate((edit,), "missing-factor", "its root is needed", 2, None, self.node)

    def _corrections(self) -> Iterator[str]:
        """Yield what corrects the bias of a running mean: 1 / (1 - beta**t)."""
        single = [(text, held) for text, held in self.s.scope.items() if not held.shape]
        rates = [text for text, held in single if held.kind == "f" and 0 < (held.value or 0) < 1]
        counts = [text for text, held in single if held.kind == "i"]
        for rate in rates:
            yield from (f"1 / (1 - {rate}**{count})" for count in counts)

    def terms(self) -> Iterator[str]:
        """Yield terms made of what is in scope."""
        found = [
            name
            for name, held in arrays(self.s)
            if held.kind == "f" and (self.shape is None or stretches(held.shape, self.shape))
        ]
        yield from found[:_MOST]

    def multiples(self) -> Iterator[float]:
        """Yield how often a term may be needed, from the numbers and sizes in scope."""
        yield 1.0
        numbers = [held.value for held in self.s.scope.values() if held.value and not held.shape]
        sizes = [float(size) for _, size in _sizes(self.s)]
        for value in dict.fromkeys([*numbers, *sizes][:_NUMBERS]):
            yield from (1 / value, value, 2 * value)

    def _stretching(self) -> list[tuple[str, Held]]:
        own = self.shape
        found = [
            (text, held)
            for text, held in arrays(self.s)
            if own is None or stretches(held.shape, own) or stretches(own, held.shape)
        ]
        if own is not None and len(own) > 1:
            found += self._unsqueezed(own)
            found += [
                (f"{text}[:, None]", held)
                for text, held in arrays(self.s)
                if held.shape == own[:-1] and not stretches(held.shape, own)
            ]
        return sorted(found, key=lambda pair: pair[1].shape != own)[:_MOST]

    def _unsqueezed(self, own: Shape) -> list[tuple[str, Held]]:
        """Return arrays that lack an axis in the middle, where these have a way to add one."""
        if "unsqueeze" not in self.s.dialect.methods:
            return []
        return [
            (f"{text}.unsqueeze({axis})", held)
            for text, held in arrays(self.s)
            for axis in range(1, len(own) - 1)
            if held.shape == own[:axis] + own[axis + 1 :] and held.shape != own[:-1]
        ]


class After(Slot):
    """What a statement stores, to be changed by a line that is missing after it."""

    def __init__(self, s: Statement, node: ast.expr, name: str, shape: Shape | None) -> None:
        super().__init__(s, node, shape)
        self._name = name
        self.alone = isinstance(s.node, ast.Assign) and s.node.targets == [node]
        """Whether the statement stores nothing else: what it lacks it lacks itself."""

    def times(self, factor: str) -> Edit:
        """Return the edit that multiplies it."""
        return self.line(f"{self._name} *= {factor}")

    def plus(self, term: str) -> Edit:
        """Return the edit that adds to it."""
        return self.line(f"{self._name} += {term}")

    def scaled(self, constant: Constant) -> Edit:
        """Return the edit that multiplies or divides it by a number."""
        return self.line(f"{self._name} {constant.text.replace(' ', '= ', 1)}")

    def negated(self) -> Candidate:
        """Return it with the other sign."""
        return Candidate(
            (self.line(f"{self._name} *= -1"),), "sign", "its sign is wrong", 1, "-1", self.node
        )

    def kept(self) -> Iterator[tuple[str, Edit]]:
        """Yield the lines that add it to what else has its shape."""
        for text, held in arrays(self.s):
            if held.kind == "f" and held.shape == self.shape and text != self._name:
                yield text, self.line(f"{text} += {self._name}")

    def picked(self) -> Iterator[Candidate]:
        """Yield the lines that subtract 1 at the labels, as the slope of a softmax asks for."""
        if self.shape is None or len(self.shape) != 2:
            return
        for text, held in self.s.scope.items():
            if held.kind == "i" and held.shape == self.shape[:1]:
                where = f"{self._name}[{self.s.numpy}arange(len({text})), {text}]"
                told = f"1 must be subtracted from it at {text}"
                yield Candidate(
                    (self.line(f"{where} -= 1"),), "missing-term", told, 2, "1", self.node
                )

    def line(self, text: str) -> Edit:
        """Return the edit that adds a line after the statement."""
        end = self.s.unit.end(self.s.node)
        return Edit(end, end, f"\n{self.s.margin}{text}")


def slots(s: Statement) -> Iterator[Slot]:
    """Yield what a statement stores, the operands in it, and what it gives to functions."""
    value = s.value()
    if isinstance(value, ast.Call) and ast.unparse(value.func) in _COUNTING:
        return
    found: list[ast.expr | None] = [value]
    if isinstance(value, ast.Tuple | ast.List):
        found = [*value.elts]
    elif isinstance(value, ast.Dict):
        found = [*value.values]
    for node in s.nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub | ast.MatMult):
            found += [node.left, node.right]
        elif isinstance(node, ast.BinOp | ast.Compare):
            found += [
                one
                for one in ast.iter_child_nodes(node)
                if isinstance(one, ast.expr) and not is_leaf(one)
            ]
        elif isinstance(node, ast.Call):
            found += node.args
            if isinstance(node.func, ast.Attribute):
                found.append(node.func.value)
    seen: set[ast.AST] = set()
    for one in found:
        if one is None or one is s.spared:
            continue
        if one not in seen and _is_number(s, one):
            seen.add(one)
            yield Slot(s, one, _shape(s, one))


def _shape(s: Statement, node: ast.expr) -> Shape | None:
    """Return the shape of an expression's value, that of the target where it is all it gets."""
    own = s.shape(node)
    if node is not s.value():
        return own
    if isinstance(s.node, ast.AugAssign):
        return s.shape(s.node.target) or own
    if own is None and isinstance(s.node, ast.Assign):
        held = s.stored(s.node.targets[0])
        return None if held is None else held.shape
    return own


def afters(s: Statement) -> Iterator[After]:
    """Yield what a statement stores that its own expression does not make alone."""
    if not s.margin.isspace():
        return
    node = s.node
    targets: list[ast.expr] = []
    if isinstance(node, ast.AugAssign):
        targets = [node.target]
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        targets = node.value.args[:1]  # what np.add.at and the like write
    elif isinstance(node, ast.Assign):
        targets = [one for target in node.targets for one in _parts(target)]
    for target in targets:
        while isinstance(target, ast.Subscript) and not is_leaf(target):
            target = target.value
        held = s.stored(target)
        if held is not None and held.kind == "f" and held.shape:
            yield After(s, target, s.spelled(ast.unparse(target)), held.shape)


def _parts(target: ast.expr) -> list[ast.expr]:
    return target.elts if isinstance(target, ast.Tuple) else [target]


def _is_number(s: Statement, node: ast.expr) -> bool:
    """Return whether an expression may be floats."""
    if isinstance(node, ast.Constant):
        return type(node.value) in (int, float)
    if is_leaf(node):
        held = s.held(node)
        return held is not None and held.kind == "f"
    return isinstance(
        node, ast.BinOp | ast.UnaryOp | ast.Call | ast.Subscript | ast.Attribute | ast.Compare
    )


def _constants(s: Statement, value: float) -> Iterator[Constant]:
    """Yield a factor as the user would write it, the likeliest first."""
    if _same(abs(value), 2):
        yield Constant(f"* {number(value)}", f"the factor {number(value)} is missing", True)
    yield from _named(s, value)
    if _same(abs(value), 0.5):
        yield Constant(f"/ {number(1 / value)}", "it is twice what it must be", True)
    inverse = 1 / value if value else 0.0
    for text, size in _sizes(s):
        if size > 1 and _same(inverse, size):
            yield Constant(f"/ {text}", f"the division by {text} is missing", True)
        if size > 1 and _same(value, size):
            yield Constant(f"* {text}", f"there is an extra division by {text}", True)
    if value and _same(value, round(value)):
        yield Constant(f"* {round(value)}", f"the factor {round(value)} is missing", True)
    elif value and _same(inverse, round(inverse)):
        yield Constant(f"/ {round(inverse)}", f"the division by {round(inverse)} is missing", True)
    yield Constant(f"* {number(value)}", f"the factor {number(value)} is missing", False)


def _named(s: Statement, value: float) -> Iterator[Constant]:
    """Yield a factor that is a number in scope, or is made of one."""
    single = [
        (text, held.value)
        for text, held in s.scope.items()
        if held.value is not None and held.value not in (0.0, 1.0)
        if not held.shape and text not in s.loops
    ]
    single.sort(key=lambda pair: len(pair[0]))
    for form, result in _MADE.items():
        for text, held in single:
            if _same(result(held), value):
                told = form.format(text)
                what = f"the factor {told[2:]}" if told[0] == "*" else f"the division by {told[2:]}"
                yield Constant(told, f"{what} is missing", True)


def _sizes(s: Statement) -> Iterator[tuple[str, int]]:
    """Yield the lengths of axes and the sizes of arrays in scope, as the user would write them."""
    names = sorted(s.scope.items(), key=lambda pair: len(pair[0]))
    for axis in range(4):
        for text, held in names:
            if axis < len(held.shape) and held.kind in "fi":
                yield f"{text}.shape[{axis}]", held.shape[axis]
    for text, held in names:
        if len(held.shape) > 1:
            yield f"{text}.size", prod(held.shape)


def _same(one: float, two: float) -> bool:
    return abs(one - two) <= _CLOSE * max(abs(one), abs(two))
