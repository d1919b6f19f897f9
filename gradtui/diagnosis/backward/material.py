"""The material that a line may lack: factors, terms and local derivatives, as expressions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
from msgspec.structs import replace

from gradtui.base.source import InputError
from gradtui.diagnosis.backward.program import Line
from gradtui.diagnosis.backward.trial import Trial
from gradtui.engine.formula import Texts, formula
from gradtui.engine.graph import Node
from gradtui.engine.printer import spell
from gradtui.engine.shapes import Shape
from gradtui.language.operators import NOT_CALLED
from gradtui.language.parser import Call, Name, Number, Tree, parse_expression
from gradtui.language.tokens import MAX_ROW
from gradtui.language.trees import NOWHERE, call, depth, subtrees

MOST, MOST_NAMES = 40, 12
_LONGEST = 90


def as_tree(
    nodes: Sequence[Node],
    root: int,
    scope: Mapping[str, int],
    *,
    written: bool = False,
    ties: bool = False,
    known: Texts | None = None,
) -> Tree | None:
    """Return a node's expression in the names in scope; None if it has no text, or is too long.

    With `written` the root is written out even if it has a name; with `ties` a mask includes the
    half of a tie.  `known` are the texts of other nodes in these names.
    """
    names = {id: name for name, id in scope.items()}

    def show(node: Node) -> str | None:
        return names.get(node.id)

    try:
        if root in names and not written:
            return parse_expression(names[root])
        tree = parse_expression(formula(nodes, root, show, known=known))
        if depth(tree) > MAX_ROW:
            return None
        return tree if ties else _plain(tree)
    except InputError:
        return None


_OPPOSITE = {">": "<=", "<": ">=", ">=": "<", "<=": ">", "==": "!=", "!=": "=="}


def _plain(tree: Tree) -> Tree:
    """Return an expression with masks as people write them: (z > 0), without the half of a tie.

    At a corner, any slope between those of the two sides is as good.
    """
    if not isinstance(tree, Call):
        return tree
    tree = replace(tree, arguments=tuple(map(_plain, tree.arguments)))
    match tree:
        case Call("+", (Call(">" | "<") as mask, Call("/", (Call("=="), Number(2.0))))):
            return mask
        case Call("!=", (Call(function) as mask, Number(0.0))) if function in _OPPOSITE:
            return mask
        case Call("sum", (Call("sum", (summed,), inner),), outer) if {*outer} < {*inner}:
            if {*inner} - {*outer} == {("keepdims", True)}:
                return Call("sum", (summed,), outer, tree.place)
        case Call("==", (Call(function) as mask, Number(0.0))) if function in _OPPOSITE:
            return replace(mask, function=_OPPOSITE[function])
    return tree


def factors_of(tree: Tree) -> list[Tree]:
    """Return the factors in an expression, and the products of two neighbouring ones."""
    found = list[Tree]()
    for part in subtrees(tree):
        match part:
            case Call("*" | "/" | "@", (left, right)):
                found += [left, right]
        match part:
            case Call("*", (Call("*", (_, middle)), last)):
                found.append(call("*", middle, last))
    return found


def calls_of(tree: Tree) -> list[Tree]:
    """Return the functions in an expression."""
    return [p for p in subtrees(tree) if isinstance(p, Call) and p.function.isidentifier()
            and p.function not in (*NOT_CALLED, "len")]  # fmt: skip


def terms_of(tree: Tree) -> list[Tree]:
    """Return the terms in an expression."""
    return [
        argument
        for part in subtrees(tree)
        if isinstance(part, Call) and part.function in ("+", "-")
        for argument in part.arguments
    ]


def names_like(trial: Trial, line: Line, target: int) -> list[Tree]:
    """Return the names in scope with the shape of a value or of an operand, the latest first."""
    nodes = trial.builder.nodes
    read = [line.scope[name] for name in line.reads if name in line.scope]
    shapes = {nodes[id].shape for id in (target, line.node, *read)}
    shapes |= {(*shape[:-1], 1) for shape in shapes if len(shape) > 1}
    names = [name for name, id in line.scope.items() if nodes[id].shape in shapes]
    found: list[Tree] = [Name(name, NOWHERE) for name in reversed(names)]
    return found[:MOST_NAMES]


def values_like(trial: Trial, line: Line) -> list[Tree]:
    """Return the names of the model's own values with the shape of a line."""
    nodes, graph = trial.builder.nodes, trial.graph
    shape = nodes[line.node].shape
    names = [name for name, id in line.scope.items() if graph.names.get(name) == id]
    found: list[Tree] = [Name(n, NOWHERE) for n in names if nodes[line.scope[n]].shape == shape]
    return found[-MOST_NAMES:] if shape else []


def scalars_of(trial: Trial, line: Line) -> list[Tree]:
    """Return the names in scope of scalars that differ between points."""
    nodes, world = trial.builder.nodes, trial.world
    names = [
        name
        for name, id in line.scope.items()
        if nodes[id].shape == () and not np.all(world.value(id) == world.value(id)[0])
    ]
    return [Name(name, NOWHERE) for name in names[-MOST_NAMES:]]


def turned_of(trial: Trial, line: Line) -> list[Tree]:
    """Return the transpose of each square matrix that a line reads, as for S + S.T."""
    nodes = trial.builder.nodes
    read = {name: nodes[line.scope[name]].shape for name in sorted(line.reads & {*line.scope})}
    square = [name for name, shape in read.items() if len(shape) == 2 and shape[0] == shape[1]]
    return [call("T", Name(name, NOWHERE)) for name in square]


def columns_like(trial: Trial, line: Line) -> list[Tree]:
    """Return the names of one number for each row of a line's matrix, each as a column."""
    nodes = trial.builder.nodes
    shape = nodes[line.node].shape
    if len(shape) != 2:
        return []
    names = [name for name, id in line.scope.items() if nodes[id].shape == shape[:1]]
    return [parse_expression(f"{name}[:, None]") for name in names[: -MOST_NAMES - 1 : -1]]


def complements_of(line: Line) -> list[Tree]:
    """Return 1 - p and 1 + p for each name p that a line reads, as for p*(1 - p), p/(1 + p)."""
    one, names = Number(1.0, NOWHERE), [Name(name, NOWHERE) for name in sorted(line.reads)]
    return [call(sign, one, name) for name in names[:MOST_NAMES] for sign in "-+"]


def behind_of(trial: Trial, target: int) -> frozenset[int]:
    """Return a node and every node computed from it."""
    behind = {target}
    for node in trial.graph.nodes:
        if any(source in behind for source in node.inputs):
            behind.add(node.id)
    return frozenset(behind)


def local_trees(trial: Trial, line: Line, behind: Collection[int]) -> list[Tree]:
    """Return the local derivatives of the edges behind a value, in the names of the model."""
    found = list[Tree]()
    for (source, root), local in trial.reverse.named_local.items():
        if source in behind and root in behind:
            tree = as_tree(trial.reverse.nodes, local, line.scope)
            if tree is not None:
                found.append(tree)
    return found


def statement_trees(trial: Trial, scope: Mapping[str, int], behind: Collection[int]) -> list[Tree]:
    """Return the expressions of the model's statements behind a value, in the names in scope."""
    found = list[Tree]()
    for statement in trial.graph.statements:
        node = trial.graph.nodes[statement.root]
        if statement.root in behind and node.inputs:
            tree = as_tree(trial.graph.nodes, statement.root, scope, written=True)
            if tree is not None:
                found.append(tree)
    return found


def flow_trees(trial: Trial, shape: Shape | None = None) -> list[Tree]:
    """Return the contribution along each edge, or along those of a shape, in the model's names."""
    return _reverse_trees(trial, trial.reverse.contribution.values(), shape)


def slope_trees(trial: Trial, shape: Shape | None = None) -> list[Tree]:
    """Return the local derivatives of all operations, or those of a shape."""
    return _reverse_trees(trial, trial.reverse.local.values(), shape)


def _reverse_trees(trial: Trial, ids: Iterable[int], shape: Shape | None) -> list[Tree]:
    nodes = trial.reverse.nodes
    wanted = [id for id in dict.fromkeys(ids) if shape is None or nodes[id].shape == shape]
    for id in wanted:
        if id not in trial.written:
            trial.written[id] = as_tree(
                nodes, id, trial.graph.names, written=True, known=trial.texts
            )
    return [tree for id in wanted if (tree := trial.written[id]) is not None]


def unread_trees(trial: Trial, line: Line) -> list[Tree]:
    """Return uses that a line could make of unread helpers: it may have lost one."""
    nodes, found = trial.builder.nodes, list[Tree]()
    for name in sorted(trial.program.unread() - {line.name}):
        if name not in line.scope:
            continue
        own = nodes[line.scope[name]].shape
        found.append(Name(name, NOWHERE))
        if len(own) == 1:
            found.append(parse_expression(f"{name}[:, None]"))
        shapes = {own, nodes[line.node].shape}
        others = [one for one, id in line.scope.items() if nodes[id].shape in shapes]
        found += [
            call("*", Name(name, NOWHERE), Name(other, NOWHERE))
            for other in others[-MOST:]
            if other != name
        ]
    return found


def distinct(trees: Sequence[Tree], most: int = MOST, likely: Sequence[Tree] = ()) -> list[Tree]:
    """Return the distinct trees, the shortest first, without numbers and very long ones.

    Of more than `most`, the `likely` ones are kept first.
    """
    first = _by_text(likely)
    texts = {**_by_text(trees), **first}
    short = [text for text in sorted(texts, key=len) if len(text) <= _LONGEST]
    kept = set(sorted(short, key=lambda text: text not in first)[:most])
    return [texts[text] for text in short if text in kept]


def _by_text(trees: Sequence[Tree]) -> dict[str, Tree]:
    texts: dict[str, Tree] = {}
    for tree in map(_upright, (*map(_without_numbers, trees), *trees)):
        if not _is_number(tree):
            texts.setdefault(spell(tree), tree)
    return texts


def _without_numbers(tree: Tree) -> Tree:
    """Return a product without its numeric factors."""
    if isinstance(tree, Call) and tree.function in ("expand", "neg", "T"):
        return replace(tree, arguments=tuple(map(_without_numbers, tree.arguments)))
    if not isinstance(tree, Call) or tree.function not in ("*", "/", "@"):
        return tree
    left, right = map(_without_numbers, tree.arguments)
    if _is_number(right) and tree.function != "@":
        return left
    if _is_number(left) and tree.function == "*":
        return right
    return replace(tree, arguments=(left, right))


def _upright(tree: Tree) -> Tree:
    """Return x for 1/x: a possible factor may be a divisor."""
    match tree:
        case Call("/", (Number(1.0), divisor)):
            return divisor
    return tree


def _is_number(tree: Tree) -> bool:
    return all(
        isinstance(part, Number) or (isinstance(part, Call) and part.function in ("*", "/", "neg"))
        for part in subtrees(tree)
    )
