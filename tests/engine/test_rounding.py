"""How far rounding spreads: moved results, held choices."""

import numpy as np
import pytest

from gradtui.engine.graph import Kind
from gradtui.engine.interpreter import Interpreter
from gradtui.engine.lowering import Leaf, build_graph
from gradtui.engine.rounding import Shaken, spread_of
from gradtui.language.parser import parse_program

EPS = np.finfo(np.float64).eps


def spread(program, seeds=range(20), eps=EPS, **values):
    """Return what the last line comes to, and how far moved roundings take it."""
    arrays = {name: np.asarray(value, np.float64) for name, value in values.items()}
    leaves = [Leaf(name, value.shape) for name, value in arrays.items()]
    graph = build_graph(leaves, [], parse_program(program))
    points = {n.id: arrays[n.name][None] for n in graph.nodes if n.kind is Kind.PARAMETER}
    calm = Interpreter(graph.nodes, points, 1)
    value = calm.value(graph.loss)[0]
    worlds = [Shaken(calm, points, np.random.default_rng(seed), eps) for seed in seeds]
    with np.errstate(invalid="ignore"):
        moved = [world.value(graph.loss)[0] - value for world in worlds]
    return float(value), float(np.max(np.abs(moved)))


def test_one_product_is_moved_by_one_unit_in_the_last_place():
    value, far = spread("L = a*b", a=1.3, b=0.7)
    assert far == pytest.approx(np.spacing(value), rel=0.5)


def test_a_difference_of_nearly_equal_numbers_spreads_as_far_as_they_are_rounded():
    """(u+v)**2 - u**2 - 2*u*v - v**2 is 0 but for the rounding of numbers of size 4."""
    _, far = spread("L = (u+v)**2 - u**2 - 2*u*v - v**2", u=1.3, v=0.7)
    assert EPS < far < 50 * EPS


def test_a_sum_rounds_once_for_each_term():
    """The terms are as large as 1e8, their sum is about 1."""
    x = np.array([1e8, 1.0, -1e8])
    value, far = spread("L = sum(x)", x=x)
    assert value == 1.0
    assert 1e-9 < far < 1e-6


def test_the_spread_of_float32_is_that_of_its_digits():
    _, far = spread("L = a*b + a", a=1.3, b=0.7, eps=2.0**-23)
    assert 1e-8 < far < 1e-5


@pytest.mark.parametrize(
    "program",
    ["L = sum((1.0*z > 0)*z)", "L = sum(where(1.0*z > 0, z, 0*z))", "L = max(1.0*z) - max(1.0*z)"],
)
def test_what_is_compared_stays_as_it_was(program):
    """A product that is exactly 0 does not become positive."""
    value, far = spread(program, z=np.array([0.0, -0.0, -1.0]))
    assert (value, abs(far) <= 4 * EPS) == (0.0, True)


def test_an_exact_choice_moves_nothing():
    value, far = spread("L = max(abs(-z))", z=np.array([0.3, -0.7]))
    assert (value, far) == (0.7, 0.0)


def test_labels_that_are_computed_stay_whole():
    program = "L = sum(take(E, 1.0*t + 1))"
    value, far = spread(program, E=np.array([[1.0], [2.0], [4.0]]), t=np.array([0.0, 1.0]))
    assert value == 6.0 and far <= 16 * EPS


def test_infinities_have_no_neighbour():
    value, far = spread("L = exp(a)", a=1000.0)
    assert value == np.inf
    assert np.isnan(far)


def test_passes_that_are_made_together_move_by_themselves():
    """A third is rounded, so is what it is multiplied with; and a world of one pass is as far."""
    graph = build_graph([Leaf("a", (3,))], [], parse_program("L = sum(1/3*a)"))
    points = {0: np.array([[1.3, 0.7, -0.2], [0.1, 2.0, 5.0]])}
    calm = Interpreter(graph.nodes, points, 2)
    value = calm.value(graph.loss)
    together = Shaken(calm, points, np.random.default_rng(0), passes=20)
    moved = together.value(graph.loss)
    assert moved.shape == (40,)
    assert all(len(np.unique(moved[at::2])) > 2 for at in (0, 1))
    alone = [Shaken(calm, points, np.random.default_rng(seed)) for seed in range(20)]
    far = np.max([spread_of(one.value(graph.loss), value) for one in alone], axis=0)
    assert np.all(spread_of(moved, value) <= 2 * far)
    assert np.all(far <= 2 * spread_of(moved, value))


def test_the_spread_is_that_of_the_farthest_pass_and_none_where_nothing_is_a_number():
    moved = np.array([[1.0, 2.0], [np.nan, 5.0], [1.5, 2.0], [np.nan, 4.0]])
    assert spread_of(moved, np.array([[1.0, 2.0], [3.0, 5.0]])).tolist() == [[0.5, 0], [0, 1]]
