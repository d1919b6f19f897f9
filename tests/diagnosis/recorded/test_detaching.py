"""Where a line of code says that a value is detached."""

import linecache

import pytest

from gradtui.base.source import Place
from gradtui.diagnosis.recorded.detaching import (
    detached_operands,
    is_detached,
    is_within_block,
    says_detached,
)


def place(line, part, tmp_path):
    """Return the place of a part of the last line that has it, in a file of its own."""
    file = tmp_path / "code.py"
    file.write_text(line + "\n", encoding="utf-8")
    linecache.checkcache(str(file))
    at, last = [pair for pair in enumerate(line.splitlines(), 1) if part in pair[1]][-1]
    return Place(at, last.index(part) + 1, len(part), str(file))


@pytest.mark.parametrize(
    ("line", "part", "expected"),
    [
        ("q = z + stop_gradient(y @ v - z)", "y @ v - z", True),
        ("q = z + stop_gradient(y @ v - z)", "z + stop_gradient(y @ v - z)", False),
        ("def f(w):\n    return stop_gradient(w) * np.tanh(w)", "np.tanh(w)", False),
        ("s = x.detach().abs().max()", "x.detach().abs()", True),
        ("s = x.abs().sum().detach()", "x.abs().sum()", True),
        ("y = x / x.detach().abs()", "x / x.detach().abs()", False),
        ("y = ((x.detach() - z) ** 2).mean()", "x.detach() - z", False),
        ("import numpy as np\ny = np.abs(stop_gradient(x))", "np.abs(stop_gradient(x))", True),
        ("y = np.tanh(x)", "np.tanh(x)", False),
        ("y = (stop_gradient(x) +\n     x)", "stop_gradient(x)", True),
        ("y = (x.detach() - 1)\\\n    .clamp(min=0) * slope", "(x.detach() - 1)\\", False),
        ("y = (x.detach()", "(x.detach()", False),
    ],
)
def test_what_a_call_detaches_is_told_from_what_is_beside_it(line, part, expected, tmp_path):
    assert is_detached(place(line, part, tmp_path)) is expected


@pytest.mark.parametrize(
    ("line", "part", "expected"),
    [
        ("y = stop_gradient(w) * w", "stop_gradient(w) * w", [True, False]),
        ("t = w.detach()\ny = w * t", "w * t", [False, True]),
        ("t = w.detach()\nt = w\ny = w * t", "w * t", [False, False]),
        ("t = w.detach() * w\ny = w * t", "w * t", [False, False]),
        ("t = w\nif n:\n    t = w.detach()\ny = w * t", "w * t", [False, False]),
        ("t = w.detach()\nif n:\n    t = t.detach()\ny = w * t", "w * t", [False, True]),
        ("t = w\nif n:\n    t = w.detach()\n    y = w * t", "w * t", [False, True]),
        ("t = w.detach()\nt += w\ny = w * t", "w * t", [False, False]),
        ("t = (w * w).detach().sum(\n    0)\ny = t[0] - w", "t[0] - w", [True, False]),
        ("def f(w):\n    t = w.detach()\ndef g(t):\n    y = w * t", "w * t", [False, False]),
        ("f(w, t.detach())\ndef f(w, t):\n    return w * t", "w * t", [False, True]),
        ("f(t=t.detach(), w=w)\ndef f(w, t):\n    return w * t", "w * t", [False, True]),
        ("m.f(t.detach())\ndef f(self, t):\n    return t - w", "t - w", [True, False]),
        ("f(t.detach())\nf(w)\ndef f(t):\n    return t - w", "t - w", [False, False]),
        ("y = np.add(w, stop_gradient(w))", "np.add(w, stop_gradient(w))", [False, True]),
        ("y = w[0]", "w[0]", []),
    ],
)
def test_operands_are_detached_as_they_are_written(line, part, expected, tmp_path):
    assert list(detached_operands(place(line, part, tmp_path))) == expected


@pytest.mark.parametrize(
    ("part", "within"),
    [("w * 2", True), ("w * 3", False), ("1 + w", False), ("w * 4", True), ("w * 5", False)],
)
def test_a_block_detaches_what_is_computed_in_it(part, within, tmp_path):
    block = "with torch.no_grad():\n    t = w * 2\nwith open(f):\n    s = w * 3\nr = 1 + w\n"
    block += "@torch.no_grad()\ndef f(w):\n    return w * 4\n@cached\ndef g(w):\n    return w * 5"
    assert is_within_block(place(block, part, tmp_path)) is within


@pytest.mark.parametrize("own", ["forward", "product"])
def test_a_block_says_nothing_in_the_forward_half_of_a_custom_function(own, tmp_path):
    halves = f"    @staticmethod\n    def {own}(ctx, w):\n        with torch.no_grad():\n"
    halves += "            return w * 2\n    @staticmethod\n    def backward(ctx, g):\n"
    text = f"class Double(Function):\n{halves}        return 2 * g"
    assert is_within_block(place(text, "w * 2", tmp_path)) is (own != "forward")


@pytest.mark.parametrize(
    ("text", "says"), [("y = w * 2\nt = w.detach()", True), ("attached = w\ny = w * 2", False)]
)
def test_a_file_that_detaches_nothing_is_told_without_its_expressions(
    text, says, tmp_path, monkeypatch
):
    file = place(text, "w", tmp_path).file
    assert says_detached(file) is says
    monkeypatch.setattr("gradtui.diagnosis.recorded.detaching.DETACHING", None)
    assert says_detached(file) is says  # without a search through its lines for each expression
