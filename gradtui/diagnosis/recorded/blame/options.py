"""Edits of what a call is told in words or flags: a norm, a reduction, a triangle."""

from __future__ import annotations

import ast
import inspect
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from types import FunctionType

from gradtui.diagnosis.recorded.blame.axes import added
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement
from gradtui.diagnosis.recorded.blame.expressions import is_leaf
from gradtui.diagnosis.recorded.blame.meaning import meant
from gradtui.diagnosis.recorded.blame.trees import nodes_of, walked
from gradtui.diagnosis.recorded.blame.units import Edit
from gradtui.diagnosis.recorded.blame.words import word_of
from gradtui.recording.places import is_users_file

_CHOICES = {
    "norm": ("backward", "forward", "ortho"),
    "reduction": ("sum", "mean", "none"),
    "reduce": ("sum", "mean", "prod", "amax", "amin"),
    "side": ("left", "right"),
    "padding_mode": ("zeros", "border", "reflection"),
    "mode": ("full", "same", "valid", "reduced", "complete"),
}
"""The words that some named arguments take."""
_PADDING = ("constant", "edge", "reflect", "symmetric", "wrap")
"""The words by which NumPy is told what stands around an array."""
_TRIANGLES = ("solve_triangular", "triangular_solve", "cholesky_solve")
"""Functions that are told which triangle of a matrix they read."""
_DIVIDED = {
    "torch": (("correction", "0"), ("unbiased", "False")),
    "numpy": (("ddof", "1"),),
}
"""How a variance is told the divisor that it does not have by default."""
_DIVISORS = ("ddof", "correction", "unbiased")
_SPREADS = ("var", "std", "var_mean", "std_mean")
_OF_STORAGE = frozenset({"dtype", "device", "out", "order", "requires_grad"})
"""Options that change no number."""
_TIGHT = 9
_FILES, _MOST = 32, 8
"""Most files whose words are kept, and most of these."""


def options(s: Statement) -> Iterator[Candidate]:
    """Yield calls that are told otherwise."""
    for node in s.nodes:
        if isinstance(node, ast.Call):
            yield from _words(s, node)
            yield from _told(s, node)
            yield from _triangles(s, node)
            yield from islice(_passed(s, node), _MOST)


def _passed(s: Statement, call: ast.Call) -> Iterator[Candidate]:
    """Yield calls with an option that they lack, or with the value that it has elsewhere."""
    given = {one.arg: one.value for one in call.keywords}
    if None in given:
        return  # they are unpacked
    beside = [*_elsewhere(s, call)]
    known = {*given, *(option for option, _ in beside)}
    spread = _called(call) in _SPREADS and known.isdisjoint(_DIVISORS)
    divisors = _DIVIDED.get(s.dialect.module.__name__, ()) if spread else ()
    named = [(name, name) for name, own in given.items()
             if name and name in s.locals and isinstance(own, ast.Constant)]  # fmt: skip
    every = [*beside, *named, *_namesakes(s, call), *_flags(s, call), *divisors]
    for option, text in dict.fromkeys(every):
        own = given.get(option)
        if own is not None and (s.text(own) == text or not _is_plain(own)):
            continue
        edit = added(s, call, f"{option}={text}") if own is None else s.replaced(own, text)
        told = f"{option if own is None or option != text else s.text(own)} must be {text}"
        if own is None and option == text:
            told = f"{text} must be passed on to {_called(call)}"
        yield Candidate((edit,), "wrong-variable", told, 0, text, call)
    yield from _renamed(s, call)


def _elsewhere(s: Statement, call: ast.Call) -> Iterator[tuple[str, str]]:
    """Yield the options that the file passes in a call of the same function, with their values.

    Or in one of its inverse, whose backward pass it is.
    """
    calls, name = _calls_in(s.unit.tree), _called(call)
    inverse = name[1:] if name.startswith("i") else f"i{name}"
    for other in (*calls.get(name, ()), *(calls.get(inverse, ()) if "fft" in name else ())):
        for named in other.keywords if len(other.args) == len(call.args) else ():
            axis = named.arg in (s.dialect.axis, s.dialect.keepdims, "axis", "keepdims")
            if (
                named.arg is None
                or named.arg in _OF_STORAGE
                or (axis and isinstance(named.value, ast.Constant))
            ):
                continue  # the axes of folds are tried apart
            text = _here(s, named.value)
            if text is not None:
                yield named.arg, text


def _namesakes(s: Statement, call: ast.Call) -> Iterator[tuple[str, str]]:
    """Yield the options that a function of the user's is not given, and that have a name here."""
    yield from ((name, name) for name in _options_of(s, call) if s.held(ast.Name(name)) is not None)


def _flags(s: Statement, call: ast.Call) -> Iterator[tuple[str, str]]:
    """Yield the flags that a function of the user's is not given, as they are not by default."""
    for name, default in _options_of(s, call).items():
        if type(default) is bool:
            yield name, str(not default)


def _renamed(s: Statement, call: ast.Call) -> Iterator[Candidate]:
    """Yield calls that give another flag of a function of the user's than they do."""
    given = {one.arg for one in call.keywords}
    flags = [name for name, value in _options_of(s, call).items()
             if type(value) is bool and name not in given]  # fmt: skip
    for named in call.keywords if flags else ():
        own, value = named.arg or "", named.value
        if isinstance(value, ast.Constant) and type(value.value) is bool:
            at = s.unit.source.rindex(own.encode(), 0, s.unit.start(value))
            for other in flags:
                edit, told = Edit(at, at + len(own.encode()), other), f"{own} must be {other}"
                yield Candidate((edit,), "wrong-variable", told, 0, other, call)


def _options_of(s: Statement, call: ast.Call) -> Mapping[str, object]:
    """Return the arguments with defaults of a function of the user's that a call does not give."""
    function = meant(s, call.func)
    if not isinstance(function, FunctionType) or not is_users_file(function.__code__.co_filename):
        return {}
    parameters = [*inspect.signature(function).parameters.values()]
    parameters = [one for one in parameters if one.name != "self"]
    return {
        one.name: one.default for one in parameters[len(call.args) :]
        if one.default is not one.empty and one.kind is one.POSITIONAL_OR_KEYWORD
    }  # fmt: skip


def _here(s: Statement, value: ast.expr) -> str | None:
    """Return how the value of an option is written in a statement; None if it is unknown there."""
    text = ast.unparse(value)
    if isinstance(value, ast.Constant):
        return s.spelled(text)
    if isinstance(value, ast.Tuple) and not any(isinstance(one, ast.Name) for one in walked(value)):
        return text
    if not is_leaf(value):
        return None
    last = text.rpartition(".")[2]
    kept = (one for one in s.scope if one.rpartition(".")[2] == last)
    return text if text in s.scope else next(kept, None)


def _is_plain(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) or is_leaf(value)


def _called(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


@lru_cache(_FILES)
def _calls_in(tree: ast.Module) -> Mapping[str, Sequence[ast.Call]]:
    """Return the calls of a file with options, by the names of the functions."""
    found = defaultdict[str, list[ast.Call]](list)
    for one in nodes_of(tree):
        if isinstance(one, ast.Call) and one.keywords:
            found[_called(one)].append(one)
    return found


def _choices(call: ast.Call, named: ast.keyword) -> Sequence[str]:
    """Return the words that may be meant for an argument."""
    return _PADDING if _called(call) == "pad" else _CHOICES.get(named.arg or "", ())


def _words(s: Statement, call: ast.Call) -> Iterator[Candidate]:
    unnamed = [ast.keyword(value=one) for one in call.args[2:3] if _called(call) == "pad"]
    for named in (*call.keywords, *unnamed):
        own = named.value.value if isinstance(named.value, ast.Constant) else None
        choices = _choices(call, named)
        for word in choices if own in choices else ():
            if word != own:
                text = s.spelled(repr(word))
                told = f"{named.arg or s.text(named.value)} must be {text}"
                edit = s.replaced(named.value, text)
                yield Candidate((edit,), "constant-factor", told, 1, text, named.value)


def _told(s: Statement, call: ast.Call) -> Iterator[Candidate]:
    """Yield calls with another of the words that the file compares or passes to its functions."""
    worded = [(node, word) for node in _given(call) if (word := word_of(node)) is not None]
    every = (_given(one) for one in s.unit.of(ast.Call)) if worded else ()
    passed = Counter(word_of(node) for given in every for node in given)
    for node, own in worded:
        for word in _words_of(s.unit.tree):
            if word != own:
                text = s.spelled(repr(word))
                told, edit = f"{s.text(node)} must be {text}", s.replaced(node, text)
                # Both halves of a layer are told the same.
                agrees = passed[word] > 0 and passed[own] == 1
                yield Candidate((edit,), "wrong-variable", told, 0, text, node, named=agrees)


def _given(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(one.value for one in call.keywords)]


@lru_cache(_FILES)
def _words_of(tree: ast.Module) -> Sequence[str]:
    """Return the words that a file compares with others, the first ones alone if there are many."""
    found = (
        side.value for one in walked(tree) if isinstance(one, ast.Compare)
        for side in (one.left, *one.comparators) if isinstance(side, ast.Constant)
    )  # fmt: skip
    return [*dict.fromkeys(one for one in found if isinstance(one, str))][:_MOST]


def _triangles(s: Statement, call: ast.Call) -> Iterator[Candidate]:
    """Yield solutions by the transpose of a triangular matrix, which has the other triangle."""
    named = {one.arg: one.value for one in call.keywords}
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name not in _TRIANGLES or not call.args:
        return
    flags = [named[one] for one in ("upper", "lower") if one in named]
    turned = list[Edit]()
    for flag in flags:
        if isinstance(flag, ast.Constant) and type(flag.value) is bool:
            turned.append(s.replaced(flag, str(not flag.value)))
    matrices = call.args[:1] if name == "solve_triangular" else call.args[1:2]
    for matrix in matrices if turned else ():
        text = f"{s.inside(matrix, _TIGHT)}{_transpose(s, matrix)}"
        if isinstance(matrix, ast.Attribute) and matrix.attr in ("T", "mT", "H", "mH"):
            text = s.text(matrix.value)
        told = f"it needs {text}, with the other triangle"
        yield Candidate((s.replaced(matrix, text), *turned), "transposed", told, 0, text, call)


def _transpose(s: Statement, matrix: ast.expr) -> str:
    """Return how the function transposes matrices like one."""
    if b".mT" in s.unit.source:
        return ".mT"
    shape = s.shape(matrix)
    return s.transpose if shape is not None and len(shape) == 2 else s.dialect.swapped
