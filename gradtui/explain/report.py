"""A run, a step or a check as text and as JSON: the output of the commands."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gradtui.base.text import DIGITS, clean, number
from gradtui.debugger.frame import Frame, plain
from gradtui.debugger.steps import Level
from gradtui.engine.elements import Element
from gradtui.engine.formula import PROGRAM
from gradtui.engine.graph import Kind, Node
from gradtui.engine.lens import Trace
from gradtui.engine.tape import Tape
from gradtui.explain.chain import chain_rows
from gradtui.explain.classes import class_rows
from gradtui.explain.findings import findings_rows
from gradtui.explain.kinks import all_kinks
from gradtui.explain.lens import lens_rows
from gradtui.explain.program import given_rows, program_rows
from gradtui.explain.spans import Span, TextRow, columns, line
from gradtui.explain.symbols import label, local_text, partial, rule_text
from gradtui.explain.training import batch_text
from gradtui.explain.update import update_rows
from gradtui.explain.values import summary
from gradtui.explain.vector import gradient_rows
from gradtui.scenario.problem import Executed, Problem

_INDENT = "  "
_ANY = 10**6
"""As many more rows as a wide line of code takes."""
_AT_ONCE, _MANY = 4_096, 100
"""Largest array, in numbers, and list of mappings turned into JSON at once."""


def to_json(value: Any) -> str:
    """Return JSON on one line; a non-finite number becomes one of the strings of the contract.

    It is all ASCII, so that it is valid in any encoding and harmless to a terminal.
    """
    return "".join(json_parts(value))


def json_parts(value: Any) -> Iterator[str]:
    """Yield the text of `to_json` part by part, so that large arrays take no memory."""
    if not _is_large(value):
        yield json.dumps(_finite(value))
    elif isinstance(value, Mapping):
        for index, (key, item) in enumerate(value.items()):
            yield f"{', ' if index else '{'}{json.dumps(key)}: "
            yield from json_parts(item)
        yield "}"
    elif isinstance(value, np.ndarray) and value.ndim == 1:
        for start in range(0, len(value), _AT_ONCE):
            numbers = json.dumps(_finite(value[start : start + _AT_ONCE]))[1:-1]
            yield f"{', ' if start else '['}{numbers}"
        yield "]"
    else:
        for index, item in enumerate(value):
            yield ", " if index else "["
            yield from json_parts(item)
        yield "]"


def _is_large(value: Any) -> bool:
    """Return whether a value holds an array, or a list of mappings, to be yielded in parts."""
    if isinstance(value, np.ndarray):
        return value.size > _AT_ONCE
    if isinstance(value, Mapping):
        return any(map(_is_large, value.values()))
    if isinstance(value, list | tuple):
        many = len(value) > _MANY and isinstance(value[0], Mapping)
        return many or any(map(_is_large, value))
    return False


def _finite(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def step_record(problem: Problem, tape: Tape) -> dict[str, Any]:
    """Return one step of a run in the form of `run --format jsonl`.

    Its gradients are those that move the parameters; if the true ones differ, it has both.
    """
    parameters = problem.graph.parameters
    places = range(len(parameters))
    differ = any(
        not np.array_equal(tape.driving(i), tape.gradient(i), equal_nan=True) for i in places
    )
    true = {node.name: plain(tape.gradient(i)) for i, node in enumerate(parameters) if differ}
    return {
        "step": tape.step,
        "loss": float(tape.value(problem.graph.loss)),
        "lr": tape.rate,
        "parameters": {node.name: plain(tape.value(node.id)) for node in parameters},
        "gradients": {node.name: plain(tape.driving(i)) for i, node in enumerate(parameters)},
        **({"true_gradients": true} if differ else {}),
        "grad_norm": tape.driving_norm,
        **_seen(tape),
    }


def _seen(tape: Tape) -> dict[str, Any]:
    """Return the validation loss and the rows of the batch, each if the scenario has it."""
    found: dict[str, Any] = {}
    if tape.validation_loss is not None:
        found["validation_loss"] = tape.validation_loss
    if tape.batch is not None:
        found["batch"] = tape.batch
    return found


def record_columns(record: Mapping[str, Any]) -> tuple[list[str], list[float]]:
    """Return one step of a run as the names and the numbers of the columns of a CSV file."""
    names, numbers = ["step", "loss", "lr"], [record["step"], record["loss"], record["lr"]]
    for group, prefix in (("parameters", ""), ("gradients", "d")):
        for name, value in record[group].items():
            array = np.asarray(value)
            for index in np.ndindex(array.shape):
                place = f"[{','.join(map(str, index))}]" if index else ""
                names.append(f"{prefix}{name}{place}")
                numbers.append(float(array[index]))
    for name in ("grad_norm", "validation_loss"):
        if name in record:
            names.append(name)
            numbers.append(record[name])
    return names, numbers


def show_json(frame: Frame, parameter: str | None) -> dict[str, Any]:
    """Return one step in the form of `show --json`."""
    parameters = [n for n in frame.graph.parameters if parameter in (None, n.name)]
    return {
        "step": frame.step,
        "loss": frame.loss,
        "nodes": _nodes(frame),
        "edges": _edges(frame),
        "paths": {node.name: _paths(frame, node.id) for node in parameters},
        "paths_total": {node.name: frame.count_paths(node.id) for node in parameters},
        "gradients": {node.name: frame.gradients[node.name] for node in parameters},
        **_claimed(frame, parameters),
        **_seen(frame.tape),
        **({} if frame.trace is None else {"lens": _lens(frame, frame.trace)}),
        **_by_hand(frame),
    }


def _claimed(frame: Frame, parameters: Sequence[Node]) -> dict[str, Any]:
    """Return the claimed gradients, if any are hand-written."""
    claims = frame.claims
    found = {node.name: claims[node.name] for node in parameters if node.name in claims}
    return {"claimed": found} if found else {}


def _lens(frame: Frame, found: Trace) -> dict[str, Any]:
    """Return the chain rule of one element: the gradient of each of `links`, with its terms."""

    def name(element: Element) -> str:
        node, index = element
        place = f"[{','.join(map(str, index))}]" if index else ""
        return _node_name(frame, node) + place

    return {
        "element": name(found.links[0].element),
        "row": found.lens.row,
        "rows": found.rows.contributions,
        "gradient": found.gradient,
        "links": [
            {
                "element": name(link.element),
                "gradient": link.total,
                "terms": [
                    {"to": name(t.target), "local": t.local, "gradient": t.adjoint,
                     "product": t.product}
                    for t in link.terms
                ],
                "others": link.others,
            }
            for link in found.links
        ],
    }  # fmt: skip


def _by_hand(frame: Frame) -> dict[str, Any]:
    """Return the hand-written parts, and the drive of the weights, if any."""
    problem = frame.problem
    if not problem.by_hand:
        return {}
    lines: list[dict[str, Any]] = []
    if problem.call is not None:
        lines = [_executed(frame, one) for one in problem.call.lines if one.backward]
    elif problem.backward is not None:
        claims = problem.backward.claims
        lines = [
            {"name": entry.name, "line": entry.place.line, "value": frame.hand.get(entry.name),
             "claims": claims.get(entry.name)}
            for entry in problem.backward.program
        ]  # fmt: skip
    return {"hand": {"drive": problem.drive, "claims": frame.claims, "lines": lines}}


def _executed(frame: Frame, one: Executed) -> dict[str, Any]:
    claims = None if one.claims is None else frame.graph.nodes[one.claims].name
    return {"file": one.place.file, "line": one.place.line, "rounds": list(one.rounds),
            "values": dict(one.assigned), "claims": claims}  # fmt: skip


def _nodes(frame: Frame) -> list[dict[str, Any]]:
    graph, named = frame.graph, frame.level is Level.NAMED
    sources = {s.root: frame.graph.sources(s) for s in graph.statements}
    found = []
    for node in graph.nodes:
        known = node.name in graph.names
        if not known and (named or node.kind in (Kind.CONSTANT, Kind.RECORDED)):
            continue
        inputs = sources.get(node.id, ()) if named else dict.fromkeys(node.inputs)
        found.append(
            {
                "name": _node_name(frame, node.id),
                "op": node.op,
                "line": node.place.line if node.place else None,
                "shape": list(node.shape),
                "value": plain(frame.tape.value(node.id)),
                "gradient": plain(frame.tape.adjoint(node.id)),
                "inputs": [_node_name(frame, id) for id in inputs],
            }
        )
    return found


def _node_name(frame: Frame, node: int) -> str:
    """Return a node's name in the file; an unnamed operation's is `#` and its id."""
    found = frame.graph.nodes[node]
    if found.kind is Kind.CONSTANT and not found.name:
        return number(found.value, 17)
    return found.name or f"#{node}"


def _edges(frame: Frame) -> list[dict[str, Any]]:
    graph = frame.graph
    if frame.level is Level.NAMED:
        pairs = list(frame.structure.named_edges)
    else:
        # Not into an operation whose shape alone is read: no line computes it.
        pairs = [
            (source, target)
            for target in sorted(frame.structure.line_of)
            for source in dict.fromkeys(graph.nodes[target].inputs)
            if graph.nodes[source].kind is not Kind.CONSTANT
        ]
    return [_edge(frame, source, target) for source, target in pairs]


def _edge(frame: Frame, source: int, target: int) -> dict[str, Any]:
    local = frame.edge_local(source, target)
    edge: dict[str, Any] = {"from": _node_name(frame, source), "to": _node_name(frame, target)}
    scalar = local is not None and local.shape == () and frame.graph.nodes[source].shape == ()
    if local is not None:
        edge["local"] = plain(local)
    else:
        statement = frame.structure.statement_of.get(target)
        rule = rule_text(frame, source, statement, PROGRAM) if statement else "G"
        edge["local"] = {"rule": rule, "shape": list(frame.graph.nodes[source].shape)}
    if not scalar:
        edge["contribution"] = plain(frame.edge_contribution(source, target))
    return edge


def _paths(frame: Frame, node: int) -> list[dict[str, Any]]:
    found = []
    for path in frame.paths(node):
        factors = frame.factors(path)
        product = None if factors is None else math.prod(factors)
        via = [_node_name(frame, id) for id in path]
        found.append({"via": via, "factors": factors, "product": product})
    return found


_WIDTH = 98
"""Most cells of a row: values far from their lines are hard to find."""


def show_lines(frame: Frame, parameter: str | None, width: int = _WIDTH) -> list[TextRow]:
    """Return one step in words: the program, the local derivatives, the chain rule, the update.

    Its parts are as wide as `width` allows; no text is cut.
    """
    width = min(width, _WIDTH) - len(_INDENT)
    problem = frame.problem
    rate = number(frame.tape.rate)
    title = f"{problem.title} · step {frame.step:,} of {problem.steps:,} · "
    drive = "" if problem.undriven else f" · drive {problem.drive}"
    moved = f"{problem.optimizer} lr {rate}{drive}"
    if problem.call is not None:
        title, moved = f"{problem.title} · ", "one call"
    rows: list[TextRow] = [
        line(clean(title), f"{moved} · L {number(frame.loss)}"),
        *_training_rows(frame),
        *_section("program", [*program_rows(frame, width, spare=_ANY), *given_rows(frame, width)]),
    ]
    if frame.looked.lens is not None:
        return [*rows, *_section("lens", lens_rows(frame, width))]
    rows += [
        *_section("local derivatives", _local_rows(frame)),
        *_section("gradient", gradient_rows(frame, width)),
    ]
    chains: list[TextRow] = []
    for node in frame.graph.parameters:
        if parameter in (None, node.name):
            chains += chain_rows(frame.selecting(node.id), width)
    rows += _section("chain rule", chains)
    if classes := class_rows(frame, width):
        rows += _section("classes", classes)
    if at_kinks := all_kinks(frame):
        rows += _section("kinks", at_kinks)
    if problem.call is None:
        rows += _section("update", update_rows(frame, width))
    if findings := findings_rows(frame, width):
        rows += _section("findings", findings)
    return rows


def _training_rows(frame: Frame) -> list[TextRow]:
    """Return the step's batch and the validation loss, if there are any."""
    rows = [line(("batch  ", "dim"), text)] if (text := batch_text(frame)) else []
    if frame.validation_loss is not None:
        rows.append(line(("validation loss  ", "dim"), (number(frame.validation_loss), "value")))
    return rows


def _section(title: str, rows: Iterable[TextRow]) -> list[TextRow]:
    return [(), line((title, "heading")), *(line(_INDENT, *row) for row in rows)]


def _local_rows(frame: Frame) -> list[TextRow]:
    rows: list[list[Span]] = []
    for source, target in frame.structure.edges:
        local = frame.edge_local(source, target)
        statement = frame.structure.statement_of.get(target)
        if local is not None:
            named = frame.level is Level.NAMED
            formula = (local_text(frame, source, target) or "") if named else ""
            value = summary(local, DIGITS)
            shown = formula if formula in ("", value) else f"{formula} = "
            text = f"{shown}{value}" if shown != value else value
            rows.append([(partial(frame, target, source), "name"), (f"= {text}", "local")])
        elif statement:
            rule = rule_text(frame, source, statement)
            way = f"{label(frame, target)} → {label(frame, source)}"
            rows.append([(way, "name"), (f"  {rule}", "local")])
    return columns(rows)
