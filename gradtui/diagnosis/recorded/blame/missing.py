"""What may be missing in an expression: factors and terms made from the names in scope."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice, product
from math import prod

from gradtui.diagnosis.recorded.blame.candidates import Statement
from gradtui.diagnosis.recorded.blame.computing import own_functions
from gradtui.diagnosis.recorded.blame.constants import sizes
from gradtui.diagnosis.recorded.blame.expressions import multiplied, names_in
from gradtui.diagnosis.recorded.blame.material import arrays
from gradtui.diagnosis.recorded.blame.names import value_of
from gradtui.diagnosis.recorded.blame.scope import Held, Shape
from gradtui.engine.shapes import stretches

_CURVES = (
    "{}",
    "({} > 0)",
    "(1 - {}**2)",
    "{} * (1 - {})",
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
    "1 / (1 - {})",
    "(1 + {}**2)",
    "({} < 0)",
    "({} != 0)",
    "1 / ({} * (1 - {}))",
)
SLOPES = _CURVES[1:]
_COMPLEMENT = "(1 - {})"
"""What a value is multiplied by in the slope of a sigmoid, and often forgotten."""
_PLAIN, _USUAL = 2, 6
"""The likelier ones of these."""
_NUMBERS = 8
"""Most numbers in scope tried."""
_RATES = 3
"""Most numbers that are divided, and most by which they are."""
_MOST = 40
"""Most arrays of each kind tried."""
_TERMS = 24
"""Most arrays tried as a term."""
_WITH_IDLE = 6
"""Most arrays by which one that nothing reads is multiplied."""
_WITH_SUMMED, _SUMMED = 8, 4
"""Most arrays by which the gradients of sums are multiplied, and most of these."""
_ENDS = 6
"""Most arrays of which the first and the last entry are tried as a term."""
_FILLED = "_like("
"""Part of the name of functions that fill an array: the term that is missing is no constant."""
_SPREAD = "[..., None]"


class Missing:
    """The factors and terms that an expression may lack."""

    def __init__(self, s: Statement, node: ast.expr, shape: Shape | None) -> None:
        self._s, self._node, self._shape = s, node, shape

    @cached_property
    def factors(self) -> Sequence[tuple[str, int]]:
        """Factors made from the names in scope, each with its cost."""
        return [*self._factors()]

    def _factors(self) -> Iterator[tuple[str, int]]:
        names, own = self._stretching(), {self._s.text(one) for one in multiplied(self._node)}
        for at, form in enumerate(_CURVES):
            for name, held in names:
                if held.kind == "f" or not at:
                    plain = at < _PLAIN or (form == _COMPLEMENT and name in own)
                    cost = 2 if plain else 3 if at < _USUAL else 4
                    cost = min(4, cost + name.endswith("None]"))  # one that fits is likelier
                    yield form.format(name, name, n=self._s.numpy), cost
                if held.kind == "b" and not at:
                    yield f"~{name}", 2
        yield from self._conjugates()
        yield from ((text, 3) for text in self._corrections())
        for text, _ in self._numbers() if self._shape != () else ():
            yield from ((text, 3), (f"1 / {text}", 3), (f"(1 - {text})", 4))
        for text in self._unnamed() if self._shape != () else ():
            yield from ((f"1 / {text}", 3), (text, 4))
        for text in self._counts()[:_NUMBERS]:
            yield text, 3
            if "." in text:
                yield f"1 / {text}", 3
        for text in self._entries() if self._shape != () else ():
            yield from ((text, 3), (f"1 / {text}", 3))
        line = self._s.text(self._s.node)  # a round that picks an entry beside it is likelier
        yield from ((text, 2 if f"[{text}]" in line else 3) for text in self._rounds())
        yield from ((text, 2) for text in self._of_round())
        yield from ((f"1 / {text}", 2) for text in self._lengths())
        for function, arity in own_functions(self._s):
            for name, held in names:
                if arity == 1 and held.kind == "f":
                    yield f"{function}({name})", 3

    def _conjugates(self) -> Iterator[tuple[str, int]]:
        """Yield 1j and complex arrays, whose conjugates an adjoint takes, each with its cost."""
        if self._s.complex:
            yield "1j", 2
        rounds = [text for text in dict.fromkeys(self._s.loops) if text in self._s.scope]
        for name, axes in self._s.complex.items():
            yield from ((f"{name}.conj()", 2), (name, 3))
            picks = [f"{':, ' * axis}{at}" for at in rounds for axis in range(min(3, axes))]
            for pick in picks if axes > 1 else ():
                yield from ((f"{name}[{pick}].conj()", 2), (f"{name}[{pick} - 1].conj()", 2))

    def _corrections(self) -> Iterator[str]:
        """Yield the bias correction of a running mean: 1 / (1 - beta**t)."""
        single = [(text, held) for text, held in self._s.scope.items() if not held.shape]
        rates = [text for text, held in single if held.kind == "f" and 0 < (held.value or 0) < 1]
        counts = [text for text, held in single if held.kind == "i"]
        for rate in rates:
            yield from (f"1 / (1 - {rate}**{count})" for count in counts)

    def terms(self) -> Iterator[str]:
        """Yield terms made from the names in scope."""
        found = [
            name
            for name, held in arrays(self._s)
            if held.kind == "f" and (self._shape is None or stretches(held.shape, self._shape))
            if held.shape or not self._shape
            if _FILLED not in name and name.strip("()") != self._s.text(self._node).strip("()")
        ]
        yield from self._turned()
        yield from self._identity()
        yield from self._idle_products()
        yield from self._spread_products()
        yield from self._ends()
        yield from found[:_TERMS]
        own = self._s.text(self._node)
        yield from [text for text, _ in self._numbers() if text != own][:_NUMBERS]
        yield "1"
        if self._shape is not None and len(self._shape) > 1:
            yield from [
                f"{text}{_SPREAD}" for text, held in arrays(self._s)
                if held.kind == "f" and held.shape == self._shape[:-1]
                and not stretches(held.shape, self._shape)
            ][:_TERMS]  # fmt: skip

    def handed(self) -> Iterator[str]:
        """Yield terms of what the line just before stores and nothing reads: it is for this one."""
        own = self._s.handed
        held = self._s.scope.get(own or "")
        if own and held is not None and self._shape and stretches(held.shape, self._shape):
            yield own
            yield from (one for one in self._idle_products() if one.endswith(f" * {own}"))

    def _idle_products(self) -> Iterator[str]:
        """Yield products of an array with one that is stored and that nothing reads."""
        shape, near = self._shape or (), [*arrays(self._s)]
        for idle in self._s.idle if shape else ():
            own = self._s.scope.get(idle)
            if own is None or own.kind != "f" or not own.shape or not stretches(own.shape, shape):
                continue
            others = [text for text, held in near if held.kind == "f" and held.shape == shape]
            yield from (f"{text} * {idle}" for text in others[:_WITH_IDLE] if text != idle)

    def _spread_products(self) -> Iterator[str]:
        """Yield products of an array with the gradient of what it was summed to, such as `dvar`."""
        shape = self._shape or ()
        summed = [
            text for text, held in self._s.scope.items()
            if held.kind == "f" and held.shape != shape and len(shape) > 1
            and value_of(text) in self._s.scope and stretches(held.shape, shape)
        ]  # fmt: skip
        near = (text for text, held in arrays(self._s) if held.kind == "f" and held.shape == shape)
        for text in islice(near, _WITH_SUMMED) if summed else ():
            yield from (f"{text} * {one}" for one in summed[:_SUMMED])

    def _ends(self) -> Iterator[str]:
        """Yield the first and the last of the entries of arrays: a round beyond a loop has no t."""
        rows = [
            text for text, held in self._s.scope.items()
            if self._shape and held.shape[1:] == self._shape and held.kind == "f"
        ]  # fmt: skip
        yield from (f"{text}[{at}]" for text in rows[:_ENDS] for at in ("0", "-1"))

    def _turned(self) -> Iterator[str]:
        """Yield the transpose of the expression, because a symmetric matrix needs both."""
        shape = self._shape or ()
        if len(shape) > 1 and shape[-1] == shape[-2] > 1:
            matrix = len(shape) == 2
            text = self._s.inside(self._node, 9)
            yield f"{text}{self._s.transpose if matrix else self._s.dialect.swapped}"

    def _identity(self) -> Iterator[str]:
        """Yield the identity matrix, the gradient of a trace or the relative one of log det."""
        shape = self._shape or ()
        if len(shape) == 2 and shape[0] == shape[1] > 1 and self._s.numpy:
            size = next((text for text, size in sizes(self._s) if size == shape[0]), str(shape[0]))
            yield f"{self._s.numpy}eye({size})"

    def multiples(self) -> Iterator[float]:
        """Yield the multiples of a term that may be needed, from the numbers and sizes in scope."""
        yield from (1.0, -1.0)
        numbers = [held.value for held in self._s.scope.values() if held.value and not held.shape]
        lengths = [float(size) for _, size in sizes(self._s) if size]  # an axis may have no entry
        for value in dict.fromkeys([*numbers, *lengths][:_NUMBERS]):
            yield from (1 / value, value, 2 * value, 2 / value)
        rates = [one for one in dict.fromkeys(numbers) if not one.is_integer()][:_RATES]
        counts = [one for one in dict.fromkeys((*numbers, *lengths)) if one.is_integer()][:_RATES]
        for rate, count in product(rates, counts):
            yield from (rate / count, 2 * rate / count)  # such as a penalty's share of a mean

    def _stretching(self) -> list[tuple[str, Held]]:
        own = self._shape
        if own == ():
            return [*self._numbers(), *(one for one in self._s.expressions if not one[1].shape)]
        found = [
            (text, held)
            for text, held in arrays(self._s)
            if held.shape
            if own is None or stretches(held.shape, own) or stretches(own, held.shape)
        ]
        if own is not None and len(own) > 1:
            found += self._unsqueezed(own)
            found += self._reshaped(own)
            found += [
                (f"{text}[{', '.join([':'] * len(held.shape) + ['None'] * spare)}]", held)
                for text, held in arrays(self._s)
                if (spare := len(own) - len(held.shape)) > 0 and held.shape
                and held.shape == own[: len(held.shape)]
                and (len(held.shape) == 1 or not stretches(held.shape, own))
            ]  # fmt: skip
        # Names come before expressions and entries at fixed places, of which there are many.
        found.sort(key=lambda one: (one[1].shape != own, one[0][0] == "(", _is_fixed(one[0])))
        return found[:_MOST]

    def _numbers(self) -> list[tuple[str, Held]]:
        """Return the single floats in scope, the latest first."""
        single = (pair for pair in self._s.scope.items() if not pair[1].shape)
        found = [pair for pair in single if pair[1].kind == "f"]
        return sorted(found, key=lambda pair: -self._s.recent.get(pair[0], 0))

    def _unnamed(self) -> list[str]:
        """Return the single floats that the code computes of an array alone, such as `w.sum()`."""
        return [
            text for text, held in self._s.expressions
            if held.kind == "f" and not held.shape and "(" in text and text[0] != "("
        ][:_NUMBERS]  # fmt: skip

    def _counts(self) -> list[str]:
        """Return the whole numbers in scope that count no rounds."""
        return [text for text, held in self._s.scope.items()
                if held.kind == "i" and not held.shape and text not in self._s.loops
                and (text.isidentifier() or text.startswith(f"{self._s.unit.given}."))]  # fmt: skip

    def _entries(self) -> list[str]:
        """Return the entries of vectors at the numbers by which the statement picks others."""
        index = (one.slice for one in self._s.nodes if isinstance(one, ast.Subscript))
        places = {ast.unparse(one) for one in index if isinstance(one, ast.Constant | ast.UnaryOp)}
        names = {ast.unparse(one.value) for one in self._s.unit.of(ast.Subscript)}
        return [
            f"{text}[{at}]" for text, held in self._s.scope.items()
            if held.kind == "f" and len(held.shape) == 1 and text in names for at in places
        ][:_NUMBERS]  # fmt: skip

    def _rounds(self) -> list[str]:
        """Return the whole numbers that count rounds: the slope of a power has such a factor."""
        held = ((text, self._s.scope.get(text)) for text in dict.fromkeys(self._s.loops))
        return [
            text for text, one in held if one is not None and (one.kind, one.shape) == ("i", ())
        ]

    def _of_round(self) -> list[str]:
        """Return the entries of arrays of numbers that belong to the rounds of the statement."""
        index = {one.slice for one in self._s.nodes if isinstance(one, ast.Subscript)}
        used = {name for one in index for name in names_in(one)}
        rounds = [text for text in self._rounds() if text in used]
        return [
            f"{text}[{', '.join(rounds)}]" for text, held in arrays(self._s)
            if rounds and text.isidentifier() and held.kind == "f"
            and len(held.shape) == len(rounds)
        ][:_NUMBERS]  # fmt: skip

    def _lengths(self) -> Iterator[str]:
        """Yield the whole numbers that rounds are taken from, such as the lengths of parts."""
        for loop in self._s.unit.of(ast.For):
            called = getattr(loop.iter, "func", None)
            name = getattr(called, "id", "")
            parts = loop.target.elts if isinstance(loop.target, ast.Tuple) else [loop.target]
            for one in parts[name == "enumerate" :] if name != "range" else ():
                held = self._s.held(one)
                if held is not None and (held.kind, held.shape) == ("i", ()):
                    yield ast.unparse(one)

    def _reshaped(self, own: Shape) -> list[tuple[str, Held]]:
        """Return arrays of as many elements, in the shape that the function gives to others."""
        calls = self._s.unit.of(ast.Call)
        named = {
            self._s.text(one.args[0]) for one in calls if len(one.args) == 1
            and getattr(one.func, "attr", "") == "reshape_as" and self._s.shape(one.args[0]) == own
        }  # fmt: skip
        return [
            (f"{text}.reshape_as({name})", held) for name in sorted(named)
            for text, held in arrays(self._s)
            if text.isidentifier() and held.shape != own and prod(held.shape) == prod(own)
        ]  # fmt: skip

    def _unsqueezed(self, own: Shape) -> list[tuple[str, Held]]:
        """Return arrays that lack an axis in the middle, with that axis added."""
        if "unsqueeze" not in self._s.dialect.methods:
            return []
        return [
            (f"{text}.unsqueeze({axis})", held)
            for text, held in arrays(self._s)
            for axis in range(1, len(own) - 1)
            if _may_be(held.shape, own[:axis] + own[axis + 1 :]) and held.shape != own[:-1]
        ]


def _is_fixed(text: str) -> bool:
    """Return whether a text names an entry at a fixed place, as in `h[3]`, not at a round's."""
    return text[-2:-1].isdigit() and text[-1] == "]"


def _may_be(shape: Shape, wanted: Shape) -> bool:
    """Return whether a shape is a wanted one, in which an axis of length 1 may be any."""
    pairs = zip(shape, wanted, strict=False)
    return len(shape) == len(wanted) and all(two in (one, 1) for one, two in pairs)
