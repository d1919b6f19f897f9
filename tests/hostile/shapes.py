"""Programs whose lines have any legal shape: each is judged, told and shown, or is a clean error.

A search by hand that is as long as one likes:
python tests/hostile/shapes.py [--seed N] [--programs N] [--screens N]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import tempfile
import traceback
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(1, str(Path(__file__).resolve().parents[2]))

import numpy as np

import gradtui
from gradtui.base.source import InputError
from gradtui.diagnosis.check import check_problem
from gradtui.engine.builder import Builder
from gradtui.engine.graph import Kind
from gradtui.engine.handwritten import UpdateProgram, lower_update
from gradtui.engine.lowering import lower_tree
from gradtui.engine.ops import OPS
from gradtui.explain.outcome import report_of
from gradtui.explain.report import step_record, to_json
from gradtui.language.parser import parse_program
from hostile.cases import quoted
from hostile.clean import acting, check_error, check_use

_OPERATIONS = [name for name, entry in OPS.items() if not entry.internal]
_SIZES = (1, 1, 2, 2, 3, 4)
_KEYS = (
    "s", "s", "s", "S", "n", "n", "N", "f", "F", "j", "j", "k", "d", "u", "x", "X", "enter", "m",
    "L", "escape", "v", "V", "M", "plus", "minus", "0", "t", "z", "tab", "pagedown", "pageup",
    "greater_than_sign", "less_than_sign", "D", "a", "c", "C", "G", "g", "r", "F2", "i", "e", "w",
    "b", "T", "B", "y", "1", "2", "3", "4", "5", "6", "7",
)  # fmt: skip
Shape = tuple[int, ...]


def draw_shape(random: Random, most: int = 3) -> Shape:
    """Return any shape of few elements; one in thirty has none."""
    shape = tuple(random.choice(_SIZES) for _ in range(random.choice((0, 0, 1, 1, 2, 2, most))))
    if shape and random.random() < 0.03:
        return (*shape[1:], 0)
    return shape


class Lines:
    """Writes lines over names that stand for nodes, keeping those that the language takes."""

    def __init__(self, random: Random, shapes: dict[str, Shape]) -> None:
        self.random = random
        self.builder = Builder()
        self.names = {
            name: self.builder.leaf(Kind.DATA, name, shape) for name, shape in shapes.items()
        }
        self.lines: list[str] = []

    def shape(self, name: str) -> Shape:
        """Return the shape of a name."""
        return self.builder.nodes[self.names[name]].shape

    def write(self, name: str, text: str | None = None) -> None:
        """Write one line more, of a text that fits or of any."""
        text = self.expression(self.random.randint(1, 3))[0] if text is None else text
        (line,) = parse_program(f"{name} = {text}")
        self.names[name] = lower_tree(line.value, self.builder, lambda read: self.names[read.name])
        self.lines.append(f"{name} = {text}")

    def expression(self, depth: int) -> tuple[str, Shape]:
        """Return an expression and its shape; a name where no other is legal."""
        name = self.random.choice([*self.names])
        if depth == 0:
            return name, self.shape(name)
        for _ in range(8):
            text = self._call(self.random.choice(_OPERATIONS), depth - 1)
            try:
                (line,) = parse_program(f"value = {text}")
                scratch = Builder(self.builder.nodes)
                node = lower_tree(line.value, scratch, lambda read: self.names[read.name])
            except InputError:
                continue
            if np.prod(scratch.nodes[node].shape) <= 200:
                return text, scratch.nodes[node].shape
        return name, self.shape(name)

    def _call(self, op: str, depth: int) -> str:
        """Return an operation on smaller expressions, legal more often than not."""
        a, shape = self.expression(depth)
        axis = self.random.randrange(-len(shape), len(shape)) if shape else 0
        match op:
            case "sum" | "mean" | "max" | "var":
                axes = self.random.choice(["", f", axis={axis}", f", axis=({axis},)"])
                return f"{op}({a}{axes}{self.random.choice(['', ', keepdims=True'])})"
            case "softmax" | "log_softmax" | "logsumexp":
                return f"{op}({a}{self.random.choice(['', f', axis={axis}'])})"
            case "T":
                return f"({a}).T"
            case "expand":
                return f"({a})[{self.random.choice(['None', ':, None', 'None, :', '..., None'])}]"
            case "slice":
                return f"({a})[{':, ' * (axis % max(1, len(shape)))}{self._range()}]"
            case "reshape":
                return f"reshape({a}, {self._refilled(shape)})"
            case "broadcast_to":
                wide = tuple(self.random.choice(_SIZES) if n == 1 else n for n in shape)
                more = draw_shape(self.random, 2)[: 3 - len(wide)] if len(wide) < 3 else ()
                return f"broadcast_to({a}, {(*more, *wide)})"
            case "transpose":
                order = self.random.sample(range(len(shape)), len(shape))
                return f"transpose({a}{self.random.choice(['', f', {tuple(order)}'])})"
            case "concat":
                others = [self.random.choice([a, *self.names]) for _ in range(2)]
                return f"concat({a}, {', '.join(others)}, axis={axis})"
            case "clip":
                return f"clip({a}, -0.7, 0.4)"
            case "one_hot":
                return f"one_hot({a} > 0, {self.random.randint(1, 3)})"
            case "take":
                return f"take({a}, {self.expression(depth)[0]} > 9)"
            case "cross_entropy":
                return f"cross_entropy({a}, max({a}, axis=-1) > 9)"
            case "exp" | "log" | "sqrt" | "**":
                return f"sqrt(({a})**2 + 0.5)" if op != "**" else f"({a})**{axis + 2}"
            case _ if len(OPS[op].operands) == 1:
                return f"{op}({a})" if op != "neg" else f"-({a})"
        b = self.expression(depth)[0]
        if op == "/":
            return f"({a})/(({b})**2 + 1)"
        if len(OPS[op].operands) == 3:
            return f"{op}({a} > 0, {a}, {b})"
        return f"({a}) {op} ({b})" if OPS[op].infix else f"{op}({a}, {b})"

    def _range(self) -> str:
        return self.random.choice(["0", "-1", "1:", ":-1", "-2:", "0:2", ":", "1:1000", "1:1"])

    def _refilled(self, shape: Shape) -> str:
        size = int(np.prod(shape))
        ways = ["-1", f"({size},)", f"(1, {size})", f"({size}, 1)", f"(1, 1, {size})", str(shape)]
        if size % 2 == 0:
            ways.append("(2, -1)")
        if size == 1:
            ways.append("()")
        return self.random.choice(ways)


def write_scenario(random: Random) -> str:
    """Return a scenario whose model and hand-written parts have lines of any shape."""
    parameters = {f"w{i}": draw_shape(random) for i in range(random.randint(1, 3))}
    data = {f"x{i}": draw_shape(random) for i in range(random.randint(1, 2))}
    model = Lines(random, {**parameters, **data})
    for number in range(random.randint(1, 4)):
        model.write(f"z{number}")
    ends = [f"mean(({name})**2)" for name in model.names if 0 not in model.shape(name)] or ["0"]
    model.write("L", " + ".join(ends))
    parts = [_tables(random, parameters, data, model.lines)]
    if random.random() < 0.7:
        parts.append(_backward(random, model, parameters))
    if random.random() < 0.7:
        parts.append(_update(random, parameters))
    return "\n".join(parts)


def _tables(
    random: Random, parameters: dict[str, Shape], data: dict[str, Shape], lines: list[str]
) -> str:
    rng = np.random.default_rng(random.randrange(2**32))

    def table(shapes: dict[str, Shape]) -> str:
        rows = (f"{n} = {np.round(rng.normal(size=s), 2).tolist()}" for n, s in shapes.items())
        return "\n".join(rows)

    return (
        f'title = "t"\n[data]\n{table(data)}\n[parameters]\n{table(parameters)}\n'
        f"[model]\ncode = {quoted(chr(10).join(lines))}\n"
        f'[optimizer]\nname = "{random.choice(["sgd", "adam"])}"\nlr = 0.01\n[run]\nsteps = 3\n'
    )


def _backward(random: Random, model: Lines, parameters: dict[str, Shape]) -> str:
    kept = {"m": draw_shape(random)} if random.random() < 0.3 else {}
    shapes = {name: model.shape(name) for name in model.names}
    hand = Lines(random, {**shapes, **kept})
    names = random.sample([*shapes], random.randint(1, len(shapes)))
    for number, name in enumerate(names):
        if random.random() < 0.4:
            hand.write(f"h{number}")
        text, shape = hand.expression(random.randint(1, 3))
        if name in parameters and random.random() < 0.7:
            text = f"0*{name} + mean({text})" if 0 not in shape else name
        hand.write(f"d{name}", text)
    if kept and random.random() < 0.7:
        hand.lines.append("m = 0.5*m")
    state = f"state = {{ m = {np.zeros(kept['m']).tolist()} }}\n" if kept else ""
    return f"[backward]\n{state}code = {quoted(chr(10).join(hand.lines))}\n"


def _update(random: Random, parameters: dict[str, Shape]) -> str:
    """Return an update that fits all parameters, each line of which has any shape for each."""
    code: list[str] = []
    shape = next(iter(parameters.values()))
    names = {"w": shape, "g": shape, "m": shape, "lr": ()}
    for number in range(random.randint(1, 4)):
        one = Lines(random, names)
        one.write("q")
        text = one.lines[0].removeprefix("q = ")
        role = random.choice(["q", "q", "w", "m"])
        if role == "w":
            wrapped = f"w = w - lr*g + 0.001*mean({text})"
        else:
            wrapped = f"m = 0.9*m + mean({text})" if role == "m" else f"q{number} = {text}"
        if role != "q" and any(line.startswith(f"{role} =") for line in code):
            continue
        if _fits([*code, wrapped], parameters):
            code.append(wrapped)
            if role == "q":
                names[f"q{number}"] = one.shape("q")
    if not any(line.startswith("w =") for line in code):
        code.insert(random.randint(0, len(code)), "w = w - lr*g")
    return f"[update]\nstate = {{ m = 0.0 }}\ncode = {quoted(chr(10).join(code))}\n"


def _fits(code: list[str], parameters: dict[str, Shape]) -> bool:
    update = UpdateProgram(parse_program("\n".join(code)), {"m": 0.0}, "")
    for shape in parameters.values():
        builder = Builder()
        names = {"w": builder.leaf(Kind.PARAMETER, "w", shape),
                 "g": builder.leaf(Kind.DATA, "g", shape),
                 "lr": builder.leaf(Kind.HYPERPARAMETER, "lr", ())}  # fmt: skip
        try:
            lower_update(builder, names, update, "w")
        except InputError:
            return False
    return True


def judge_and_tell(path: Path) -> bool:
    """Check, train and show a scenario; return whether it could be read.  Errors are clean."""
    try:
        session = gradtui.load(path)
    except InputError as error:
        check_error(error)
        return False
    problem = session.problem
    outcome = check_problem(problem)
    assert not acting(report_of(outcome).text())
    assert to_json(outcome.as_dict()).isascii()
    trainer = problem.trainer
    assert to_json(step_record(problem, trainer.record(trainer.run(trainer.initial, 2), 2)))
    check_use(path)
    return True


async def look(path: Path, random: Random, keys: int = 25) -> None:
    """Open a scenario on a screen of any size and press keys."""
    from gradtui.tui.app import GradtuiApp

    app = GradtuiApp(gradtui.load(path))
    size = random.choice([(80, 24), (120, 40), (200, 60), (60, 15)])
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        for _ in range(keys):
            await pilot.press(random.choice(_KEYS))
            if random.random() < 0.2:
                await pilot.press("escape")
        await pilot.pause()


def main() -> int:
    """Try generated programs; print each that fails, and how many of them could be read."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(2**31))
    parser.add_argument("--programs", type=int, default=2_000)
    parser.add_argument("--screens", type=int, default=2_000)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()))
    arguments = parser.parse_args()
    os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp()
    read, failed = 0, 0
    for number in range(arguments.programs):
        seed = arguments.seed + number
        path = arguments.keep / f"shapes-{seed}.toml"
        path.write_text(write_scenario(Random(seed)), encoding="utf-8")
        try:
            legal = judge_and_tell(path)
            read += legal
            if legal and number < arguments.screens:
                asyncio.run(look(path, Random(seed)))
        except Exception:
            failed += 1
            print(f"{path}\n{traceback.format_exc()}", flush=True)
        else:
            path.unlink()
    print(f"{arguments.programs:,} programs, {read:,} read, {failed:,} failed")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
