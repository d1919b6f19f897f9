"""What people paste that the language has not, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Sequence

MODULES = ("torch", "tf", "jnp", "math", "numpy", "scipy")
"""Names of modules that cannot stand before a function."""
_PRODUCTS = {
    "ab,bc->ac": "a @ b",
    "ab,ac->bc": "a.T @ b",
    "ab,cb->ac": "a @ b.T",
    "abc,acd->abd": "a @ b",
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
"""einsum with its letters in the order of the alphabet -> the same of its operands a and b."""
_EINSUM = re.compile(r"einsum\(\s*['\"]([A-Za-z,> -]*)['\"]")
_FUNCTIONS = {
    "min": ": the smaller of two is minimum(a, b), that of many -max(-x)",
    "matmul": "a @ b",
    "mm": "a @ b",
    "multiply": "a*b",
    "add": "a + b",
    "subtract": "a - b",
    "divide": "a/b",
    "negative": "-x",
    "square": "x**2",
    "power": "x**2",
    "pow": "x**2",
    "reciprocal": "1/x",
    "log1p": "log(1 + x)",
    "expm1": "exp(x) - 1",
    "std": "sqrt(var(x))",
    "sign": "(x > 0) - (x < 0)",
    "heaviside": "x > 0",
    "expit": "sigmoid(x)",
    "zeros_like": "0*x",
    "ones_like": "0*x + 1",
    "expand_dims": "x[:, None]",
    "unsqueeze": "x[:, None]",
    "squeeze": "reshape(x, (n,))",
    "flatten": "reshape(x, (n,))",
    "ravel": "reshape(x, (n,))",
    "view": "reshape(x, (n, m))",
    "t": "x.T",
    "copy": "x alone",
    "clone": "x alone",
    "detach": "x alone",
    "astype": "x alone",
    "concatenate": "concat(a, b)",
    "einsum": "it with @, .T and sum(…, axis=0)",
}


def instead_of(function: str) -> str:
    """Return what to write for a function, as the end of a message; nothing where none is known."""
    found = _FUNCTIONS.get(function, "")
    return found if not found or found.startswith(":") else f": write {found}"


def without_string(line: str) -> str:
    """Return what to write for a line with an einsum, as the end of a message, or nothing."""
    found = _EINSUM.search(line)
    if found is None:
        return ""
    letters: dict[str, str] = {}
    for letter in re.findall("[A-Za-z]", found[1]):
        letters.setdefault(letter, chr(ord("a") + len(letters)))
    wanted = "".join(letters.get(one, one) for one in found[1] if one != " ")
    product = _PRODUCTS.get(wanted)
    return f": for this einsum of a and b write {product}" if product else instead_of("einsum")


def instead_of_index(inside: Sequence[str]) -> str:
    """Return what to write for `x[…]`, by the first two tokens in the brackets."""
    match inside:
        case ["range", "("] | ["np", "."]:
            return "; for p[range(n), y] write (p*one_hot(y, k)).sum(axis=1)"
        case [index, "]"] if index.isdigit():
            return f"; for x[{index}] write x[{index}:{int(index) + 1}].sum(axis=0)"
        case [index, "]"] if index.isidentifier() and index != "None":
            return f"; for E[{index}] write take(E, {index})"
    return ""
