"""Scenarios with numbers at the end of the range, and all that can be done with them."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from gradtui.debugger.session import Session
from gradtui.tui.commands import find_command
from gradtui.tui.debugger import Debugger
from gradtui.tui.prompt import Prompt

VALUES = (
    "1e308", "-1e308", "1.7976931348623157e308", "-1.7976931348623157e308", "1e200", "-1e200",
    "1e155", "-1e154", "1e100", "1e39", "-1e38", "1e20", "9007199254740993.0", "1e16", "1e4",
    "5e-324", "-5e-324", "2.2250738585072014e-308", "1e-300", "-1e-200", "1e-155", "1e-46",
    "1e-16", "0.0", "-0.0", "1.0", "-1.0",
)  # fmt: skip
_WAITS = 3_000
STEPS = 30
"""Steps of a run at most: numbers overflow at once or not at all."""
_NUMBER = re.compile(r"(?<![\w.\"'])-?\d+(\.\d+)?([eE][-+]?\d+)?(?![\w.\"'])")
_HEAD = re.compile(r"^\s*\[+\s*([\w.]+)\s*\]+")
_ASSIGNED = re.compile(r"^\s*[\w.\"']+\s*=")
_WHOLE = re.compile(r"seed|shape|size|steps|patience|warmup|period|tokens|labels|axis|step\b")


def stretched(text: str, chance: random.Random) -> str:
    """Return a scenario with extreme numbers in some of its tables, or in its code."""
    tables = ["data", "parameters", "optimizer", "schedule", "validation", "model", "backward",
              "update", "expect"]  # fmt: skip
    hit = set(chance.sample(tables, chance.choice((1, 1, 2, 3))))
    often = chance.choice((0.05, 0.3, 1.0))
    value = chance.choice(VALUES) if chance.random() < 0.3 else None
    table, rows = "", list[str]()
    for row in text.splitlines():
        head = _HEAD.match(row)
        table = head[1].split(".")[0] if head else table
        key = _ASSIGNED.match(row)
        if table == "run":
            row = re.sub(r"^steps = \d+", lambda m: f"steps = {STEPS}", row)
        elif table in hit and not head and not (key and _WHOLE.search(key[0])):
            start = key.end() if key else 0
            row = row[:start] + _NUMBER.sub(
                lambda m: (value or chance.choice(VALUES)) if chance.random() < often else m[0],
                row[start:],
            )
        rows.append(row)
    return "\n".join(rows) + "\n"


def stretched_table(text: str, chance: random.Random) -> str:
    """Return a CSV file with extreme numbers in some of its cells."""
    often = chance.choice((0.02, 0.3, 1.0))
    head, *rows = text.splitlines()
    return "\n".join([head, *(
        _NUMBER.sub(lambda m: chance.choice(VALUES) if chance.random() < often else m[0], row)
        for row in rows
    )]) + "\n"  # fmt: skip


def write_stretched(folder: Path, name: str, scenarios: Path, chance: random.Random) -> Path:
    """Write a stretched copy of a scenario, and of its tables; return its path."""
    for source in scenarios.iterdir():
        if source.suffix == ".csv":
            text = source.read_text()
            if chance.random() < 0.2:
                text = stretched_table(text, chance)
            (folder / source.name).write_text(text)
        elif source.suffix in (".npz", ".py"):
            (folder / source.name).write_bytes(source.read_bytes())
    path = folder / f"{name}.toml"
    path.write_text(stretched((scenarios / path.name).read_text(), chance))
    return path


def done_with(session: Session, chance: random.Random) -> Iterator[tuple[str, str]]:
    """Yield commands of the debugger with what follows them, most of all there are."""
    graph = session.problem.graph
    parameters = [node for node in graph.parameters if 0 not in node.shape]
    node = chance.choice(parameters)
    element = "[" + ",".join("0" * len(node.shape)) + "]" if node.shape else ""
    value, other = chance.choice(VALUES), chance.choice(VALUES)
    rate = value.removeprefix("-")
    fixed = (
        ("surface", ""), ("log", ""), ("nearer", ""), ("farther", ""), ("whole", ""),
        ("surface", ""), ("jacobian", ""), ("lens", element[1:-1]), ("escape", ""), ("list", ""),
        ("print", node.name), ("print", f"grad({node.name})"),
        ("operations", ""), ("next-view", ""), ("follow", f"loss norm lr {node.name}"),
        ("next-branch", ""), ("drive", ""), ("fix", ""), ("finding", ""), ("continue", ""),
        ("reverse", ""), ("watch", f"loss - prev + max(abs({node.name}))"), ("range", "1 7"),
        ("break", "norm > 1e300"), ("last", ""), ("into", ""), ("copy", ""), ("ten", ""),
        ("hundred", ""), ("first", ""), ("finish", ""), ("input", ""), ("consumer", ""),
        ("down", ""), ("up", ""), ("unfold", ""), ("next", ""), ("back", ""), ("out", ""),
        ("restart", ""), ("zoom", ""), ("focus-next", ""), ("scroll-down", ""),
        ("scroll-right", ""), ("resume", ""), ("branches", ""), ("breakpoints", ""),
        ("what-if", f"lr {rate}"), ("what-if", f"{node.name} = {value}"),
        ("what-if", f"weight_decay {rate}"), ("what-if", f"optimizer adam eps {rate}"),
        ("what-if", f"schedule exponential gamma {rate}"), ("what-if", f"clip_norm {rate}"),
        ("what-if", f"schedule plateau min_lr {rate}"), ("what-if", f"momentum 0.9 lr {rate}"),
        ("sweep", f"lr {rate} {other.removeprefix('-')} 0.1"),
        ("sweep", f"{node.name}{element} = {value} {other}"),
    )  # fmt: skip
    yield from chance.sample(fixed, len(fixed))


async def do(pilot: Pilot[Any], name: str, text: str) -> None:
    """Do a command to what is shown, and leave whatever it opens."""
    debugger = pilot.app.screen
    assert isinstance(debugger, Debugger)
    if name == "escape":
        debugger.action_escape()
    else:
        command = find_command(name)
        assert command is not None
        debugger.action_run(command.id, text)
    await pilot.pause(0)
    for prompt in debugger.query(Prompt):
        prompt.action_leave()
    while pilot.app.screen is not debugger:
        pilot.app.pop_screen()
    await pilot.pause(0)


async def settle(pilot: Pilot[Any]) -> list[str]:
    """Wait for what is found out about what is shown; return what gradtui itself failed at."""
    debugger = pilot.app.screen
    assert isinstance(debugger, Debugger)
    for _ in range(_WAITS):
        if debugger.walk.settled:
            break
        await asyncio.sleep(0.01)
    await pilot.pause(0)
    session = debugger.session
    sweep, gauge = session.branches.sweep, session.frame.known.gauge
    said = [f.message for f in session.investigation.findings if f.rule == "internal"]
    said += [session.message, "" if sweep is None else sweep.failed, str(gauge)]
    return [text for text in said if "please report" in text]
