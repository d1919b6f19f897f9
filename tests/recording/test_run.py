"""A recorded run changes nothing that the user can see."""

import copy
import gc
import math
import sys
from contextlib import contextmanager
from threading import Lock
from types import ModuleType

import numpy as np
import pytest

from gradtui.recording.array import Scalar
from gradtui.recording.kept import Kept
from gradtui.recording.library import NUMPY, record
from gradtui.recording.run import Randomness, collected, copied
from gradtui.recording.tape import Call

DATA = np.arange(6.0).reshape(2, 3)
LOCKS = [Lock(), Lock()]
HELD = {"list": [DATA, 1], "pair": (DATA, "name")}


class Model:
    def __init__(self, weights):
        self.weights = weights

    def loss(self, taking, arguments):
        return np.sum(DATA.dot(self.weights) * arguments["a"])


def recorded(function, value=DATA, called=None):
    return record(NUMPY, lambda taking, given: function(given["a"]), {"a": value}, {"a": value},
                  called or function)  # fmt: skip


def names_of(result):
    return [node.name for node in result.tape.nodes if isinstance(node, Call)]


def test_names_and_data_are_put_back_when_the_code_raises():
    before, zeros = copy.copy(globals()), id(np.zeros)

    def fail(a):
        assert hasattr(DATA, "_memory") and hasattr(HELD["pair"][0], "_memory")
        assert id(np.zeros) != zeros
        raise KeyError("the user's own")

    with pytest.raises(KeyError, match="the user's own"):
        recorded(fail)

    assert all(globals()[name] is value for name, value in before.items())
    assert type(DATA) is np.ndarray and HELD["list"][0] is DATA and HELD["pair"][0] is DATA
    assert np is sys.modules["numpy"]


def test_what_the_code_assigns_stays_and_is_like_any_array_after_the_run():
    module = ModuleType("kept")

    def keep(a):
        module.cache = a * 2
        return a.sum()

    recorded(keep)

    assert type(module.cache + 1) is np.ndarray
    module.cache[0] = 0
    assert float(module.cache[0, 0]) == 0.0


def test_a_product_with_plain_data_in_front_is_recorded():
    model = Model(np.ones(3))
    result = record(NUMPY, model.loss, {"a": np.ones(2)}, {"a": np.ones(2)}, model.loss)

    assert names_of(result) == ["@", "multiply", "sum"]
    assert type(model.weights) is np.ndarray


def test_the_arguments_are_not_changed():
    value = DATA.copy()

    recorded(lambda a: a.__setitem__(0, 5.0) or a.sum(), value)

    np.testing.assert_array_equal(value, DATA)


def test_a_number_is_not_changed_in_place():
    def add(a):
        first = a[0, 0] + 1
        total = first
        total += 10
        return first, total

    first, total = recorded(add).returned

    assert (float(first), float(total)) == (1.0, 11.0)
    assert isinstance(first, Scalar)


def test_numbers_print_and_compare_as_in_numpy():
    seen = []

    def show(a):
        loss = a.sum()
        seen.extend([f"{loss:.2f}", format(loss, ".0f"), str(loss)])
        seen.extend([round(loss, 1), loss > 3, {loss: 1}])
        return loss

    recorded(show)

    assert seen == ["15.00", "15", "15.0", 15.0, True, {15.0: 1}]
    assert seen[4] is np.True_


def test_whole_numbers_stay_numbers_to_count_and_to_look_up_with():
    def count(a):
        best = a.argmax(axis=1)
        return {2: "last"}[best[0]], range(int((a > 1).sum())), list(range(best[1]))

    assert recorded(count).returned == ("last", range(4), [0, 1])


def test_the_state_of_the_generators_is_put_back():
    np.random.seed(3)
    randomness = Randomness()
    first = np.random.rand()

    randomness.restore()

    assert np.random.rand() == first


@pytest.mark.parametrize("pending", [False, True])
def test_the_second_of_a_pair_of_normal_numbers_is_put_back(pending):
    np.random.seed(3)
    if pending:
        np.random.normal()
    randomness = Randomness()
    first = np.random.normal()

    for _ in range(2):
        randomness.restore()
        assert np.random.normal() == first


def test_a_call_stands_on_the_users_line_with_its_columns():
    def two(a):
        b = np.tanh(a)
        return b + a * 2

    tape = recorded(two).tape
    line = two.__code__.co_firstlineno + 1
    places = {node.name: node.place for node in tape.nodes if isinstance(node, Call)}

    assert (places["tanh"].line, places["tanh"].column, places["tanh"].width) == (line, 13, 10)
    assert places["multiply"].line == line + 1
    assert all(place.file == __file__ for place in places.values())


def test_a_write_in_a_loop_takes_what_it_touches():
    def fill(a):
        out = np.zeros((200, 200))
        for i in range(200):
            out[i, i] += a[0, 0]
        return out.sum()

    tape = recorded(fill).tape
    sizes = [node.index.size for node in tape.nodes if hasattr(node, "index")]

    assert sum(sizes) <= 200 * 200 + 3 * 200


def test_a_file_that_imports_names_of_numpy_takes_part():
    module = ModuleType("named")
    source = "from numpy import *\ndef f(a):\n    out = zeros(3)\n    out[:] = a[0]\n"
    source += "    return out.sum()"
    exec(compile(source, "named.py", "exec"), module.__dict__)

    result = recorded(module.f)

    assert result.node(result.returned) is not None
    assert any(result.tape.active[-1:])
    assert module.zeros is np.zeros


def test_checks_of_types_go_as_they_do_without_a_recording():
    def typed(a):
        total = np.sum(a)
        assert isinstance(total, float) and type(total) is np.float64 and total.shape == ()
        assert isinstance(total, int | float) and not isinstance(total, np.ndarray)
        assert isinstance(a, np.ndarray) and type(a) is np.ndarray and not isinstance(a, float)
        assert type(total.item()) is float and type(a.item(-1)) is float
        assert type(a.astype(float)) is np.ndarray and np.zeros(2, float).dtype == float
        assert type(type(a)) is type and float("inf") == np.inf
        return total

    recorded(typed)

    assert not {"float", "type", "isinstance"} & globals().keys()


def test_what_float_makes_of_a_number_is_still_recorded():
    result = recorded(lambda a: 2.0 * float(np.sum(a)) + a.item(1, -1))

    assert result.node(result.returned) is not None
    assert names_of(result)[-1] == "add" and not result.tape.converted


def test_what_a_function_returns_beside_arrays_is_left_as_it_is():
    def function(a):
        path = np.einsum_path("ij,kj->ik", a, a, optimize="greedy")[0]
        return np.sum(np.einsum("ij,kj->ik", a, a, optimize=path))

    result = recorded(function)

    assert result.node(result.returned) is not None
    assert "einsum_path" not in names_of(result)


def test_garbage_collection_does_not_walk_through_a_long_tape(monkeypatch):
    monkeypatch.setattr("gradtui.recording.run._LONG", 1)
    with unspared(), collected():
        result = recorded(lambda a: np.sum(a * a))
        walked = {id(one) for one in gc.get_objects()}

        assert not any(id(node) in walked for node in result.tape.nodes)


@pytest.mark.parametrize("others", [False, True])
def test_what_others_spare_stays_so(monkeypatch, others):
    monkeypatch.setattr("gradtui.recording.run._LONG", 1)
    with unspared():
        if others:
            gc.freeze()
        with collected():
            recorded(lambda a: np.sum(a * a))

        assert (gc.get_freeze_count() > 0) == others


@contextmanager
def unspared():
    """Let nothing be spared, and afterwards what was spared before."""
    before = gc.get_freeze_count() > 0
    gc.unfreeze()
    try:
        yield
    finally:
        gc.unfreeze()
        if before:
            gc.freeze()


def test_a_lock_that_a_run_leaves_held_is_released_and_no_other():
    held, left = LOCKS
    held.acquire()
    kept = Kept(lambda: LOCKS)
    left.acquire()

    kept.undo()

    assert (held.locked(), left.locked()) == (True, False)
    held.release()


def test_arguments_are_copied_though_a_module_beside_them_is_not():
    given = {"settings": {"xp": np, "scales": [np.ones(2), (np.zeros(1), math)]}}
    made = copied(given)["settings"]
    made["scales"][0][:] = 5.0
    made["scales"][1][0][:] = 5.0
    assert made["xp"] is np and made["scales"][1][1] is math
    assert given["settings"]["scales"][0].tolist() == [1.0, 1.0]
    assert given["settings"]["scales"][1][0].tolist() == [0.0]
