"""The search for the lines that make gradients wrong."""

from contextlib import contextmanager
from types import SimpleNamespace

from gradtui.diagnosis.recorded.blame.gradients import _is_meant, _written
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.diagnosis.recorded.watchdog import Endless


def pooled(x, size=7):
    rows = x.reshape(4, 3)
    return 2 * rows.sum(axis=1) / 12 - 0.5


def test_the_numbers_of_a_function_are_those_it_writes_but_for_squares_and_defaults():
    assert _written([Unit(pooled.__code__, [pooled])]) == {4, 3, 12}


def test_a_run_that_takes_too_long_to_be_recorded_ends_no_search():
    @contextmanager
    def edited(patch):
        yield

    def point(values, names, near):
        raise Endless

    runs = SimpleNamespace(target=SimpleNamespace(library=None), point=point)
    own = SimpleNamespace(values={}, true={})
    assert _is_meant(runs, own, SimpleNamespace(edited=edited))
