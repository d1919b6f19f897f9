"""Code that people paste and the language lacks, and what to write instead, in their names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

MODULES = ("torch", "tf", "jnp", "math", "numpy", "scipy")
"""Modules that people write before a function and the language refuses."""
SUBMODULES = ("linalg", "special", "random")
"""Parts of such modules, refused too."""
_PRODUCTS = {
    "ab,bc->ac": "a @ b",
    "ab,ac->bc": "a.T @ b",
    "ab,cb->ac": "a @ b.T",
    "abc,acd->abd": "a @ b",
    "abcd,abde->abce": "a @ b",
    "abc,adc->abd": "a @ transpose(b, (0, 2, 1))",
    "abcd,abed->abce": "a @ transpose(b, (0, 1, 3, 2))",
    "abc,abd->acd": "transpose(a, (0, 2, 1)) @ b",
    "abc,abd->cd": "(transpose(a, (0, 2, 1)) @ b).sum(axis=0)",
    "abc,cd->abd": "a @ b",
    "abc,dc->abd": "a @ b.T",
    "ab,b->a": "a @ b",
    "ab,a->b": "a.T @ b",
    "a,ab->b": "a @ b",
    "a,b->ab": "outer(a, b)",
    "a,a->": "dot(a, b)",
    "ab,ab->": "sum(a*b)",
    "ab,ab->a": "sum(a*b, axis=1)",
    "ab,ab->b": "sum(a*b, axis=0)",
    "ab->ba": "a.T",
    "ab->a": "sum(a, axis=1)",
    "ab->b": "sum(a, axis=0)",
}
"""Subscripts of einsum, letters in alphabetical order -> the same in the operands a and b."""
_EINSUM = r"einsum\(\s*(['\"])([^'\"]*)\1\s*,?\s*(.*)"
_KEY = r"(\w+)\[(['\"])(\w+)\2\]"
_CALLS = {
    "matmul": "{A} @ {B}",
    "mm": "{A} @ {B}",
    "bmm": "{A} @ {B}",
    "multiply": "{A}*{B}",
    "add": "{A} + {B}",
    "subtract": "{A} - {B}",
    "divide": "{A}/{B}",
    "true_divide": "{A}/{B}",
    "negative": "-{A}",
    "square": "{A}**2",
    "power": "{A}**{B}",
    "pow": "{A}**{B}",
    "reciprocal": "1/{A}",
    "rsqrt": "1/sqrt({a})",
    "log1p": "log(1 + {A})",
    "log2": "log({a})/log(2)",
    "log10": "log({a})/log(10)",
    "exp2": "2**{A}",
    "expm1": "exp({a}) - 1",
    "tan": "sin({a})/cos({a})",
    "sinh": "(exp({a}) - exp(-{A}))/2",
    "cosh": "(exp({a}) + exp(-{A}))/2",
    **{f"a{name}": f"arc{name}({{a}})" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    "atan2": "arctan2({a}, {b})",
    "hypot": "sqrt({A}**2 + {B}**2)",
    "absolute": "abs({a})",
    "fabs": "abs({a})",
    "sign": "({A} > 0) - ({A} < 0)",
    "heaviside": "{A} > 0",
    "greater": "{A} > {B}",
    "greater_equal": "{A} >= {B}",
    "less": "{A} < {B}",
    "less_equal": "{A} <= {B}",
    "equal": "{A} == {B}",
    "not_equal": "{A} != {B}",
    "logical_and": "{A}*{B}",
    "logical_or": "maximum({a}, {b})",
    "logical_not": "1 - {A}",
    "expit": "sigmoid({a})",
    "silu": "{A}*sigmoid({a})",
    "swish": "{A}*sigmoid({a})",
    "leaky_relu": "maximum({a}, 0.01*{A})",
    "std": "sqrt(var({a}{options}))",
    "norm": "sqrt(sum({A}**2{options}))",
    "average": "mean({a}{options})",
    "amax": "max({a}{options})",
    "amin": "-max(-{A}{options})",
    "min": "-max(-{A}{options})",
    "inner": "dot({a}, {b})",
    "vdot": "dot({a}, {b})",
    "zeros_like": "0*{A}",
    "ones_like": "0*{A} + 1",
    "full_like": "0*{A} + {B}",
    "ravel": "reshape({a}, (-1,))",
    "flatten": "reshape({a}, (-1,))",
    "t": "{A}.T",
}
"""Function -> the same in the language. A and B are its operands, in brackets where needed, a and b
the operands without brackets, `options` its options on axes."""
_ADVICE = {
    "min": ": write minimum(a, b) for the smaller of two, -max(-x) for the smallest of many",
    "squeeze": ": write reshape({a}, (-1,)) for a vector",
    "view": ": write reshape({a}, (2, 3)), with the numbers of its shape",
    "expand_dims": ": write {A}[:, None], with None where the new axis goes",
    "unsqueeze": ": write {A}[:, None], with None where the new axis goes",
    "swapaxes": ": write {A}.T for a matrix, transpose({a}, (0, 2, 1)) for a stack of them",
    "moveaxis": ": write {A}.T for a matrix, transpose({a}, (0, 2, 1)) for a stack of them",
    "rollaxis": ": write {A}.T for a matrix, transpose({a}, (1, 2, 0)) for a stack of them",
    "split": ": write a range for each part, for example {A}[:, 0:2] and {A}[:, 2:4]",
    "pad": ": write concat(zeros, {a}, zeros), where zeros is given in [data]",
    "trace": ": write sum({A}*ones), where ones is a diagonal of 1 in [data]",
    "tensordot": ": write {A}.T @ {B} for a sum over the first axis of both matrices, {A} @ {B} "
    "over the last of one and the first of the other",
    "repeat": ": an axis of 1 is repeated by itself; or write broadcast_to({a}, (2, 3))",
    "tile": ": an axis of 1 is repeated by itself; or write broadcast_to({a}, (2, 3))",
    "cumsum": ": write ones @ {A}, where ones is a lower triangle of 1 in [data]",
    "stack": ": write concat(a[None], b[None])",
    "einsum": ": write it with @, .T and sum(…, axis=0)",
    "zeros": ": write 0, which is broadcast",
    "ones": ": write 1, which is broadcast, or give the array in [data]",
    "full": ": write its number alone, which is broadcast",
}
"""Advice for functions that need more than a rewrite."""
_LEFT_OUT = (
    *("copy", "clone", "detach", "astype", "asarray", "array", "ascontiguousarray"),
    *("float", "float32", "float64", "double", "item"),
)
"""Functions without effect here: arrays are never written to, and have one type of number."""
_GIVEN = (
    *("eye", "identity", "arange", "linspace", "diag", "tril", "triu"),
    *("randn", "rand", "normal", "uniform", "standard_normal"),
)
"""Functions that create an array."""
_JOINED = {"concatenate": "", "cat": "", "vstack": "", "row_stack": "", "hstack": ", axis=1"}
"""Functions that join a list of arrays, and the axis that their name implies."""
FOREIGN = frozenset({*_CALLS, *_ADVICE, *_LEFT_OUT, *_GIVEN, *_JOINED})
"""All functions with advice on what to write instead."""
_TYPES = ("float16", "float32", "float64", "int32", "int64", "bool_", "double")
_CONSTANTS = {"pi": "3.141592653589793", "e": "2.718281828459045", "inf": "a number such as 1e300"}
_OPTIONS = {
    "dtype": ": leave it out, all numbers have one type ([run] dtype)",
    "out": ": leave it out, the result is the line's name",
    "where": ": leave it out and multiply by the mask",
    "ddof": ": var is the population's; for n numbers and ddof=1 multiply it by n/(n - 1)",
    "optimize": ": leave it out",
    "dim": ": write axis",
    "num_classes": ": write one_hot(labels, 3)",
    "a_min": ": write clip(x, low, high)",
    "a_max": ": write clip(x, low, high)",
}
_NUMERIC = ("dtype", "ndim", "shape", "size", "real", "imag", "flat", "data", "mT", "T", "base")
"""Attributes of arrays; any other attribute belongs to an object."""


def instead_of_call(
    function: str, operands: Sequence[str], options: str, picked: str, *, alone: bool
) -> str:
    """Return what to write for a call, to end a message with; empty if nothing is known.

    `operands` and `options` are the texts of its arguments, `picked` is the text in the square
    brackets after it; `alone` says that no operator stands beside it.
    """
    if function in ("eye", "identity") and picked and operands:
        return f": write one_hot({picked}, {operands[0]})"
    if function in _JOINED:
        joined = _inside(operands[0]) if operands else "a, b"
        return f": write concat({joined}{options or _JOINED[function]})"
    if function in _GIVEN or (function in _LEFT_OUT and operands and operands[0][:1] == "["):
        return ": give the array in [data]"
    if function in _LEFT_OUT:
        return f": leave it out, write {in_brackets(operands[0]) if operands else 'x'} alone"
    several = function == "min" and len(operands) > 1
    template = "" if several else _CALLS.get(function, "")
    if template and not alone:
        template = in_brackets(template)
    template = f": write {template}" if template else _ADVICE.get(function, "")
    first, second = [*operands, *("x", "y")[len(operands) :]][:2]
    return template.format(
        a=first, b=second, A=in_brackets(first), B=in_brackets(second), options=options
    )


def in_brackets(text: str, operators: str = "+-*/@<>=") -> str:
    """Return an expression as an operand: in brackets if it contains one of the `operators`."""
    depth = 0
    for char in re.sub(r"(?<=[\d.])[eE][+-]?\d+", "", text):
        depth += (char in "([{") - (char in ")]}")
        if depth == 0 and char in operators:
            return f"({text})"
    return text


def _inside(text: str) -> str:
    """Return the elements of a list or tuple without its brackets."""
    return text[1:-1].rstrip(", ") if text[:1] in ("(", "[") else text


def instead_of_option(key: str) -> str:
    """Return advice on an option of NumPy, to end a message with, or nothing."""
    return _OPTIONS.get(key, "")


def instead_of_module(name: str, *, called: bool) -> str:
    """Return what to write for `module.name`, to end a message with."""
    if name in _CONSTANTS:
        return f": write {_CONSTANTS[name]}"
    return f": write {name}(…)" if called else ""


def instead_of_return(parts: Sequence[str]) -> str:
    """Return what to write for a return whose parts are not all names."""
    table = re.fullmatch(r"(?:\{|dict\()(.*)[})]", parts[0]) if len(parts) == 1 else None
    inside = table[1] if table else ""
    named = dict(re.findall(r"(['\"]?\w+['\"]?)\s*[:=]\s*(.+)", "\n".join(split(inside))))
    lines, names = list[str](), list[str]()
    for key, value in named.items():
        name = key.strip("'\"")
        name = name if name[:1] == "d" else f"d{name}"
        lines += [] if value.isidentifier() else [f"{name} = {value}"]
        names.append(value if value.isidentifier() else name)
    if names:
        first = f"write {' and '.join(lines)}, each on its own line, and " if lines else ""
        return f"{first or 'write '}return {', '.join(names)}"
    other = next(part for part in parts if not part.isidentifier())
    if _is_bracketed(other):
        return "leave out the brackets and anything that is only kept for later"
    return f"write a line name = {other} and return the name"


def _is_bracketed(text: str) -> bool:
    """Return whether the opening bracket of a text is closed at its very end."""
    depth = 0
    for at, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if depth == 0:
            return at == len(text) - 1 > 0
    return False


def instead_of_np(name: str) -> str:
    """Return the message for an `np.name` that is not a function; empty if nothing is known."""
    if name in _CONSTANTS:
        return f"'np.{name}' is not part of the language: write {_CONSTANTS[name]}"
    if name in _TYPES:
        return f"'np.{name}' is a type, and all numbers have one type ([run] dtype): leave it out"
    return ""


def instead_of_attribute(owner: str, name: str) -> str:
    """Return what to write for `owner.name`, to end a message with, or nothing."""
    if name == "size":
        return (f": write len({owner}) for a vector, {owner}.shape[0]*{owner}.shape[1] for a "
                "matrix")  # fmt: skip
    if name in _NUMERIC or name[:1] == "_" or not owner.isidentifier():
        return ""
    return f": write {name}, and pass it to the function as an argument"


def without_string(line: str, column: int = 0, *, claims: bool = True) -> str:
    """Return what to write for a line with a string at a column, to end a message with.

    What is stored under a string is a gradient if the program `claims` any, else a state.
    """
    found = re.search(_EINSUM, line)
    if found is not None:
        return _without_einsum(found[2], split(found[3]))
    key = next((one for one in re.finditer(_KEY, line) if one.start() <= column < one.end()), None)
    if key is None:
        return ""
    name, before = key[3], line[: key.start()].strip()
    assigned = re.match(r"\s*([-+*/]?)=(?!=)\s*([^#]*)", line[key.end() :])
    if not before and assigned and not claims:
        return _without_state(name, *assigned.groups())
    if not before and assigned:
        return _without_entry(name if name[:1] == "d" else f"d{name}", *assigned.groups())
    if before in (f"{name} =", f"{name}="):
        return f": leave the line out, and pass {name} to the function"
    return f": write {name}, and pass it to the function"


def _without_state(name: str, operator: str, value: str) -> str:
    """Return what to write for a state that an update stores in a dictionary."""
    whole = re.sub(_KEY, r"\3", value.strip()) if value.count("(") == value.count(")") else "…"
    if operator:
        whole = f"{name} {operator} {whole if operator == '+' else in_brackets(whole)}"
    return f": write {name} = {whole}; state = {{ {name} = 0.0 }} in [update] keeps it"


def _without_entry(claim: str, operator: str, value: str) -> str:
    """Return what to write for a gradient that is stored, or added up, in a dictionary."""
    whole = value.strip() if value.count("(") == value.count(")") else "…"
    if not operator:
        return f": write {claim} = {whole}, and return {claim}"
    by_itself = whole if operator == "+" else in_brackets(whole)
    return (f": rename the one above to {claim}_1, and write "
            f"{claim} = {claim}_1 {operator} {by_itself}")  # fmt: skip


def _without_einsum(letters: str, given: Sequence[str]) -> str:
    order: dict[str, str] = {}
    for letter in re.findall("[A-Za-z]", letters):
        order.setdefault(letter, chr(ord("a") + len(order)))
    wanted = "".join(order.get(one, one) for one in letters if one != " ")
    product = _PRODUCTS.get(wanted)
    operands = [in_brackets(one) for one in given if not re.match(r"\w+\s*=[^=]", one)]
    if product is None or len(operands) != wanted.count(",") + 1:
        return _ADVICE["einsum"]
    texts = dict(zip("ab", operands, strict=False))
    return ": write " + re.sub(r"\b[ab]\b", lambda found: texts[found[0]], product)


def split(text: str) -> list[str]:
    """Return the operands at the start of a text, up to their closing bracket."""
    parts, depth = [""], 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        if depth < 0:
            break
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts if part.strip()]


def instead_of_index(owner: str, entries: Sequence[str]) -> str:
    """Return what to write for `owner[…]` with these entries, to end a message with."""
    if len(entries) == 2 and re.match(r"(np\.)?a?range\(", entries[0]):
        return f"; write ({owner}*one_hot({entries[1]}, k)).sum(axis=1) for k classes"
    if any(one == "..." for one in entries):
        return "; write a ':' for each axis that '...' stands for"
    if len(entries) == 1 and re.search("[<>=]", entries[0]):
        return f"; multiply by the mask: {in_brackets(owner)}*({entries[0]})"
    if len(entries) == 1 and entries[0].isidentifier():
        return f"; write take({owner}, {entries[0]})"
    single = [axis for axis, one in enumerate(entries) if re.fullmatch(r"-?\d+", one)]
    others = [one for axis, one in enumerate(entries) if axis not in single]
    if single and all(re.fullmatch(r"(-?\d+)?:(-?\d+)?", one) for one in others):
        ranges = [_range_of(one) if at in single else one for at, one in enumerate(entries)]
        axes = str(single[0]) if len(single) == 1 else f"({', '.join(map(str, single))})"
        return f"; write {owner}[{', '.join(ranges)}].sum(axis={axes})"
    return ""


def _range_of(index: str) -> str:
    return "-1:" if index == "-1" else f"{index}:{int(index) + 1}"


def instead_of_target(name: str, inside: str, operator: str, value: str) -> str:
    """Return what to write for `name[inside] operator value`, to end a message with."""
    rest = in_brackets(value)
    labels = re.fullmatch(r"(?:np\.)?a?range\(.*\), ?(\w+)", inside)
    if labels and operator in ("+=", "-="):
        times = "" if value == "1" else f"{rest}*"
        return f": write {name} {operator[0]} {times}one_hot({labels[1]}, k) for k classes"
    if operator == "=" and re.search("[<>=]", inside):
        return f": write where({inside}, {value}, {name})"
    if operator in ("*=", "/=") and re.search("[<>=]", inside):
        return f": write where({inside}, {name}{operator[0]}{rest}, {name})"
    return ": write the whole array, with where(mask, a, b), one_hot(labels, k) or concat(a, b)"


def instead_of_several(names: Sequence[str], values: Sequence[str]) -> str:
    """Return what to write for `a, b = …`, to end a message with."""
    if len(values) == 1 and values[0].endswith(".shape"):
        lines = [f"{one} = {values[0]}[{axis}]" for axis, one in enumerate(names) if one != "_"]
        return f"write {' and '.join(lines)}, each on its own line"
    keyed: Mapping[str, str] = dict(zip(names, values, strict=False))
    own = all((key := re.fullmatch(_KEY, value)) and key[3] == one for one, value in keyed.items())
    same = all(value.rpartition(".")[2] == one for one, value in keyed.items())
    bundled = len(values) == 1 and re.fullmatch(r"[\w.]+", values[0])
    if bundled or (len(names) == len(values) and (own or same)):
        return ("leave the line out: a function reads the model's values under their own names, if "
                f"it takes {', '.join(names)}")  # fmt: skip
    if len(names) == len(values):
        lines = [f"{one} = {value}" for one, value in zip(names, values, strict=True)]
        return f"write {' and '.join(lines)}, each on its own line"
    return "assign each on its own line"
