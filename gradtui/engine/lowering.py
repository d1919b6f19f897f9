"""Expression trees -> nodes of a graph, for a user's program and for the registry's rules alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from gradtui.base.source import InputError, Place, did_you_mean
from gradtui.base.text import shape_said, shape_text
from gradtui.engine.builder import Builder
from gradtui.engine.graph import Graph, Kind, Node, Statement
from gradtui.engine.ops import FUNCTIONS, OPS
from gradtui.engine.shapes import Options, Shape
from gradtui.language.parser import (
    Assignment,
    Call,
    Name,
    Number,
    Option,
    Tree,
    WholeNumbers,
    parse_rule,
)
from gradtui.language.refusals import another_name

_NOUNS = frozenset({"clip", "dot", "max", "mean", "outer", "sum", "take", "var"})
"""Functions whose names are also common for values: only a call means the function."""
RESERVED = MappingProxyType(
    {
        "lr": "the rate",
        "step": "the number of the step",
        "prev": "the step before in breakpoints",
        "file": "the data's file",
        "np": "NumPy",
        "len": "the number of rows",
        **dict.fromkeys((name for name in FUNCTIONS if name not in _NOUNS), "the function"),
    }
)
"""Names that a program cannot assign -> their meaning."""
_NOTHING: Options = MappingProxyType({})


class Leaf(Struct, frozen=True):
    """A value that the model takes from outside."""

    name: str
    shape: Shape
    place: Place | None = None


def build_graph(
    parameters: Sequence[Leaf],
    data: Sequence[Leaf],
    program: Sequence[Assignment],
    loss: str | None = None,
    loss_place: Place | None = None,
) -> Graph:
    """Return the graph of a model; raises InputError with the place of an error."""
    builder, names = Builder(), dict[str, int]()
    for kind, leaves in ((Kind.PARAMETER, parameters), (Kind.DATA, data)):
        for leaf in leaves:
            check_name(leaf.name, leaf.place)
            if leaf.name in names:
                raise InputError(f"'{leaf.name}' is both a parameter and data", leaf.place)
            names[leaf.name] = builder.leaf(kind, leaf.name, leaf.shape, leaf.place)
    statements = [lower_statement(line, builder, names) for line in program]
    if not statements:
        raise InputError("the program has no statement: expected lines `name = expression`")
    loss = statements[-1].name if loss is None else loss
    if loss not in names:
        raise InputError(f"the loss '{loss}' is not a name of the model"
                         + did_you_mean(loss, names), loss_place)  # fmt: skip
    root = builder.nodes[names[loss]]
    if root.shape != ():
        raise InputError(
            f"the loss '{loss}' must be a scalar, but {shape_said('it', root.shape)}: "
            "take the mean or the sum",
            loss_place or root.place,
        )
    nodes = tuple(builder.nodes)
    return Graph(nodes, MappingProxyType(names), tuple(statements), root.id)


def lower_statement(line: Assignment, builder: Builder, names: dict[str, int]) -> Statement:
    """Append one statement's nodes, give the result its name and enter it in `names`."""
    check_name(line.name, line.place)
    if line.name in names:
        kind = builder.nodes[names[line.name]].kind
        already = {Kind.PARAMETER: "a parameter", Kind.DATA: "data"}.get(kind, "assigned above")
        other = another_name(line.name, names)
        hint = f"; rename the one above to {other} and read that" if "above" in already else ""
        raise InputError(f"'{line.name}' is already {already}: a name is assigned once{hint}",
                         line.place)  # fmt: skip
    first = len(builder.nodes)
    root = lower_tree(line.value, builder, _resolver(names))
    if builder.nodes[root].name or root < first:
        root = builder.apply("identity", (root,), place=line.value.place)
    builder.rename(root, line.name, line.place)
    names[line.name] = root
    return Statement(line.name, root, _preorder(builder.nodes, root, first), line.place)


def check_name(name: str, place: Place | None) -> None:
    """Raise InputError if a program, parameter or data cannot have this name."""
    if name in RESERVED:
        raise InputError(f"'{name}' is reserved for {RESERVED[name]}: choose another name", place)


def lower_tree(
    tree: Tree,
    builder: Builder,
    resolve: Callable[[Name], int],
    inherited: Options = _NOTHING,
    resolve_call: Callable[[Call], int | None] = lambda call: None,
) -> int:
    """Append the nodes of a tree, operands first, and return the root's id.

    `inherited` are the options that a derivative rule may name; `resolve_call` returns the node of
    a call that is no operation, else None.  No recursion: a sum of thousands of terms is a tree
    thousands deep.
    """
    pending: list[Tree | tuple[Call]] = [tree]
    done: list[int] = []
    while pending:
        part = pending.pop()
        match part:
            case WholeNumbers(_, place):
                raise InputError("numbers in parentheses are not a value: only a shape, as in "
                                 "reshape, is written so", place)  # fmt: skip
            case Number(value, place):
                done.append(builder.constant(value, place))
            case Name():
                done.append(resolve(part))
            case Call() if (known := resolve_call(part)) is not None:
                done.append(known)
            case Call():
                part = _spelt_out(part)
                _check_call(part, rules=inherited is not _NOTHING)
                pending.append((part,))
                pending.extend(reversed(part.arguments))
            case (call,):
                arity = len(call.arguments)
                operands = tuple(done[len(done) - arity :])
                del done[len(done) - arity :]
                done.append(_apply(call, operands, builder, inherited))
    return done[0]


def lower_call(call: Call, operands: tuple[int, ...], builder: Builder) -> int:
    """Append the operation of a call, given the nodes of its arguments."""
    _check_call(call, rules=False)
    return _apply(call, operands, builder, _NOTHING)


def _apply(call: Call, operands: tuple[int, ...], builder: Builder, inherited: Options) -> int:
    if call.function in ("shape", "len"):
        return _size(call, builder.nodes[operands[0]], builder)
    options = {key: inherited[v] if isinstance(v, str) else v for key, v in call.options}
    return builder.apply(call.function, operands, options, call.place)


def _spelt_out(call: Call) -> Call:
    """Return a call with last arguments turned into an option, or its abbreviation expanded."""
    entry = OPS.get(call.function)
    if entry is None:
        return call
    if entry.longer and len(call.arguments) == len(entry.longer[0]):
        formals, meaning = entry.longer
        tree = _rewritten(parse_rule(meaning), dict(zip(formals, call.arguments, strict=True)),
                          call)  # fmt: skip
        assert isinstance(tree, Call)
        return tree
    if entry.folds and len(call.arguments) > 2:
        # In halves: one by one, thousands of arrays would be copied thousands of times.
        half = (len(call.arguments) + 1) // 2
        parts = (call.arguments[:half], call.arguments[half:])
        both = [p[0] if len(p) == 1 else replace(call, arguments=p) for p in parts]
        return replace(call, arguments=tuple(both))
    arity, option = len(entry.operands), entry.positional
    if not option or len(call.arguments) <= arity:
        return call
    if any(key == option for key, _ in call.options):
        raise InputError(f"'{option}' is given twice", call.place)
    value = _whole_numbers(call.arguments[arity:])
    if value is None:
        raise InputError(f"the '{option}' of {call.function} is given by whole numbers written out",
                         call.arguments[arity].place)  # fmt: skip
    options = (*call.options, (option, value))
    return replace(call, arguments=call.arguments[:arity], options=options)


def _rewritten(tree: Tree, arguments: Mapping[str, Tree], call: Call) -> Tree:
    """Return a rule's tree with a call's arguments and place inserted."""
    if isinstance(tree, Name):
        return arguments[tree.name]
    if not isinstance(tree, Call):
        return replace(tree, place=call.place)
    options = call.options if tree.function == call.function else tree.options
    parts = tuple(_rewritten(part, arguments, call) for part in tree.arguments)
    return Call(tree.function, parts, options, call.place)


def _whole_numbers(trees: Sequence[Tree]) -> int | tuple[int, ...] | None:
    """Return a number, or several of the form `(2, 3)` or `2, 3`; None if anything else."""
    values: list[int] = []
    for tree in trees:
        match tree:
            case WholeNumbers(several, _) if len(trees) == 1:
                return several
            case Number(value, _) if value.is_integer() and value < 1e9:
                values.append(int(value))
            case Call("neg", (Number(value, _),)) if value.is_integer() and value < 1e9:
                values.append(-int(value))
            case _:
                return None
    return values[0] if len(values) == 1 else tuple(values)


def _size(call: Call, operand: Node, builder: Builder) -> int:
    axis = dict(call.options).get("axis", 0)
    assert isinstance(axis, int)
    if not -len(operand.shape) <= axis < len(operand.shape):
        raise InputError(f"shape {shape_text(operand.shape)} has no axis {axis}", call.place)
    return builder.constant(float(operand.shape[axis]), call.place)


def _check_call(call: Call, *, rules: bool) -> None:
    name, given = call.function, len(call.arguments)
    if name in ("shape", "len"):
        wanted: Sequence[str] = ("array",)
        options: Mapping[str, Option] = {"axis": 0} if name == "shape" else {}
    elif name in OPS and (rules or not OPS[name].internal):
        wanted, options = OPS[name].operands, dict(OPS[name].options)
    else:
        near = did_you_mean(name, FUNCTIONS)
        raise InputError(
            f"'{name}' is not a function of the language" + near,
            call.place,
        )
    if given != len(wanted):
        raise InputError(_arity_message(name, len(wanted), given), call.place)
    for key, value in call.options:
        if key not in options:
            raise InputError(f"{name} has no option '{key}'" + did_you_mean(key, options),
                             call.place)  # fmt: skip
        flag = isinstance(options[key], bool)
        inherited = rules and isinstance(value, str)
        if isinstance(value, bool) != flag and not inherited:
            wanted_value = "True or False" if flag else "an axis such as 0, or several: (0, 1)"
            raise InputError(f"the option '{key}' of {name} takes {wanted_value}", call.place)


def _arity_message(name: str, wanted: int, given: int) -> str:
    longer = OPS[name].longer if name in OPS else None
    also = f" or {len(longer[0])}" if longer else ""
    if name in OPS and OPS[name].folds:
        also = " or more"
    arguments = f"{wanted}{also} argument{'s' if wanted > 1 or longer else ''}"
    message = f"{name} takes {arguments}, got {given}"
    if name in OPS and OPS[name].reduction and given == 2:
        two = "the larger of two is maximum(a, b); " if name == "max" else ""
        message += f": {two}the axis is given by keyword, {name}(x, axis=0)"
    return message


def _resolver(names: Mapping[str, int]) -> Callable[[Name], int]:
    def resolve(name: Name) -> int:
        if name.name in names:
            return names[name.name]
        if name.name in FUNCTIONS:
            raise InputError(f"'{name.name}' is a function: write {name.name}(…)", name.place)
        raise InputError(
            f"'{name.name}' is not defined" + did_you_mean(name.name, names), name.place
        )

    return resolve


def _preorder(nodes: Sequence[Node], root: int, first: int) -> tuple[int, ...]:
    """Return the operations of a statement, each before its operands, left operands first."""
    order: list[int] = []
    pending = [root]
    while pending:
        node = nodes[pending.pop()]
        if node.kind is Kind.OPERATION and node.id >= first:
            order.append(node.id)
            pending.extend(reversed(node.inputs))
    return tuple(order)
