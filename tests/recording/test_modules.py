import importlib
import random
import sys
from collections import defaultdict, deque
from typing import ClassVar

import pytest

from gradtui.recording.kept import Kept
from gradtui.recording.modules import modules_of


class Holder:
    held: ClassVar[list[int]] = []


WAYS = {
    "a module": "import other_module\ndef f(): pass\n",
    "a function": "from other_module import g\ndef f(): pass\n",
    "a class": "from other_module import Layer\ndef f(): pass\n",
    "an object": "import other_module\nlayer = other_module.Layer()\ndel other_module\n"
    "def f(): pass\n",
    "a bound method": "import other_module\ncall = other_module.Layer().call\ndel other_module\n"
    "def f(): pass\n",
    "a table of functions": "import other_module\ntable = {'g': other_module.g}\n"
    "del other_module\ndef f(): pass\n",
    "an import inside": "def f():\n    import other_module\n    return other_module\n",
    "a module between": "import module_between\ndef f(): pass\n",
    "what a function holds": "import other_module\ndef made(held):\n"
    "    def inner(): return held\n    def f(): return inner\n    return f\n"
    "f = made(other_module)\ndel other_module\n",
    "a default": "import other_module\ndef f(held=other_module): pass\ndel other_module\n",
    "nothing": "def f(): pass\n",
    "no name that is no import": "def f(other_module): return other_module.other_module\n",
}
OTHER = "def g(): pass\nclass Layer:\n    def call(self): pass\n"


@pytest.fixture
def made(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    names = []

    def make(name, text):
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        names.append(name)
        importlib.invalidate_caches()

    yield make
    for name in names:
        sys.modules.pop(name, None)


@pytest.mark.parametrize("way", WAYS)
def test_a_module_is_reached_by(way, made):
    made("other_module", OTHER)
    made("module_between", "from other_module import g\n")
    made("case_module", WAYS[way])
    own, other = importlib.import_module("case_module"), importlib.import_module("other_module")
    reached = [id(names) for names in modules_of(own.f)]
    assert reached[0] == id(vars(own)) and len(set(reached)) == len(reached)
    assert (id(vars(other)) in reached) == (not way.startswith("no"))
    assert id(vars(sys.modules[__name__])) not in reached


def test_what_defaults_and_classes_hold_is_put_back():
    def function(x, held=[]):  # noqa: B006
        return x, Holder.held, held

    kept = Kept(function)
    function.__defaults__[0].append(1)
    Holder.held.append(2)

    assert kept.put_back()
    assert function.__defaults__ == ([],)
    assert Holder.held == []


class Slotted:
    __slots__ = ("_held", "later", "scale")

    def __init__(self):
        self._held, self.scale = [], 2.0


SLOTTED = Slotted()


def test_what_slots_hold_is_put_back():
    kept = Kept(lambda: SLOTTED)
    SLOTTED._held.append(1)
    SLOTTED.scale = 3.0

    assert kept.put_back() and not kept.put_back()
    assert (SLOTTED._held, SLOTTED.scale) == ([], 2.0)


class Counting:
    calls = 0
    __slots__ = ()


class Held:
    steps = 0


HELD, TABLE, LAST, DRAWING = Held(), defaultdict(int), deque([1], maxlen=2), random.Random(0)


def counter():
    count = 0

    def step():
        nonlocal count
        count += 1
        return count

    return step


STEP = counter()


def test_plain_state_wherever_it_is_held_is_put_back():
    kept = Kept(lambda: (Counting, HELD, TABLE, LAST, DRAWING, STEP))
    first = DRAWING.getstate()
    Counting.calls += 1
    Held.later = 2
    HELD.steps += 1
    SLOTTED.later = 3
    TABLE["steps"] += 1
    LAST.extend([2, 3])
    STEP()
    STEP.calls = 1
    DRAWING.random()

    assert kept.put_back() and not kept.put_back()
    assert (Counting.calls, HELD.steps, vars(HELD), TABLE) == (0, 0, {}, {})
    assert not hasattr(Held, "later") and not hasattr(SLOTTED, "later")
    assert not hasattr(STEP, "calls") and STEP() == 1
    assert list(LAST) == [1] and DRAWING.getstate() == first


ACTS = {"act": counter, "calls": 0}


def test_runs_may_begin_in_one_state_with_the_functions_that_are_there_meanwhile():
    kept = Kept(lambda: (ACTS, Counting))
    Counting.calls = 2
    kept.repeat()
    ACTS["act"], ACTS["calls"], Counting.calls = Holder, 5, 6
    kept.rewind()

    assert (ACTS, Counting.calls) == ({"act": Holder, "calls": 0}, 2)

    assert kept.put_back()
    assert (ACTS, Counting.calls) == ({"act": counter, "calls": 0}, 0)
