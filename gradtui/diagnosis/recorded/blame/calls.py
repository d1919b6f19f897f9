"""Edits of calls: another function or method, other arguments, one too many or forgotten."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import combinations, pairwise
from types import FunctionType, ModuleType

from gradtui.diagnosis.recorded.blame.axes import of_axis
from gradtui.diagnosis.recorded.blame.candidates import Candidate, Statement, swapped
from gradtui.diagnosis.recorded.blame.computing import methods_of, own_methods
from gradtui.diagnosis.recorded.blame.expressions import is_leaf, name_of
from gradtui.diagnosis.recorded.blame.forms import renames
from gradtui.diagnosis.recorded.blame.given import crossed, scaled_beside
from gradtui.diagnosis.recorded.blame.indices import moved, shifted
from gradtui.diagnosis.recorded.blame.loops import of_rounds
from gradtui.diagnosis.recorded.blame.masks import opposite
from gradtui.diagnosis.recorded.blame.meaning import meant
from gradtui.diagnosis.recorded.blame.names import is_spelled
from gradtui.diagnosis.recorded.blame.operators import POWERS, transposed
from gradtui.diagnosis.recorded.blame.orders import of_axes, of_subscripts
from gradtui.diagnosis.recorded.blame.trees import walked
from gradtui.diagnosis.recorded.blame.units import Edit
from gradtui.recording.functions import bare

_TWINS = (
    ("add", "sub"), ("mul", "div"), ("add_", "sub_"), ("mul_", "div_"), ("add_", "copy_"),
    ("index_add", "index_copy"), ("index_add_", "index_copy_"),
    ("scatter_add", "scatter"), ("scatter_add_", "scatter_"),
)  # fmt: skip
"""Methods that take the same arguments."""
_CALCULATING = frozenset({"add", "sub", "mul", "div"})
"""Methods whose argument is an operand, no axis."""
_TURNED = frozenset({"sub", "div", "sub_", "div_", "pow", "true_divide", "subtract", "divide"})
"""Methods of two numbers whose order matters."""
_KEPT = frozenset({"size", "dim", "numel", "item", "shape", "backward", "append", "extend"})
_APPLIED = frozenset({
    "exp", "log", "sqrt", "tanh", "sin", "cos", "abs", "sign", "square", "cumsum", "cumprod",
    "log1p", "expm1", "sigmoid", "diag",
})  # fmt: skip
"""Functions of one array that may be forgotten."""
_BENT = frozenset({"exp", "tanh", "sigmoid", "sin", "cos", "sinh", "cosh", "erf"})
"""Functions whose slope changes, so that no factor behind them undoes one of their argument."""
_MASKING = ("masked_fill", "masked_fill_", "where", "masked_scatter")
"""Functions and methods whose first argument is a mask, but for the array itself."""
_FOLDING = ("sum", "mean")
"""Functions of an array and some axes that may be forgotten."""
_MOST = 8
_FILES = 32
_PRODUCTS = ("dot", "matmul", "mm", "bmm")
_PICKING = ("delete", "insert", "roll", "take", "repeat")
_TURNING_ROUND = ("roll", "rot90", "shift")
_TOO_MUCH = ("reversed", "flip", "sum", "mean", "abs", "exp", "log", "tanh", "sqrt", "square")
_OF_TWO = ("sort", "topk", "max", "min", "cummax", "cummin", "unique")
"""Methods that return values and where they stand."""
_TURNING = ("t", "transpose", "swapaxes", "adjoint")
"""Methods that swap two axes, by default the only ones."""
_ALIKE = (
    ("sin", "cos"), ("sinh", "cosh"), ("maximum", "minimum"), ("max", "min"), ("sum", "mean"),
    ("exp", "log"), ("cumsum", "cumprod"), ("argmax", "argmin"), ("zeros_like", "ones_like"),
    ("zeros", "ones"), ("tanh", "sinh"), ("square", "sqrt"), ("dot", "multiply"), ("exp", "expm1"),
    ("log", "log1p"), ("sum", "max"), ("add", "subtract"), ("multiply", "divide"), ("fmax", "fmin"),
    ("amax", "amin"), ("convolve", "correlate"), ("convolve2d", "correlate2d"), ("triu", "tril"),
    ("triu_", "tril_"), ("gammaln", "digamma"), ("gammaln", "psi"), ("gamma", "gammaln"),
    ("lgamma", "digamma"), ("erf", "erfc"), ("i0", "i1"), ("i0e", "i1e"), ("j0", "j1"),
    ("iv", "ive"), ("kv", "kve"), ("pdf", "cdf"), ("cdf", "sf"), ("logpdf", "logcdf"),
    ("softmax", "log_softmax"), ("softplus", "sigmoid"), ("logsigmoid", "sigmoid"),
    ("silu", "sigmoid"), ("tanh", "sigmoid"), ("conj", "real"), ("conj", "imag"),
    ("sum", "prod"),
)  # fmt: skip
"""Functions that are taken for each other."""
_HANDED = ("map", "partial")
"""Functions that call one that they are given."""
_FLATTENING = ("ravel", "flatten")
"""Functions whose result has the same elements in a row."""


def of_call(s: Statement, node: ast.Call) -> Iterator[Candidate]:
    """Yield other axes, arguments, powers and functions of a call."""
    yield from of_axis(s, node)
    yield from _of_method(s, node)
    called, name = node.func, name_of(node.func)
    args = [one for one in node.args if not isinstance(one, ast.Starred)]
    yield from _of_arguments(s, node, name, args)
    if name in _TURNING and isinstance(called, ast.Attribute) and len(args) in (0, 2):
        edit = s.replaced(node, s.text(called.value), s.binding(called.value))
        told = f"{s.text(node)} must be {s.text(called.value)}"
        yield Candidate((edit,), "transposed", told, 0, s.text(called.value), node)
    yield from moved(s, node)
    if name in ("transpose", "permute", "swapaxes"):
        yield from of_axes(s, node)
    if name == "einsum":  # einops takes the subscripts last
        for one in args:
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                yield from of_subscripts(s, one)
    if name in _PICKING:
        for arg in args[1:]:
            yield from shifted(s, arg, 2)
    if name in _TURNING_ROUND:
        yield from _turned_back(s, node, args)
    if name == "power" and len(args) == 2:
        for power in POWERS:
            told = f"the power must be {power}"
            edit = s.replaced(args[1], power)
            yield Candidate((edit,), "wrong-variable", told, 1, power, node)
    for one in (called, *(args if name in _HANDED else ())):
        yield from _of_twins(s, node, one)
    if name == "sum":
        yield from _traced(s, node, args)
    if name in _BENT and len(node.args) == 1:
        yield from _of_scale(s, node)
    if name in _TOO_MUCH and args and not isinstance(called, ast.Attribute):
        edit = s.replaced(node, s.text(args[0]), s.binding(args[0]))
        yield Candidate((edit,), "extra-factor", f"{name} does not belong here", 2, None, node)
    if name == "range" or (name == "arange" and isinstance(s.node, ast.For)):
        yield from of_rounds(s, node)


def _turned_back(s: Statement, node: ast.Call, args: Sequence[ast.expr]) -> Iterator[Candidate]:
    """Yield a call that moves elements the other way, as the backward half of one must."""
    for one in args[:2]:
        held = s.scope.get(s.text(one))
        if isinstance(one, ast.Name | ast.Attribute) and held is not None and held.kind == "i":
            told = f"{s.text(one)} must be -{s.text(one)}"
            yield Candidate((s.replaced(one, f"-{s.text(one)}"),), "sign", told, 0, None, node)


def _of_arguments(
    s: Statement, node: ast.Call, name: str, args: list[ast.expr]
) -> Iterator[Candidate]:
    """Yield calls with swapped arguments, of a product's method with its object."""
    order = "its factors are in the wrong order"
    if name in _PRODUCTS and len(args) == 2:
        yield Candidate(swapped(s, args[0], args[1]), "transposed", order, 0, None, node)
        yield from transposed(s, node, args[0], args[1], f"{s.text(node.func)}({{}}, {{}})")
        return
    for own, text in scaled_beside(s.unit.tree, node):
        told = f"{s.text(own)} must be {text}, as in the other calls"
        edit = s.replaced(own, text)
        yield Candidate((edit,), "constant-factor", told, 0, text, own, named=True)
    strange = crossed(s.unit.tree, node)
    for one, two in pairwise(args):
        told = f"{s.text(one)} and {s.text(two)} are swapped"
        turned = name == "outer" or is_spelled(s, [s.text(two), s.text(one)])
        turned |= (one, two) in strange
        cost = 0 if turned else 2
        yield Candidate(swapped(s, one, two), "wrong-variable", told, cost, None, node)
    if len(args) > 3 and all(is_leaf(one) for one in args[:4]):
        both = (*swapped(s, args[0], args[1]), *swapped(s, args[2], args[3]))
        told = "its first two arguments are swapped, and so are the next two"
        yield Candidate(both, "wrong-variable", told, 2, None, node)
    if name in _PRODUCTS and isinstance(node.func, ast.Attribute) and len(args) == 1:
        edit = s.replaced(node, f"{s.inside(args[0], 9)}.{name}({s.text(node.func.value)})")
        yield Candidate((edit,), "transposed", order, 0, None, node)
        yield from transposed(s, node, node.func.value, args[0], f"{{}}.{name}({{}})")


def _of_scale(s: Statement, node: ast.Call) -> Iterator[Candidate]:
    """Yield twice the argument of a function, and half of it, as `tanh(x / 2)`."""
    (arg,) = node.args
    for by, told in (("/ 2", "it is twice what it must be"), ("* 2", "the factor 2 is missing")):
        edit = s.replaced(arg, f"{s.inside(arg, 2)} {by}", 2)
        yield Candidate((edit,), "constant-factor", told, 1, None, arg)


def _traced(s: Statement, node: ast.Call, args: Sequence[ast.expr]) -> Iterator[Candidate]:
    """Yield the trace of a square matrix for the sum of all its elements."""
    called = node.func.value if isinstance(node.func, ast.Attribute) else None
    summed = args[0] if args else called
    while isinstance(summed, ast.Call) and name_of(summed.func) in _FLATTENING:
        inner = summed.func.value if isinstance(summed.func, ast.Attribute) else None
        summed = summed.args[0] if summed.args else inner
    shape = None if summed is None else s.shape(summed)
    if summed is not None and shape is not None and len(shape) == 2 and shape[0] == shape[1] > 1:
        told, text = f"only the diagonal of {s.text(summed)} counts", s.text(summed)
        edit = s.replaced(node, f"{s.numpy}trace({text})")
        yield Candidate((edit,), "wrong-variable", told, 1, text, node)


def _of_twins(s: Statement, node: ast.Call, func: ast.expr) -> Iterator[Candidate]:
    """Yield calls of the function's twins, such as `np.subtract.at` for `np.add.at`.

    Or with a twin of one that another function is to call.
    """
    if isinstance(func, ast.Attribute) and func.attr == "at":
        func = func.value
    name, end = name_of(func), s.unit.end(func)
    for pair in _ALIKE:
        if name in pair:
            other = pair[1 - pair.index(name)]
            edit = Edit(end - len(name.encode()), end, other)
            rule = "wrong-axis" if "mean" in pair else "wrong-variable"
            # An adjoint is summed, and seldom averaged.
            cost = int(func is node.func and (name, other) != ("mean", "sum"))
            yield Candidate((edit,), rule, f"{name} must be {other}", cost, other, node)


def _of_method(s: Statement, node: ast.Call) -> Iterator[Candidate]:
    """Yield other methods, swapped operands, and numbers off by one."""
    called = node.func
    if not isinstance(called, ast.Attribute):
        return
    for pair in _TWINS:
        if called.attr in pair:
            other = pair[1 - pair.index(called.attr)]
            end = s.unit.end(called)
            edit = Edit(end - len(called.attr.encode()), end, other)
            rule = "sign" if "sub" in pair[1] else "wrong-variable"
            told = f"{called.attr} must be {other}"
            yield Candidate((edit,), rule, told, int("_add" in pair[0]), other, node)
    if called.attr in _TURNED and len(node.args) == 1 and not s.is_module(called.value):
        told = "its operands are swapped"
        edits = swapped(s, called.value, node.args[0])
        yield Candidate(edits, "wrong-variable", told, 1, None, node)
    if called.attr in _MASKING and node.args:
        yield from opposite(s, node.args[0])
    for arg in node.args if called.attr.rstrip("_") not in _CALCULATING else ():
        yield from _number(s, arg, "wrong-axis")
    for named in node.keywords:
        if named.arg not in (s.dialect.axis, s.dialect.keepdims, "axis", "keepdims"):
            yield from _number(s, named.value, "wrong-variable")
    yield from _beside(s, called)


def _number(s: Statement, arg: ast.expr, rule: str) -> Iterator[Candidate]:
    """Yield other whole numbers: an axis, the start of a part, a count."""
    try:
        own = ast.literal_eval(arg)
    except ValueError:
        return
    if type(own) is int:
        for value in dict.fromkeys((own + 1, own - 1, 0, -1)):
            if value != own:
                told = f"{own} must be {value}"
                edit = s.replaced(arg, str(value))
                yield Candidate((edit,), rule, told, 2, str(value), arg)


def _beside(s: Statement, called: ast.Attribute) -> Iterator[Candidate]:
    """Yield other functions of the user's class or module with as many arguments."""
    owner = s.unit.globals.get(called.value.id) if isinstance(called.value, ast.Name) else None
    if not isinstance(owner, type | ModuleType):
        yield from _other_methods(s, called)
        return
    functions = {
        name: one
        for name, kept in vars(owner).items()
        if isinstance(one := bare(kept), FunctionType) and one.__code__.co_filename == s.unit.file
    }
    own = functions.pop(called.attr, None)
    if own is None:
        return
    alike = [name for name, one in functions.items() if _arity(one) == _arity(own)]
    end = s.unit.end(called)
    for name in alike[:_MOST]:
        told = f"{called.attr} must be {name}"
        edit = Edit(end - len(called.attr.encode()), end, name)
        yield Candidate((edit,), "wrong-variable", told, 1, name, called)


def _other_methods(s: Statement, called: ast.Attribute) -> Iterator[Candidate]:
    """Yield other methods of the same object with as many arguments, first those of like names."""
    value, text = called.value, s.text(called)
    methods = own_methods(s)
    if not isinstance(value, ast.Name) or value.id != s.unit.given:
        methods = [(f"{s.text(value)}.{name}", one) for name, one in methods_of(s, meant(s, value))]
    own = next((one for name, one in methods if name == text), None)
    methods.sort(key=lambda pair: -SequenceMatcher(None, text, pair[0]).ratio())
    for name, one in methods if own is not None else ():
        if own is not None and one is not own and _arity(one) == _arity(own):
            told = f"{text} must be {name}"
            edit = s.replaced(called, name)
            yield Candidate((edit,), "wrong-variable", told, 1, name, called)


def _arity(function: FunctionType) -> int:
    return len(inspect.signature(function).parameters)


def of_all(s: Statement) -> Iterator[Candidate]:
    """Yield superfluous calls, and swapped indices of the same array."""
    named: dict[str, list[Edit]] = {}
    for node in s.nodes:
        call = _picked_from(node) or node
        inner = _inner(s, call)
        if isinstance(node, ast.expr) and isinstance(call, ast.Call) and inner is not None:
            name = name_of(call.func)
            edit = s.replaced(node, s.text(inner), s.binding(inner))
            named.setdefault(name, []).append(edit)
            kept = s.shape(node) is not None and s.shape(node) == s.shape(inner)
            told = f"{name} does not belong here"
            cost = 2 - kept - (name == "where")
            yield Candidate((edit,), "extra-factor", told, cost, None, node)
    for name, edits in named.items():
        apart = all(one.end <= two.start or two.end <= one.start
                    for one, two in combinations(edits, 2))  # fmt: skip
        if len(edits) > 1 and apart:
            told = f"{name} does not belong here"
            yield Candidate(tuple(edits), "extra-factor", told, 1, None, s.node)
    parts = [one for one in s.nodes if isinstance(one, ast.Subscript)]
    for one, two in combinations(parts[:_MOST], 2):
        same = ast.unparse(one.value) == ast.unparse(two.value)
        if same and ast.unparse(one.slice) != ast.unparse(two.slice):
            told = f"{s.text(one)} and {s.text(two)} are swapped"
            yield Candidate(swapped(s, one, two), "wrong-variable", told, 1, None, s.node)


def of_forgotten(s: Statement) -> Iterator[Candidate]:
    """Yield values and terms with a function applied that the code applies elsewhere.

    A line that only gives a name another one may lack any function.
    """
    found = {(f"{s.numpy}exp(", ")"): "exp"} if s.numpy else {}
    elsewhere = _applied_in(s.unit.tree) if s.numpy else ()
    found |= {(f"{text}(", ")"): text for text in elsewhere if text.startswith(s.numpy)}
    bare = renames(s.node) and bool(s.numpy)
    found |= {(f"{s.numpy}{name}(", ")"): name for name in sorted(_APPLIED) if bare
              and hasattr(s.dialect.module, name)}  # fmt: skip
    for node in s.unit.of(ast.Call):
        if node.args and name_of(node.func) in (*_APPLIED, *_FOLDING):
            first, owner = node.args[0], getattr(node.func, "value", None)
            before = s.unit.between(s.unit.start(node), s.unit.start(first))
            after = s.unit.between(s.unit.end(first), s.unit.end(node))
            plain = owner is None or s.is_module(owner)
            if plain and before == f"{s.text(node.func)}(" and (after != ")" or _applies(node)):
                found[before, after] = name_of(node.func)
    inner = [
        one for node in s.nodes if isinstance(node, ast.BinOp)
        for one in (node.left, node.right) if node not in s.indexing
    ]  # fmt: skip
    inner += [
        node.value for node in s.nodes
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Subscript)
    ]  # fmt: skip
    for one, cost in (*((one, 2) for one in s.values), *((one, 3) for one in inner)):
        alone = isinstance(one, ast.Constant | ast.List) or one is s.spared
        for (before, after), name in () if alone else [*found.items()][: None if bare else _MOST]:
            text, told = f"{before}{s.text(one)}{after}", f"{name} of it is needed"
            yield Candidate((s.replaced(one, text),), "missing-factor", told, cost, name, one)


@lru_cache(_FILES)
def _applied_in(tree: ast.Module) -> Sequence[str]:
    """Return the functions that a file applies to each element of arrays."""
    calls = (one for one in walked(tree) if isinstance(one, ast.Call))
    return [*dict.fromkeys(ast.unparse(one.func) for one in calls if _applies(one))]


def _applies(node: ast.Call) -> bool:
    """Return whether a call changes each element of an array."""
    return len(node.args) == 1 and name_of(node.func) in _APPLIED


def _picked_from(node: ast.AST) -> ast.Call | None:
    """Return the call of which an expression takes the values alone, such as `x.sort()[0]`."""
    match node:
        case (ast.Subscript(ast.Call(func) as call, ast.Constant(0))
              | ast.Attribute(ast.Call(func) as call, "values")):  # fmt: skip
            return call if name_of(func) in _OF_TWO else None
        case _:
            return None


def _inner(s: Statement, node: ast.AST) -> ast.expr | None:
    """Return the argument of a call, which may be all that is needed."""
    if not isinstance(node, ast.Call) or name_of(node.func) in _KEPT:
        return None
    if name_of(node.func).endswith("_like") and name_of(node.func) != "ones_like":
        return None
    called = node.func
    if isinstance(called, ast.Attribute) and not s.is_module(called.value):
        own = ast.unparse(called.value) == s.unit.given and bool(node.args)
        return node.args[0] if own else called.value
    if name_of(node.func) == "where" and len(node.args) == 3:
        chosen = [one for one in node.args[1:] if not isinstance(one, ast.Constant)]
        return chosen[0] if len(chosen) == 1 else None
    alone = bool(node.args) and not isinstance(node.args[0], ast.Starred)
    own = isinstance(called, ast.Name) and len(node.args) == 1 and _is_function(s, called)
    return node.args[0] if alone and (own or isinstance(called, ast.Attribute)) else None


def _is_function(s: Statement, node: ast.Name) -> bool:
    """Return whether a name is that of a function of its module, and of no class."""
    held = s.unit.globals.get(node.id)
    return callable(held) and not isinstance(held, type)


def of_parts(s: Statement, node: ast.expr, elts: Sequence[ast.expr]) -> Iterator[Candidate]:
    """Yield the parts of what is put together, such as by `cat`, with the other sign."""
    for one in elts if isinstance(s.parents.get(node), ast.Call) else ():
        if s.shape(one) and not isinstance(one, ast.UnaryOp):
            edit = s.replaced(one, f"-{s.inside(one, 2)}", 3)
            yield Candidate((edit,), "sign", f"the sign of {s.text(one)} is wrong", 0, "-1", one)
