"""Nodes -> flat Python functions: the training loop, one recorded step, a batch of evaluations.

The text that is compiled holds names issued here (v0, v1, …), the registry's code and numbers;
never text from a file.  All functions of one program emit the same statement for the same node, so
a run, its replay and a recorded step agree to the last bit.
"""

from __future__ import annotations

import itertools
import re
import struct
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from types import CodeType
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.engine.bundling import FILL, PACK, VIEW
from gradtui.engine.graph import STRETCH, Kind, Node, needed_for
from gradtui.engine.kernels import lift, raised, root
from gradtui.engine.ops import KERNELS, OPS
from gradtui.engine.reuse import WRITING, code_into, reused
from gradtui.engine.shapes import Shape

Array = NDArray[Any]
Values = Mapping[int, Any]
"""Node id -> its value."""


_SHORT, _CODES = 20_000, 256
"""Characters of code that is kept, and how many: branches and reloads define the same again."""
_CHANGING = r"\bv\d"
"""A value that changes at each step."""


class Mode(Enum):
    """The kind of numbers in compiled code."""

    FLOAT = "Python floats"
    ARRAY = "NumPy arrays"
    BATCH = "NumPy arrays with leading axes"


class Slice(Struct, frozen=True):
    """The place of a value of the state in a flat row of numbers."""

    start: int
    stop: int
    shape: Shape

    def of(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Return the value in a row, or in each of several: (…, numbers) -> (…, *shape)."""
        return rows[..., self.start : self.stop].reshape((*rows.shape[:-1], *self.shape))


def mode_for(nodes: Sequence[Node], dtype: str) -> Mode:
    """Return FLOAT if every value is a float64 scalar, else ARRAY."""
    scalar = dtype == "float64" and all(node.shape == () for node in nodes)
    return Mode.FLOAT if scalar else Mode.ARRAY


def row_slices(shapes: Iterable[Shape]) -> tuple[Slice, ...]:
    """Return the places of values of these shapes in one flat row."""
    slices, at = [], 0
    for shape in shapes:
        size = int(np.prod(shape, dtype=np.int64))
        slices.append(Slice(at, at + size, shape))
        at += size
    return tuple(slices)


def operation_code(
    node: Node,
    operands: Sequence[Node],
    texts: Sequence[str],
    batched: Sequence[bool],
    mode: Mode,
    share: Callable[[str], str] = str,
) -> str:
    """Return the Python expression of a node, its operands written as `texts`.

    `batched` tells which operands have one more leading axis; `share` returns the replacement of a
    part's expression that other nodes may share.
    """
    entry = OPS[node.op]
    values = {"rank_" + f: len(n.shape) for f, n in zip("ab", operands, strict=False)}
    for formal, operand, text, more in zip(entry.operands, operands, texts, batched, strict=True):
        extra = len(node.shape) - len(operand.shape)
        if more and extra > 0 and (entry.elementwise or node.op == STRETCH):
            text = f"lift({text}, {len(operand.shape)}, {extra})"
        values[formal] = text  # type: ignore[assignment]
    own = {Mode.FLOAT: entry.scalar, Mode.BATCH: entry.batched}.get(mode)
    code = own or entry.expression
    if entry.special and operands[-1].kind is Kind.CONSTANT:
        code = entry.special.get(operands[-1].value, code)
    if entry.parts:
        values["width"] = operands[0].shape[-1] if operands[0].shape else 0
    for name, part in entry.parts:
        values[name] = share(part.format(**values, **dict(node.options)))  # type: ignore[assignment]
    return code.format(**values, **dict(node.options))


class Compiler:
    """Compiles functions over one list of nodes.

    `fixed` are values that never change (data, constants of an optimizer).  `dtype` is that of all
    arithmetic.
    """

    def __init__(self, nodes: Sequence[Node], fixed: Values, mode: Mode, dtype: str) -> None:
        self.nodes = nodes
        self.mode = mode
        self.namespace = namespace(mode, dtype)
        self.fixed = frozenset(fixed)
        self._settled: set[int] = set()
        """Nodes computed once for all."""
        self._parts: dict[str, str] = {}
        """The names of parts computed once for all, by their code."""
        self._numbers = itertools.count()
        number = self.namespace["number"]
        with np.errstate(over="ignore"):
            for id, value in fixed.items():
                is_scalar = nodes[id].shape == ()
                self.namespace[f"d{id}"] = number(value) if is_scalar else np.asarray(value, dtype)
            for node in nodes:
                if node.kind is Kind.CONSTANT:
                    self.namespace[f"c{node.id}"] = number(node.value)

    def evaluate(
        self, arguments: Sequence[int], wanted: Sequence[int], batched: Iterable[int] = ()
    ) -> Callable[..., tuple[Any, ...]]:
        """Return a function of the values of `arguments` that returns the values of `wanted`.

        In BATCH mode the arguments named in `batched` have one more leading axis.
        """
        names = [f"v{id}" for id in arguments]
        body = self._body(wanted, frozenset(arguments), frozenset(batched))
        result = "".join(f"{self._read(id)}, " for id in wanted)
        lines = [f"def compiled({', '.join(names)}):", *body, f"    return ({result})"]
        return self._define(lines)

    def train(
        self,
        state: Sequence[int],
        after: Sequence[int],
        varying: Sequence[int],
        written: Sequence[int] = (),
    ) -> Callable[..., tuple[Any, ...]]:
        """Return the training loop: `train(state, inputs[, rows]) -> state` after all inputs.

        `inputs` yields the values of `varying` step by step.  Each step writes the
        values of `written`, if there are any, into the next row of `rows`, a float64 matrix.
        """
        wanted = [*after, *(id for id in written if id not in state)]
        body = self._body(wanted, frozenset([*state, *varying]), frozenset())
        sink = self._sink(frozenset(state), written)
        names = "".join(f"v{id}, " for id in state)
        each = ", ".join(f"v{id}" for id in varying) or "_"
        lines = [
            f"def compiled(state, inputs{', rows' if written else ''}):",
            f"    ({names}) = state",
            *(["    at = 0"] if written else []),
            f"    for {each} in inputs:",
            *(f"        {line}" for line in sink.first),
            *(f"    {line}" for line in body),
            *(f"        {line}" for line in sink.last),
            f"        ({names}) = ({''.join(f'{self._read(id)}, ' for id in after)})",
            f"    return ({names})",
        ]
        return self._define(lines)

    def _sink(self, state: frozenset[int], written: Sequence[int]) -> _Sink:
        if not written:
            return _Sink((), ())
        if self.mode is Mode.FLOAT:
            row = struct.Struct(f"{len(written)}d")
            self.namespace["pack"] = row.pack_into
            write = f"pack(rows, at, {', '.join(map(self._read, written))})"
            return _Sink((), (write, f"at += {row.size}"))
        slices = row_slices(self.nodes[id].shape for id in written)
        first, last = ["row = rows[at]"], list[str]()
        for id, part in zip(written, slices, strict=True):
            value = self._read(id)
            write = (
                f"row[{part.start}] = {value}"
                if part.shape == ()
                else f"row[{part.start}:{part.stop}] = {value}{_flattened(part.shape)}"
            )
            # The state is written before the step lets go of it.
            (first if id in state else last).append(write)
        return _Sink(tuple(first), (*last, "at += 1"))

    def _body(
        self, wanted: Sequence[int], given: frozenset[int], batched: frozenset[int]
    ) -> list[str]:
        needed = needed_for(self.nodes, wanted, given)
        computed = []
        for node in self.nodes:
            if node.id not in needed or node.id in given or node.kind is Kind.CONSTANT:
                continue
            if node.kind is Kind.OPERATION:
                if not self._settle(node):
                    computed.append(node)
            else:
                assert node.id in self.fixed, f"no value for {node.name}"
        ending = self._last_reads(computed, given, frozenset(wanted))
        varying = set(batched)
        for node in computed:
            if any(id in varying for id in node.inputs):
                varying.add(node.id)
        parts, lines = self._shared_parts(computed, frozenset(varying)), list[str]()
        memory = reused(self.nodes, computed, ending) if self.mode is Mode.ARRAY else {}
        for node in computed:
            code = self._code(node, varying, parts.take)
            if node.id in memory:
                texts = [self._read(id) for id in node.inputs]
                code = code_into(self.nodes, node, texts, self._read(memory[node.id]))
            lines += parts.new_lines()
            lines.append(f"    v{node.id} = {code}")
            if node.id in ending:
                lines.append(f"    del {', '.join(f'v{id}' for id in ending[node.id])}")
        return lines

    def _settle(self, node: Node) -> bool:
        """Compute a node once for all if none of its inputs ever changes."""
        if node.id in self._settled:
            return True
        if self.mode is Mode.BATCH or not all(map(self._never_changes, node.inputs)):
            return False
        self.namespace[f"d{node.id}"] = self._value_of(self._code(node, set(), str))
        self._settled.add(node.id)
        return True

    def _never_changes(self, id: int) -> bool:
        known = id in self.fixed or id in self._settled
        return known or self.nodes[id].kind is Kind.CONSTANT

    def _value_of(self, code: str) -> Any:
        with np.errstate(all="ignore"):
            value = eval(compile(code, "<gradtui>", "eval"), self.namespace)
        for array in value if isinstance(value, tuple) else (value,):
            if isinstance(array, np.ndarray):
                array.flags.writeable = False
        return value

    def _shared_parts(self, computed: Sequence[Node], varying: frozenset[int]) -> _Parts:
        """Return the parts that several nodes share, or that never change."""
        counts = Counter[str]()

        def count(text: str) -> str:
            counts[text] += 1
            return text

        for node in computed:
            if node.op in OPS and OPS[node.op].parts:
                self._code(node, varying, count)
        for text in counts:
            constant = self.mode is not Mode.BATCH and not re.search(_CHANGING, text)
            if constant and text not in self._parts:
                # Two threads may be here: a name is unique, and gets its value before it is used.
                name = f"q{next(self._numbers)}"
                self.namespace[name] = self._value_of(text)
                self._parts[text] = name
        several = [text for text, times in counts.items() if times > 1]
        names = {text: f"p{number}" for number, text in enumerate(several)}
        settled = dict(self._parts)
        return _Parts({**names, **settled}, set(settled.values()))

    def _last_reads(
        self, computed: Sequence[Node], given: frozenset[int], wanted: frozenset[int]
    ) -> Mapping[int, Sequence[int]]:
        """Return the arrays that nothing reads after a node, so that their memory is reused."""
        if self.mode is Mode.FLOAT:
            return {}
        last: dict[int, int] = {}
        for node in computed:
            last |= dict.fromkeys(node.inputs, node.id)
        own = given.union(node.id for node in computed)
        ending: dict[int, list[int]] = {}
        for id, reader in last.items():
            held = id in own and id not in self.fixed
            if held and id not in wanted and self.nodes[id].shape:
                ending.setdefault(reader, []).append(id)
        return ending

    def _code(self, node: Node, batched: Collection[int], share: Callable[[str], str]) -> str:
        operands = [self.nodes[id] for id in node.inputs]
        texts = [self._read(id) for id in node.inputs]
        if node.op == PACK:
            flat = (t + _flattened(one.shape) for t, one in zip(texts, operands, strict=True))
            return f"concatenate(({', '.join(flat)}))"
        if node.op == FILL:
            return f"full({node.shape}, {texts[0]})"
        if node.op == VIEW:
            return _part_code(node, texts[0])
        return operation_code(
            node, operands, texts, [id in batched for id in node.inputs], self.mode, share
        )

    def _read(self, id: int) -> str:
        if self.nodes[id].kind is Kind.CONSTANT:
            return f"c{id}"
        return f"d{id}" if id in self.fixed or id in self._settled else f"v{id}"

    def _define(self, lines: Sequence[str]) -> Callable[..., tuple[Any, ...]]:
        scope: dict[str, Any] = dict(self.namespace)
        exec(_code_of("\n".join(lines)), scope)
        function = scope["compiled"]

        def run(*arguments: Any) -> tuple[Any, ...]:
            with np.errstate(all="ignore"):
                result: tuple[Any, ...] = function(*arguments)
                return result

        return run


def _code_of(source: str) -> CodeType:
    return _kept(source) if len(source) < _SHORT else compile(source, "<gradtui>", "exec")


@lru_cache(_CODES)
def _kept(source: str) -> CodeType:
    return compile(source, "<gradtui>", "exec")


def _flattened(shape: Shape) -> str:
    return "" if len(shape) == 1 else ".reshape(-1)"


def _part_code(node: Node, vector: str) -> str:
    """Return the Python expression of a part of a vector as an array."""
    options = dict(node.options)
    part = f"{vector}[{options['start']}:{options['stop']}]"
    if not node.shape:
        return f"{part}[0]"
    return part if len(node.shape) == 1 else f"{part}.reshape({node.shape})"


class _Parts:
    """Parts that several nodes share, computed by the first one."""

    def __init__(self, names: Mapping[str, str], known: set[str]) -> None:
        self._names, self._known = names, known
        self._lines: list[str] = []

    def take(self, text: str) -> str:
        """Return the replacement of a part's expression."""
        name = self._names.get(text, text)
        if name not in self._known and name != text:
            self._known.add(name)
            self._lines.append(f"    {name} = {text}")
        return name

    def new_lines(self) -> list[str]:
        """Return the lines that compute the parts first used since the last call."""
        lines, self._lines = self._lines, []
        return lines


class _Sink(Struct, frozen=True):
    first: tuple[str, ...]
    last: tuple[str, ...]


def namespace(mode: Mode, dtype: str) -> dict[str, Any]:
    """Return the functions that the code of operations calls."""
    if mode is Mode.FLOAT:
        functions = {name: _on_floats(function) for name, function in KERNELS.items()}
        return {**functions, "number": float, "abs": abs, "root": root, "raised": raised}
    number = np.dtype(dtype).type
    return {
        **KERNELS,
        **WRITING,
        "number": number,
        "lift": lift,
        "concatenate": np.concatenate,
        "full": np.full,
    }


def _on_floats(function: Callable[..., Any]) -> Callable[..., float]:
    def on_floats(*operands: float) -> float:
        return float(function(*operands))

    return on_floats
