"""Scenarios as large as each limit allows: what every command takes of time and memory.

By hand: `python tests/benchmarks/bench_limits.py [--only NAME] [--command NAME] [--limit SECONDS]`.
A row a file: seconds of the processor and the most memory in MB of each command, on a terminal.
What must not be is in capitals: SILENT, for so many seconds of the processor, LARGE memory, FAILED.
A command that has had the processor for `LIMIT` seconds is ended by SIGTERM: then `>` stands before
its seconds, and ENDED AFTER how many where they were too many.
"""

from __future__ import annotations

import argparse
import os
import pty
import re
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

MODEL, SMALL = "L = sum((w*x - 1)**2)", "w = [1.0, 2.0]"
COMMANDS = {
    "check": ("check",),
    "show": ("show",),
    "json": ("show", "--json"),
    "ops": ("show", "--level", "operations"),
    "ops json": ("show", "--level", "operations", "--json"),
    "run": ("run", "--steps", "3"),
    "jsonl": ("run", "--steps", "3", "--format", "jsonl"),
}
FAMILIES: dict[str, Callable[[], str]] = {}
ENDED = SILENT = 2.0
"""Seconds within which a signal ends every command, and something new is seen of it."""
MEMORY = 1_000
"""MB beyond which a command takes too much."""
_KEPT = 1 << 20


def family(make: Callable[[], str]) -> Callable[[], str]:
    """Enter a family of files under its own name."""
    FAMILIES[make.__name__] = make
    return make


def scenario(
    code: str, parameters: str = SMALL, data: str = "x = 2.0", more: str = "", steps: int = 20
) -> str:
    """Return a scenario."""
    return (
        f'title = "t"\n[data]\n{data}\n[parameters]\n{parameters}\n[model]\n'
        f"code = '''\n{code}\n'''\n[optimizer]\nname = \"sgd\"\nlr = 0.0001\n"
        f"[run]\nsteps = {steps}\n{more}\n"
    )


def backward(code: str, model: str = MODEL, parameters: str = SMALL) -> str:
    """Return a scenario with a backward pass."""
    return scenario(model, parameters, more=f"[backward]\ncode = '''\n{code}\n'''")


def update(code: str) -> str:
    """Return a scenario with an update."""
    return scenario(MODEL, more=f"[update]\ncode = '''\n{code}\n'''")


@family
def model_chain() -> str:
    lines = [f"h{i} = tanh(w*h{i - 1})" for i in range(1, 5_990)]
    return scenario("\n".join(["h0 = w*x", *lines, "L = sum(h5989)"]))


@family
def model_fan() -> str:
    lines = [f"h{i} = tanh(w*x)" for i in range(3_900)]
    sums = [
        f"s{a} = " + " + ".join(f"h{i}" for i in range(a, a + 390)) for a in range(0, 3_900, 390)
    ]
    total = " + ".join(f"s{a}" for a in range(0, 3_900, 390))
    return scenario("\n".join([*lines, *sums, f"L = sum({total})"]))


@family
def model_late() -> str:
    lines = [f"h{i} = h{i - 1}*w" for i in range(1, 1_200)]
    total = " + ".join(f"h{i}" for i in range(1_200))
    return scenario("\n".join(["h0 = w*x", *lines, f"L = sum({total})"]), "w = [0.9]")


@family
def model_dense() -> str:
    width, layers = 40, 6
    first = [f"a0_{i} = w*{i}*x" for i in range(width)]
    rest = [
        f"a{k}_{i} = " + " + ".join(f"a{k - 1}_{j}" for j in range(width))
        for k in range(1, layers)
        for i in range(width)
    ]
    total = " + ".join(f"a{layers - 1}_{i}" for i in range(width))
    return scenario("\n".join([*first, *rest, f"L = sum({total})"]), "w = 0.001")


@family
def model_long_lines() -> str:
    terms = " + ".join(["w*x"] * 1_600)
    return scenario(f"a = {terms}\nb = {terms}\nc = {terms}\nL = sum(a + b + c)")


@family
def model_nested() -> str:
    deep = "tanh(" * 95 + "w" + ")" * 95
    lines = [f"a{i} = {deep}" for i in range(120)]
    return scenario("\n".join([*lines, f"L = sum({' + '.join(f'a{i}' for i in range(120))})"]))


@family
def model_concat() -> str:
    return scenario(f"c = concat({','.join(['w'] * 3_000)})\nL = sum(c**2)")


@family
def model_stack_of_concats() -> str:
    first = f"c0 = concat({','.join(['w'] * 3_000)})"
    more = [f"c{i} = concat(c{i - 1}, c{i - 1}, c{i - 1})" for i in range(1, 7)]
    return scenario("\n".join([first, *more, "L = sum(c6**2)"]))


@family
def parameters_many() -> str:
    names = [f"w{i}" for i in range(990)]
    parts = [" + ".join(names[a : a + 99]) for a in range(0, 990, 99)]
    lines = [f"s{a} = {part}" for a, part in enumerate(parts)]
    total = " + ".join(f"s{a}" for a in range(len(parts)))
    return scenario(
        "\n".join([*lines, f"L = ({total} - x)**2"]), "\n".join(f"{n} = 0.1" for n in names)
    )


@family
def parameters_large() -> str:
    shape = '{ shape = [2000, 2000], init = "xavier" }'
    return scenario(
        "h = tanh(W@v)\nL = mean(h**2)",
        f"W = {shape}",
        f"v = {[0.1] * 2000}",
    )


@family
def numbers_many() -> str:
    return scenario("a = broadcast_to(w, (3000, 1200))\nb = tanh(a*2)\nL = mean(b**2)", "w = 0.5")


@family
def products_many() -> str:
    shape = '{ shape = [600, 600], init = "xavier" }'
    return scenario("a = W@W\nb = a@W\nL = mean(b**2)", f"W = {shape}")


@family
def axes_many() -> str:
    shape = (2,) * 16 + (1,) * 14
    lines = [f"a = broadcast_to(w, {shape})", f"b = transpose(a, {tuple(range(30))[::-1]})"]
    return scenario("\n".join([*lines, "L = mean(a) + mean(tanh(b))"]), "w = 0.5")


@family
def table_long() -> str:
    rows = ", ".join(["0.1"] * 160_000)
    return scenario("L = mean((w*x - 1)**2)", "w = 0.5", f"x = [{rows}]")


@family
def labels_and_notes() -> str:
    labels = "\n".join(f"h{i} = 'η{i}'" for i in range(900))
    lines = [f"h{i} = w*{i}" for i in range(900)]
    notes = "\n".join(f"{i}. look at {{next}} and {{back}}" for i in range(8_000))
    head = f"notes = '''\n{notes}'''\n"
    text = scenario("\n".join([*lines, "L = sum(h5**2)"]), more=f"[labels]\n{labels}")
    return text.replace("[data]", f"{head}[data]", 1)


@family
def facts_many() -> str:
    facts = "\n".join(f"[[expect]]\nstep = {i}\nloss = 1.0" for i in range(900))
    return scenario(MODEL, more=facts, steps=1_000)


@family
def steps_of_two() -> str:
    return scenario(MODEL, steps=1_000_000)


@family
def steps_of_scalars() -> str:
    lines = [f"h{i} = tanh(w*h{i - 1} + {i % 7})" for i in range(1, 3_900)]
    return scenario("\n".join(["h0 = w*x", *lines, "L = h3899**2"]), "w = 0.3", steps=1_000_000)


@family
def steps_of_products() -> str:
    shape = '{ shape = [690, 690], init = "xavier" }'
    return scenario("a = W@W\nb = a@W\nL = mean(b**2)", f"W = {shape}", steps=1_000_000)


@family
def steps_of_numbers() -> str:
    lines = "a = broadcast_to(w, (3000, 1300))\nb = tanh(a*2)\nL = mean(b**2)"
    return scenario(lines, "w = 0.5", steps=1_000_000)


@family
def steps_of_parameters() -> str:
    text = scenario("L = mean(W**2)", 'W = { shape = [1540, 1540], init = "normal" }')
    return text.replace('"sgd"', '"adam"').replace("steps = 20", "steps = 1_000_000")


@family
def steps_of_curvature() -> str:
    lines = [f"h{i} = tanh(w*h{i - 1} + v)" for i in range(1, 2_900)]
    code = "\n".join(["h0 = w*x", *lines, "L = mean(h2899**2)"])
    many = [round(0.01 * i, 2) for i in range(30)]
    return scenario(code, f"w = {many}\nv = {many[::-1]}", steps=1_000_000)


@family
def steps_of_batches() -> str:
    rows = [[round(0.001 * i, 3), i % 7, 1] for i in range(60_000)]
    code = "h = tanh(X@W1)\nL = mean((h@W2)**2)"
    parameters = (
        "W1 = { shape = [3, 400], init = 'xavier' }\nW2 = { shape = [400, 1], init = 'he' }"
    )
    more = '[batches]\nover = ["X"]\nsize = 8192\nseed = 1'
    return scenario(code, parameters, f"X = {rows}", more, steps=1_000_000)


@family
def backward_concat() -> str:
    return backward(f"dw = concat({','.join(['w'] * 119)})", parameters="w = [1.0]")


@family
def backward_sum() -> str:
    return backward(f"dw = {' + '.join(['w*x'] * 110)}")


@family
def backward_product() -> str:
    return backward(f"dw = {'*'.join(['x', 'w'] * 58)}")


@family
def backward_helpers() -> str:
    lines = [f"h{i} = h{i - 1}*w" for i in range(1, 1_900)]
    return backward("\n".join(["h0 = 2*w", *lines, "dw = h1899"]))


@family
def backward_nested() -> str:
    deep = "tanh(" * 95 + "w" + ")" * 95
    return backward("\n".join([*(f"h{i} = {deep}" for i in range(30)), "dw = h29*x"]))


@family
def backward_claims() -> str:
    names = [f"w{i}" for i in range(110)]
    model = "\n".join([*(f"h{i} = {n}*x" for i, n in enumerate(names)),
                       f"L = ({' + '.join(f'h{i}' for i in range(110))})**2"])  # fmt: skip
    total = "dL2 = 2*(" + " + ".join(f"h{i}" for i in range(110)) + ")"
    lines = [total, *(f"dw{i} = dL2*x*{1 + (i % 7 == 0)}" for i in range(110))]
    return backward("\n".join(lines), model, "\n".join(f"{n} = 0.01" for n in names))


@family
def backward_chain_of_lines() -> str:
    model = ["h0 = w*x", *(f"h{i} = tanh(h{i - 1}*w)" for i in range(1, 250)), "L = sum(h249)"]
    lines = ["dh249 = 1 + 0*h249"]
    for i in range(249, 0, -1):
        lines += [f"dz{i} = dh{i}*(1 - h{i}**2)", f"dh{i - 1} = dz{i}*w"]
    lines.append("dw = dh0*x")
    return backward("\n".join(lines), "\n".join(model))


@family
def backward_wrong_helper() -> str:
    model = ["h0 = w*x", *(f"h{i} = h{i - 1} + sin(h{i - 1})/500" for i in range(1, 500))]
    lines = ["q499 = 2*h499"]
    for i in range(499, 0, -1):
        slope = "sin" if i == 250 else "cos"
        lines.append(f"q{i - 1} = q{i} + q{i}*{slope}(h{i - 1})/500")
    lines.append("dw = q0*x")
    code = "\n".join([*model, "L = sum(h499**2)"])
    return backward("\n".join(lines), code, "w = [1.0, 2.0, 0.3, 0.7]")


@family
def update_long() -> str:
    return update(f"w = w - lr*({' + '.join(['g*0.5'] * 110)})")


@family
def update_lines() -> str:
    lines = [f"q{i} = q{i - 1}*g" for i in range(1, 1_900)]
    return update("\n".join(["q0 = w*g", *lines, "w = w - lr*q3"]))


@family
def update_concat() -> str:
    return update(f"q = concat({','.join(['g'] * 110)})\nw = w - lr*g*mean(q)")


def measure(path: Path, command: tuple[str, ...], limit: float) -> str:
    """Return what a command takes of the processor and of memory, and where it is silent."""
    program = [sys.executable, "-m", "gradtui", command[0], str(path), *command[1:]]
    main, terminal = pty.openpty()
    os.set_blocking(main, False)
    child = subprocess.Popen(program, stdin=terminal, stdout=terminal, stderr=terminal)
    os.close(terminal)
    written, told, silent, shown, ending = b"", "", 0.0, 0.0, 0.0
    while not (done := os.wait4(child.pid, os.WNOHANG))[0]:
        select.select([main], [], [], 0.02)
        now, more = worked(child.pid), taken(main)
        silent = max(silent, now - shown)
        if more:
            written, shown = (written + more)[-_KEPT:], now
        if now > limit and not ending:
            ending = time.monotonic()
            child.send_signal(signal.SIGTERM)
    _, status, usage = done
    if ending:
        took = time.monotonic() - ending
        told = "> " + (f"ENDED AFTER {took:.1f} s " if took > ENDED else "")
    told += f"SILENT {silent:.1f} s " if silent > SILENT else ""
    text = (written + taken(main)).decode(errors="replace")
    os.close(main)
    child.returncode = os.waitstatus_to_exitcode(status)
    if "Traceback" in text:
        told += "FAILED " + text.strip().splitlines()[-1][:100] + " "
    elif found := re.search(r": error: (.*)", text) if child.returncode == 2 else None:
        told += f"refused: {found[1][:70]} "
    memory = usage.ru_maxrss // 1024
    mark = " LARGE" if memory > MEMORY else ""
    return f"{told}{usage.ru_utime + usage.ru_stime:.1f} s {memory} MB{mark}"


def taken(terminal: int) -> bytes:
    """Return what was written to a terminal since."""
    parts = []
    try:
        while part := os.read(terminal, 1 << 16):
            parts.append(part)
    except OSError:  # there is nothing more, or nobody who writes
        pass
    return b"".join(parts)


def worked(process: int) -> float:
    """Return the seconds of the processor that a process has had."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rows(only: str, command: str, limit: float, folder: Path) -> Iterator[str]:
    """Yield a row of the table for each family."""
    for name, make in FAMILIES.items():
        if only in name:
            path = folder / f"{name}.toml"
            path.write_text(make(), encoding="utf-8")
            cells = [measure(path, COMMANDS[each], limit) for each in COMMANDS if command in each]
            yield " | ".join([f"{name} {path.stat().st_size // 1000} KB", *cells])


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--only", default="")
    parser.add_argument("--command", default="")
    parser.add_argument("--limit", type=float, default=20.0)
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    print(" | ".join(["file", *(each for each in COMMANDS if arguments.command in each)]))
    with tempfile.TemporaryDirectory() as folder:
        for row in rows(arguments.only, arguments.command, arguments.limit, Path(folder)):
            print(row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
