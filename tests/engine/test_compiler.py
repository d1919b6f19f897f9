import keyword
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_models import trainer
from gradtui.engine import compiler as compiler_module
from gradtui.engine.compiler import Mode, Slice, mode_for, namespace, row_slices
from gradtui.engine.graph import Kind, Node

HOSTILE = ["__import__", "exec", "compiled", "print", "v0", "c1", "d2", "state", "rows", "at",
           "pack", "inputs", "row", "lift", "total", "scalar", "mask", "matmul", "power", "run",
           "np_", "self", "globals"]  # fmt: skip


@pytest.fixture
def compiled(monkeypatch):
    """The texts that are compiled while the test runs."""
    texts = []

    def spy(text, *arguments):
        texts.append(text)
        return compile(text, *arguments)

    monkeypatch.setattr(compiler_module, "compile", spy, raising=False)
    compiler_module._kept.cache_clear()
    return texts


def words(texts):
    return set(re.findall(r"[A-Za-z_]\w*", "\n".join(texts)))


def use_all(model):
    model.record(model.initial, 0)
    model.run(model.initial, 2)
    model.run_recorded(model.initial, 2)
    model.central_differences(model.initial, range(model.width))


OWN = {"_", "compiled", "state", "inputs", "rows", "row", "at", "pack", "reshape", "T"}
OWN |= {*namespace(Mode.ARRAY, "float64"), "True", "False", "None"}


@pytest.mark.parametrize("shape", [(), (2,)])
def test_no_name_of_a_file_reaches_the_text_that_is_compiled(compiled, shape):
    names = [f"{name}_secret" for name in HOSTILE]
    parameters = {name: np.full(shape, 0.5) for name in names[:12]}
    data = {name: np.full(shape, 0.25) for name in names[12:]}
    lines = [f"{name}_line = tanh({name})" for name in names]
    total = " + ".join(f"sum({name}_line)" for name in names)
    use_all(trainer("\n".join(lines) + f"\nthe_loss = {total}", parameters, data))
    assert sum(text.startswith("def ") for text in compiled) == 4
    assert "secret" not in "".join(compiled)
    issued = re.compile(r"[vcdpq]\d+")
    unknown = {w for w in words(compiled) - OWN if not issued.fullmatch(w)}
    assert all(keyword.iskeyword(word) for word in unknown), unknown


def test_names_that_python_or_the_compiler_knows_are_names_like_any_other(compiled):
    values = {name: float(number + 1) for number, name in enumerate(HOSTILE)}
    code = "L = " + " + ".join(f"{name}*{name}" for name in HOSTILE)
    model = trainer(code, values)
    tape = model.record(model.initial, 0)
    assert [float(tape.gradient(i)) for i in range(len(values))] == [2 * v for v in values.values()]
    use_all(model)
    assert not {"__import__", "exec", "print", "globals", "self"} & words(compiled)


def test_numbers_and_options_of_a_file_reach_the_text_as_numbers_only(compiled):
    code = "a = sum(X*12345.678, axis=(0, -1), keepdims=True)[None, :, None]\nL = mean(a)**98765.4"
    use_all(trainer(code, {"X": [[1.0, 2.0]]}, dtype="float32"))
    text = "\n".join(compiled)
    assert "total(v2, (-2, -1), True)" in text
    assert "12345" not in text and "98765" not in text


@settings(max_examples=50)
@given(st.lists(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{3,12}", fullmatch=True), max_size=6))
def test_any_names_give_the_same_text(names):
    names = list(dict.fromkeys(f"q{name}" for name in names)) or ["qq"]
    texts = []
    for given_names in (names, [f"n{i}" for i in range(len(names))]):
        with pytest.MonkeyPatch.context() as patch:
            found = []

            def spy(text, *arguments, found=found):
                found.append(text)
                return compile(text, *arguments)

            patch.setattr(compiler_module, "compile", spy, raising=False)
            compiler_module._kept.cache_clear()
            code = "L = " + " + ".join(f"exp({name})" for name in given_names)
            use_all(trainer(code, {name: 0.5 for name in given_names}))
        texts.append(found)
    assert texts[0] == texts[1]


def test_the_text_is_one_line_for_each_operation_needed(compiled):
    model = trainer("unused = w*9\nL = w*w*x/2", {"w": 3.0}, {"x": 2.0}, lr=0.25)
    assert model.run(model.initial, 2).tolist() == [0.75]
    *settled, text = compiled
    assert settled and not re.search(r"v\d", "".join(settled)), "x/2 never changes"
    assert text.split("\n")[0] == "def compiled(state, inputs):"
    assert len(re.findall(r"^        v\d+ = ", text, re.MULTILINE)) == 4, text


def test_a_slice_says_where_a_value_stands_in_a_row():
    shapes = [(), (2, 3), (4,), (0,), ()]
    assert row_slices(shapes) == (
        Slice(0, 1, ()),
        Slice(1, 7, (2, 3)),
        Slice(7, 11, (4,)),
        Slice(11, 11, (0,)),
        Slice(11, 12, ()),
    )
    assert row_slices([]) == ()


def test_only_float64_scalars_run_as_python_floats():
    scalar = Node(0, Kind.PARAMETER, "parameter", (), ())
    vector = Node(1, Kind.PARAMETER, "parameter", (), (1,))
    assert mode_for([scalar], "float64") is Mode.FLOAT
    assert mode_for([scalar], "float32") is Mode.ARRAY
    assert mode_for([scalar, vector], "float64") is Mode.ARRAY


def test_the_same_code_is_compiled_once(compiled):
    for _ in range(2):
        trainer("L = w*w + 77", {"w": 3.0}).record(np.array([3.0]), 0)
    assert len(compiled) == len(set(compiled)) > 0
