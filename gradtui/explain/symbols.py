"""Formulas of a frame: names as the user wants them shown, or numbers in their place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gradtui.base.text import number, shape_text
from gradtui.debugger.frame import Frame
from gradtui.engine.formula import PRETTY, TYPED, Style, formula
from gradtui.engine.graph import Kind, Node, Statement
from gradtui.engine.indices import Index
from gradtui.engine.reverse import statement_rule
from gradtui.explain.spans import Role

_DIGITS = 10
"""Digits of a constant in a formula: those a person typed, without the noise of 0.1 · 3."""


def label(frame: Frame, node: int) -> str:
    """Return a node's label, name, or formula."""
    found = frame.problem.trainer.program.nodes[node]
    return frame.problem.label(found.name) if found.name else in_names(frame, node)


def cursor_role(frame: Frame) -> Role:
    """Return the role of the cursor's last moment: the selection's, unless that is elsewhere.

    Every panel explains the thing that is marked loudest.
    """
    return "moment" if frame.apart else "now"


def element_roles(frame: Frame, parameter: int, indices: Sequence[Index]) -> list[Role]:
    """Return the roles for names of a parameter's elements: one is marked if it is selected.

    That is the element under the lens, else the first.
    """
    if parameter != frame.selected:
        return ["name"] * len(indices)
    lens = frame.looked.lens
    here = lens.index if lens is not None and lens.node == parameter else None
    return ["now" if index == (here or (0,) * len(index)) else "selected" for index in indices]


def paper(frame: Frame) -> Style:
    """Return the notation of formulas, within the characters that can be shown."""
    return TYPED if frame.problem.ascii else PRETTY


def partial(frame: Frame, target: int, source: int) -> str:
    """Return `∂ŷ/∂w2`, formulas in parentheses."""
    return f"∂{_one(frame, target)}/∂{_one(frame, source)}"


def _one(frame: Frame, node: int) -> str:
    text = label(frame, node)
    return text if frame.problem.trainer.program.nodes[node].name else f"({text})"


def gradient_of(frame: Frame, node: int) -> str:
    """Return `∂L/∂w2`."""
    return partial(frame, frame.graph.loss, node)


def in_names(frame: Frame, node: int) -> str:
    """Return a node's expression in names; for a named number, the number."""
    nodes = frame.problem.trainer.program.nodes
    if nodes[node].kind is Kind.CONSTANT:
        return number(nodes[node].value, _DIGITS)
    return formula(nodes, node, shown_names(frame), paper(frame), frame.texts)


def in_numbers(frame: Frame, node: int) -> str:
    """Return a scalar node's expression with the numbers of this step in it."""
    nodes = frame.problem.trainer.program.nodes

    def show(part: Node) -> str | None:
        if part.kind is Kind.OPERATION and not part.name:
            return None
        return number(float(frame.tape.value(part.id)))

    return formula(nodes, node, show, paper(frame))


def in_shapes(frame: Frame, node: int) -> str:
    """Return a node's expression with the shapes of arrays and the numbers of scalars in it."""
    nodes = frame.problem.trainer.program.nodes

    def show(part: Node) -> str | None:
        if part.kind is Kind.OPERATION and not part.name:
            return None
        if part.shape:
            return f"[{shape_text(part.shape)}]"
        return number(float(frame.tape.value(part.id)))

    return formula(nodes, node, show, paper(frame))


def all_scalar(frame: Frame, node: int) -> bool:
    """Return whether a statement's expression holds scalars only."""
    nodes = frame.problem.trainer.program.nodes
    pending, first = [node], True
    while pending:
        part = nodes[pending.pop()]
        if part.shape != ():
            return False
        if first or not part.name:
            pending.extend(part.inputs)
        first = False
    return True


def local_text(frame: Frame, source: int, target: int) -> str | None:
    """Return the local derivative of an edge of the named graph as a formula, if elementwise."""
    program = frame.problem.trainer.program
    id = program.reverse.named_local.get((source, target))
    if id is None:
        return None
    if program.nodes[id].name:
        return label(frame, id)
    return formula(program.nodes, id, shown_names(frame), paper(frame), frame.texts)


def rule_text(frame: Frame, source: int, statement: Statement, style: Style | None = None) -> str:
    """Return a statement's contribution to `source` as a formula in the statement's gradient."""
    read = style is None
    seed = 1.0 if read and statement.root == frame.graph.loss else None
    nodes, root = statement_rule(frame.graph, statement, source, seed=seed)
    names = shown_names(frame)

    def show(node: Node) -> str | None:
        if node.kind is Kind.HYPERPARAMETER:
            return gradient_of(frame, statement.root) if read else "G"
        return names(node) if read else node.name or None

    return formula(nodes, root, show, style or paper(frame))


def shown_names(frame: Frame) -> Callable[[Node], str | None]:
    """Return what a formula shows for a node: its label, or a constant's number."""

    def show(node: Node) -> str | None:
        if node.kind is Kind.CONSTANT and not node.name:
            return number(node.value, _DIGITS)
        return frame.problem.label(node.name) if node.name else None

    return show
