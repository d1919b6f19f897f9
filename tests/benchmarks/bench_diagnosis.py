"""Three hundred hand-written lines: the processor time of a check, right and with a wrong line.

By hand: `python tests/benchmarks/bench_diagnosis.py [ROUNDS]`.  A chain of scalar helpers and a
network of layers, both in scenarios, and that network in NumPy.  Each check takes turns with the
program's own run, of which it is a multiple: loading and computing the first step, or the call.
"""

from __future__ import annotations

import importlib.util
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import numpy as np
from bench_scale import scenario

from gradtui.api import check, load

Lines = dict[str, str]
"""Name -> expression, in the order of the lines."""
LINKS, LAYERS, ROWS, WIDE, SHARE = 150, 76, 3, 3, 30
WRONG_LINKS = {
    "t73": "dh73*0.02*(1 + tanh(w*h72)**2)",
    "dh49": "dh50 + t50*w*w",
    "t24": "dh24*0.2*(1 - tanh(w*h23)**2)",
    "t119": "dh119*0.02*(1 - tanh(w*h118)**3)",
}
WRONG_LAYERS = {
    "up75": "up76 + delta76@W76",
    "up40": "delta41@W41.T",
    "slope20": "1 - a20",
    "up3": "up4 + delta4@W5.T",
}


def chain() -> tuple[Lines, Lines]:
    """Return a chain of scalars, and its gradient by helpers, added up in parts."""
    model = {"h0": "w*x"}
    for k in range(1, LINKS):
        model[f"h{k}"] = f"h{k - 1} + 0.02*tanh(w*h{k - 1})"
    model["L"] = f"(h{LINKS - 1} - 1)**2"
    hand = {f"dh{LINKS - 1}": f"2*(h{LINKS - 1} - 1)"}
    for k in range(LINKS - 1, 0, -1):
        hand[f"t{k}"] = f"dh{k}*0.02*(1 - tanh(w*h{k - 1})**2)"
        hand[f"dh{k - 1}"] = f"dh{k} + t{k}*w"
    terms = [*(f"t{k}*h{k - 1}" for k in range(LINKS - 1, 0, -1)), "dh0*x"]
    sums = {f"p{at}": " + ".join(terms[at : at + SHARE]) for at in range(0, LINKS, SHARE)}
    return model, {**hand, **sums, "dw": " + ".join(sums)}


def layers() -> tuple[Lines, Lines]:
    """Return a residual network, and its gradients by helpers."""
    model, inputs = dict[str, str](), ["X", *(f"h{k}" for k in range(1, LAYERS + 1))]
    for k in range(1, LAYERS + 1):
        model[f"a{k}"] = f"tanh({inputs[k - 1]}@W{k})"
        model[f"h{k}"] = f"{inputs[k - 1]} + 0.3*a{k}"
    model |= {"e": f"h{LAYERS} - y", "L": "mean(e**2)"}
    hand = {f"up{LAYERS}": f"2*e/{ROWS * WIDE}"}
    for k in range(LAYERS, 0, -1):
        hand[f"slope{k}"] = f"1 - a{k}**2"
        hand[f"delta{k}"] = f"0.3*up{k}*slope{k}"
        hand[f"dW{k}"] = f"{inputs[k - 1]}.T@delta{k}"
        if k > 1:
            hand[f"up{k - 1}"] = f"up{k} + delta{k}@W{k}.T"
    return model, hand


def text(lines: Mapping[str, str], margin: str = "") -> str:
    """Return lines of a program."""
    return "\n".join(f"{margin}{name} = {one}" for name, one in lines.items())


def drawn(*shape: int, seed: int) -> Any:
    """Return a matrix with two digits of each number."""
    return np.round(np.random.default_rng(seed).normal(size=shape) / 2, 2)


WEIGHTS = {f"W{k}": drawn(WIDE, WIDE, seed=k) for k in range(1, LAYERS + 1)}
DATA = {"X": drawn(ROWS, WIDE, seed=100), "y": drawn(ROWS, WIDE, seed=101)}


def as_scenario(model: Lines, hand: Lines, **values: Mapping[str, Any]) -> str:
    """Return a scenario."""
    data, parameters = (
        "\n".join(f"{name} = {np.asarray(one).tolist()}" for name, one in values[part].items())
        for part in ("data", "parameters")
    )
    whole = scenario(text(model), parameters, data, 3, "sgd")
    return f"{whole}[backward]\ncode = '''\n{text(hand)}\n'''\n"


def as_code(model: Lines, hand: Lines) -> str:
    """Return the network as a function of its weights."""
    arrays = "\n".join(f"{name} = np.array({one.tolist()})" for name, one in DATA.items())
    given = "\n".join(f"{name}_0 = np.array({one.tolist()})" for name, one in WEIGHTS.items())
    own = ", ".join(f"{name}={name}_0" for name in WEIGHTS)
    returned = ", ".join(f'"{name}": d{name}' for name in WEIGHTS)
    body = text({**model, **hand}, "    ").replace("tanh(", "np.tanh(").replace("mean(", "np.mean(")
    return (
        f"import numpy as np\n\n{arrays}\n{given}\n\n\ndef case({own}):\n{body}\n"
        f"    return L, {{{returned}}}\n"
    )


def called(path: Path) -> Callable[[], Any]:
    """Return the function of a file."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.case


def took(run: Callable[[], object]) -> float:
    """Return the processor seconds of a run."""
    start = time.process_time()
    run()
    return time.process_time() - start


def measure(name: str, path: Path, rounds: int) -> None:
    """Print what a check takes, and how many times its own run that is."""
    if path.suffix == ".py":
        own, checked = (one := called(path)), lambda: check(one)
    else:
        own, checked = (lambda: load(path).frame), lambda: check(path)
    found = checked()
    least, alone = math.inf, math.inf
    for _ in range(rounds):
        alone, least = min(alone, took(own)), min(least, took(checked))
    lines = ", ".join(f"{one.rule} at {one.line}" for one in found) or "right"
    print(f"{name:18} {least:6.2f} s  {least / alone:8.1f} own runs  {lines}")


def main() -> None:
    """Measure each program, right and with each wrong line."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    links = {"data": {"x": 0.5}, "parameters": {"w": 0.9}}
    network = {"data": DATA, "parameters": WEIGHTS}
    programs = (
        ("chain.toml", partial(as_scenario, **links), *chain(), WRONG_LINKS),
        ("layers.toml", partial(as_scenario, **network), *layers(), WRONG_LAYERS),
        ("layers.py", as_code, *layers(), WRONG_LAYERS),
    )
    with tempfile.TemporaryDirectory() as folder:
        for name, written, model, hand, wrong in programs:
            print(f"{name}: {len(hand)} lines")
            for line in (None, *wrong):
                lines = hand if line is None else {**hand, line: wrong[line]}
                path = Path(folder) / f"{line or 'right'}_{name}"
                path.write_text(written(model, lines))
                measure(line or "as it is", path, rounds)


if __name__ == "__main__":
    main()
