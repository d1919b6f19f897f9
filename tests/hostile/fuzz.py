"""Whatever bytes a file holds: it loads, or is one clean error.

The targets of the fuzz tests, and a search by hand that is as long as one likes:
python tests/hostile/fuzz.py [--seconds N] [--only NAME]
"""

from __future__ import annotations

import argparse
import io
import random
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(1, str(Path(__file__).resolve().parents[2]))

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

import gradtui
from gradtui.base.source import InputError
from gradtui.engine.ops import FUNCTIONS
from gradtui.explain.report import show_lines
from gradtui.explain.spans import line_text
from gradtui.saving.anchors import Anchor
from gradtui.saving.format import (
    Saved,
    SavedBranch,
    SavedBreakpoint,
    SavedFix,
    Snapshot,
    decode_saved,
    encode_saved,
)
from gradtui.saving.snapshot import Resumption
from gradtui.scenario.bundled import bundled_folder
from gradtui.scenario.load import load_problem
from hostile.cases import quoted
from hostile.clean import acting, check_error, check_use

SCENARIOS = sorted(bundled_folder().glob("*.toml"))
MODEL = """title = "t"
[data]
{data}
[parameters]
w = 0.5
b = [0.5, -1.0]
X = [[1.0, 2.0], [3.0, 4.0]]
[model]
{model}
[optimizer]
name = "adam"
lr = 0.1
{more}
"""
DATA, CODE = "x = 2.0\ny = [2.0, 4.0]", 'code = "L = mean((w*x + X@b - y)**2)"'
_WORDS = [
    *FUNCTIONS, "w", "b", "X", "x", "y", "L", "g", "t", "lr", "dw", "db", "m", "p", "q", "np.",
    ".T", ".shape[0]", "len(X)", "axis=0", "axis=-1", "keepdims=True", "axis=(0, 1)", "[:, None]",
    "[None, :]", "[0:1]", "[::-1]", "+", "-", "*", "/", "**", "@", "<", ">=", "==", "!=", "=",
    "+=", ",", "(", ")", "()", "[", "]", "\n", "\n    ", "# ", ";", ":", ":=", "0", "1", "2",
    "-1", "0.5", "1e308", "1e-308", "1e999", "0x10", "1_0", "012", "1j", "2**", "if", "else",
    "lambda", "None", "True", "import os", "__import__", "__class__", "'", '"', "\\", "`",
    "\u202e", "\u200b", "\x1b[2J", "\x9b1m", "\x00", "π", "x²", "−", "·", "[red]",
    "[@click=app.quit]", "{", "}", "{}", "return", "def f():", "class", "for i in x:", "@x", "~",
    "^", "%", "$", "?", "!", "...", "..", ".",
]  # fmt: skip
WORDS = st.lists(st.sampled_from(_WORDS), max_size=14).map(" ".join) | st.text(
    st.characters(codec="utf-8"), max_size=30
)
LINES = st.lists(
    st.tuples(st.sampled_from(["p", "q", "dw", "db", "dX", "w", "m", "L", "t", ""]), WORDS),
    max_size=5,
).map(lambda lines: "\n".join(f"{name} = {value}" if name else value for name, value in lines))
EDITS = st.lists(
    st.tuples(
        st.floats(0, 1),
        st.integers(0, 12),
        st.binary(max_size=6) | st.sampled_from([word.encode() for word in _WORDS]),
    ),
    min_size=1,
    max_size=5,
)


def edited(raw: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    """Return bytes of which some are taken away, and others put in their places."""
    for where, taken, put in edits:
        at = int(where * len(raw))
        raw = raw[:at] + put + raw[at + taken :]
    return raw


def use(folder: Path, raw: bytes | str, **files: bytes) -> None:
    """Use a scenario with these bytes, and files beside it whose names end in their last part."""
    path = folder / "fuzz.toml"
    path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_bytes(content)
    check_use(path)


def expression(folder: Path, text: str) -> None:
    """A line of the model."""
    code = quoted(f"p = {text}\nL = mean((w*x + X@b - y)**2) + 0.1*mean(p)")
    use(folder, MODEL.format(data=DATA, model=f"code = {code}", more=""))


def program(folder: Path, code: str) -> None:
    """A whole model."""
    use(folder, MODEL.format(data=DATA, model=f"code = {quoted(code)}", more=""))


def backward(folder: Path, code: str) -> None:
    """A backward pass, that keeps something."""
    more = f"[backward]\nstate = {{ m = 0.0 }}\ncode = {quoted(code)}\n"
    use(folder, MODEL.format(data=DATA, model=CODE, more=more))


def update(folder: Path, code: str) -> None:
    """An update, that keeps something."""
    more = f"[update]\nstate = {{ m = 0.0 }}\ncode = {quoted(code + chr(10) + 'w = w - lr*g')}\n"
    use(folder, MODEL.format(data=DATA, model=CODE, more=more))


SOURCE = b'''import os
def f(x, y, w, b, X):
    """Text."""
    # a comment
    p = (w*x +
         X@b)
    q = p - y  # another
    L = mean(q**2)
    return L
'''


def source(folder: Path, edits: list[tuple[float, int, bytes]]) -> None:
    """A Python file."""
    text = MODEL.format(data=DATA, model='source = "m.py:f"', more="")
    use(folder, text, m_py=edited(SOURCE, edits))


_COLUMNS = 'file = "d.csv"\nx = 2.0\ny = "y"'
TABLE = b'x,y,"a ""b"""\n1, 2.5,"t\nu"\n-1e3,"4","\xc3\xa9"\n'


def csv(folder: Path, edits: list[tuple[float, int, bytes]]) -> None:
    """A table."""
    use(folder, MODEL.format(data=_COLUMNS, model=CODE, more=""), d_csv=edited(TABLE, edits))


def _archive() -> bytes:
    out = io.BytesIO()
    np.savez(out, y=np.array([2.0, 4.0]), n=np.array([1, 2], "i2"))
    return out.getvalue()


ARCHIVE = _archive()
ARRAY = zipfile.ZipFile(io.BytesIO(ARCHIVE)).read("y.npy")


def npz(folder: Path, edits: list[tuple[float, int, bytes]]) -> None:
    """Arrays."""
    text = MODEL.format(data='file = "d.npz"\nx = 2.0\ny = "y"', model=CODE, more="")
    use(folder, text, d_npz=edited(ARCHIVE, edits))


def npy(folder: Path, edits: list[tuple[float, int, bytes]]) -> None:
    """One array, in a sound archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("y.npy", edited(ARRAY, edits))
    text = MODEL.format(data='file = "d.npz"\nx = 2.0\ny = "y"', model=CODE, more="")
    use(folder, text, d_npz=out.getvalue())


TOML = MODEL.format(
    data=DATA, model=CODE,
    more="[run]\nsteps = 5\n[labels]\nw = 'ŵ'\n[schedule]\nname = 'cosine'\n[[expect]]\nstep = 1\n"
    "[expect.values]\nw = 1\n[backward]\ncode = 'dw = x*w'\nclaims = { dw = 'w' }\n",
).encode()  # fmt: skip


def toml(folder: Path, edits: list[tuple[float, int, bytes]]) -> None:
    """A scenario that has most tables."""
    use(folder, edited(TOML, edits))


def raw(folder: Path, content: bytes) -> None:
    """Bytes of no kind."""
    use(folder, content)


def bundled(folder: Path, case: tuple[int, list[tuple[float, int, bytes]]]) -> None:
    """A bundled scenario; those that need a file beside it lack it."""
    use(folder, edited(SCENARIOS[case[0]].read_bytes(), case[1]))


_TYPED = MODEL.format(data=DATA, model=CODE, more="[run]\nsteps = 3\n")
_HEAD, _, SAVED = encode_saved(
    Saved(
        "typed.toml", "0123",
        (
            Snapshot(
                2, Anchor(None, (("flow", "w", -1, "y", 1), ("seed",))), "operations", ("w", -1),
                folded=(("y", -1),), lens=((1,), 0), jacobian=1, surface="b[0] b[1]", zoom=-3,
                followed="w lr", log=True, drawn=(0, 2),
                breakpoints=(SavedBreakpoint("loss > prev", enabled=False),), watches=("norm",),
                branches=(
                    SavedBranch("lr 1", 0, 1, "lr 1"), SavedBranch("x", 1, 2, "w = 2"),
                    SavedBranch("f", 0, 0, "q", fix=SavedFix("typed.toml", 4, 5, "p", "q")),
                ),
                current=2,
            ),
            Snapshot(0, Anchor(2, ()), "named", ("b", -1)),
        ),
    )
).partition(b"\n")  # fmt: skip


def saved(folder: Path, edits: list[tuple[float, int, bytes]]) -> None:
    """A saved session with the checksum that goes with what it holds, and its resumption."""
    body = edited(SAVED, edits)
    checksum = sha256(body).hexdigest().encode()
    try:
        read = decode_saved(_HEAD.rsplit(b" ", 1)[0] + b" " + checksum + b"\n" + body, "saved")
    except InputError as error:
        assert not acting(str(error)) and "\n" not in str(error)
        return
    path = folder / "typed.toml"
    path.write_text(_TYPED)
    for snapshot in read.snapshots:
        resumption = Resumption(load_problem(path), snapshot)
        for _ in range(100):
            if not resumption.run(1.0):
                break
        assert not acting("".join(resumption.lost))
        assert not acting("\n".join(map(line_text, show_lines(resumption.session.frame, None))))


def typed(folder: Path, text: str) -> None:
    """What is typed into each input of the debugger."""
    path = folder / "typed.toml"
    if not path.exists():
        path.write_text(_TYPED)
    session = gradtui.load(path)
    branches, curves = session.branches, session.curves
    for answer in (
        session.break_at, session.watch, session.selection.look, session.selection.find,
        session.surface.show, curves.follow, curves.zoom,
        lambda text: branches.what_if(text, 1), session.try_all,
    ):  # fmt: skip
        try:
            answer(text)
        except InputError as error:
            error = error.within("typed", [text])
            check_error(error)
        assert session.frame.loss is not None


TARGETS: dict[str, tuple[Callable[..., None], st.SearchStrategy]] = {  # type: ignore[type-arg]
    "expression": (expression, WORDS),
    "program": (program, LINES),
    "backward": (backward, LINES),
    "update": (update, LINES),
    "source": (source, EDITS),
    "csv": (csv, EDITS),
    "npz": (npz, EDITS),
    "npy": (npy, EDITS),
    "toml": (toml, EDITS),
    "raw": (raw, st.binary(max_size=200)),
    "bundled": (bundled, st.tuples(st.integers(0, len(SCENARIOS) - 1), EDITS)),
    "typed": (typed, WORDS),
    "saved": (saved, EDITS),
}


def search(name: str, folder: Path, examples: int, start: int) -> int:
    """Try examples on a target; return how many were tried.  Raises what a target raises."""
    target, strategy = TARGETS[name]
    tried = 0

    @seed(start)
    @settings(
        max_examples=examples,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(strategy)
    def one(example: object) -> None:
        nonlocal tried
        tried += 1
        target(folder, example)

    one()
    return tried


def main() -> int:
    """Search all targets in turn; print how many inputs each took, and what fails."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--only", choices=TARGETS)
    arguments = parser.parse_args()
    names = [arguments.only] if arguments.only else list(TARGETS)
    tried, failed = dict.fromkeys(names, 0), set[str]()
    until = time.monotonic() + arguments.seconds
    while time.monotonic() < until and len(failed) < len(names):
        for name in names:
            if name in failed:
                continue
            with tempfile.TemporaryDirectory() as folder:
                try:
                    tried[name] += search(name, Path(folder), 200, random.randrange(2**31))
                except (Exception, BaseExceptionGroup) as error:
                    failed.add(name)
                    notes = "\n".join(getattr(error, "__notes__", []))
                    print(f"{name}: {type(error).__name__}: {error}\n{notes}", flush=True)
    for name, count in tried.items():
        print(f"{name:11} {count:>9,} inputs{'  FAILED' if name in failed else ''}")
    print(f"{'all':11} {sum(tried.values()):>9,} inputs")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
