"""Changes executed together at one point keep what fits when each is executed alone."""

import numpy as np
import pytest

from gradtui.diagnosis.changes import insertions, small_edits
from gradtui.diagnosis.edits import Editable, EditKind, Pool
from gradtui.diagnosis.sieve import Budget, Sieve, near_at, place_of, proportional_at_first
from gradtui.engine.builder import Builder
from gradtui.engine.graph import Kind
from gradtui.engine.interpreter import Interpreter
from gradtui.engine.printer import spell
from gradtui.language.parser import Call, Name, Number, parse_expression
from gradtui.language.trees import replaced

POINTS = 3
SHAPES = {"X": (4, 2), "e": (4,), "w": (2,), "s": ()}
X, E, W, S = (np.random.default_rng(0).normal(size=(POINTS, *shape)) for shape in SHAPES.values())


@pytest.fixture
def opened():
    """An expression, its world, and the edits of it: all that take away and all that put in."""

    def call(text):
        builder = Builder(simplify=True)
        names = {name: builder.leaf(Kind.DATA, name, shape) for name, shape in SHAPES.items()}
        expression = Editable(parse_expression(text), builder.nodes, names)
        place = expression.tree.place
        pool = Pool(names, [Name("s", place)], [Name("w", place)], {4.0: Number(4.0, place)})
        world = Interpreter(
            builder.nodes, dict(zip(names.values(), (X, E, W, S), strict=True)), POINTS
        )
        return expression, world, [*small_edits(expression, pool), *insertions(expression, pool)]

    return call


def one_by_one(expression, world, edits, shape):
    """Return (edit, value at every point) of those that have a value of a shape."""
    found = []
    for edit in edits:
        id = expression.lower(edit)
        if id is not None and expression.builder.nodes[id].shape == shape:
            found.append((edit, world.extended(expression.builder.nodes).value(id)))
    return found


@pytest.mark.parametrize(
    "wanted",
    [
        (X.transpose(0, 2, 1) @ E[:, :, None])[:, :, 0],  # the dropped sign
        -S[:, None] * (X.transpose(0, 2, 1) @ E[:, :, None])[:, :, 0],  # a factor put in
        W - (X.transpose(0, 2, 1) @ E[:, :, None])[:, :, 0],  # a term put in
    ],
)
def test_what_fits_alone_is_kept_and_all_else_is_dropped(opened, wanted):
    expression, world, edits = opened("-X.T@e")
    alone = {
        spell(expression.edited(edit))
        for edit, value in one_by_one(expression, world, edits, (2,))
        if np.allclose(value, wanted)
    }
    kept = Sieve(expression, edits, Budget()).kept(world, [(2,)], near_at(wanted, np.abs(wanted)))
    assert alone
    assert {spell(expression.edited(edit)) for edit in kept} == alone


def test_what_fits_but_for_a_constant_is_kept(opened):
    expression, world, edits = opened("s*e")
    fits = proportional_at_first(7 * E, np.abs(7 * E))
    kept = Sieve(expression, edits, Budget()).kept(world, [(4,)], fits, points=2)
    texts = {spell(expression.edited(edit)) for edit in kept}
    assert "e" in texts
    assert "s*e*s" not in texts


def test_changes_are_kept_in_their_order_and_counted_by_shape(opened):
    expression, world, edits = opened("X.T@e + w")
    sieve = Sieve(expression, edits, Budget())
    every = sieve.kept(world, [(2,)], lambda values: np.ones(len(values), bool))
    assert every == [edit for edit, _ in one_by_one(expression, world, edits, (2,))]
    assert sieve.count((2,)) == len(every)


def test_changes_executed_together_have_the_values_that_they_have_alone(opened):
    expression, world, edits = opened("X.T@e + w")
    sieve, alone = Sieve(expression, edits, Budget()), one_by_one(expression, world, edits, (2,))
    together = sieve.executed(world, (2,))
    assert [edit for edit, _ in together] == [edit for edit, _ in alone] == sieve.of((2,))
    for (_, value), (_, own) in zip(together, alone, strict=True):
        assert np.allclose(value, own, equal_nan=True)
    by_part = {id(edit): value for some, rows in sieve.by_part(world, (2,))
               for edit, value in zip(some, rows, strict=True)}  # fmt: skip
    assert all(np.allclose(by_part[id(edit)], own, equal_nan=True) for edit, own in alone)


def test_changes_of_two_parts_have_the_value_of_the_expression_with_both(opened):
    expression, world, edits = opened("s*e")
    pairs = 0
    for some, others, rows in Sieve(expression, edits, Budget()).by_two_parts(world, (4,)):
        for at, other in enumerate(others):
            for one, value in zip(some, rows[at], strict=True):
                tree = replaced(expression.edited(one), other.path, other.tree)
                id = expression.node_of(tree)
                own = world.extended(expression.builder.nodes).value(id)
                assert np.allclose(value, own, equal_nan=True)
                pairs += 1
    assert pairs > 10


def test_a_value_that_is_nothing_fits_nothing_and_raises_no_warning(opened):
    expression, world, edits = opened("e/s")
    huge = Interpreter(world.nodes, {0: X, 1: E, 2: W, 3: np.zeros(POINTS)}, POINTS)
    kept = Sieve(expression, edits, Budget()).kept(huge, [(4,)], near_at(E, np.abs(E)))
    assert "e" in {spell(expression.edited(edit)) for edit in kept}
    assert "e/s" not in {spell(expression.edited(edit)) for edit in kept}


def test_no_more_changes_are_tried_than_are_allowed(opened, monkeypatch):
    monkeypatch.setattr("gradtui.diagnosis.sieve.MOST_CHANGES", 3)
    expression, world, edits = opened("X.T@e + w")
    work = Budget()
    sieve = Sieve(expression, edits, work)
    assert sieve.kept(world, [(2,)], lambda values: np.ones(len(values), bool)) == [
        edit
        for edit in edits[:3]
        if edit in [one for one, _ in one_by_one(expression, world, edits, (2,))]
    ]
    assert (work.is_cut, work.tried) == (True, 3)


def test_no_more_numbers_are_computed_than_are_allowed(opened, monkeypatch):
    monkeypatch.setattr("gradtui.diagnosis.sieve.MOST_NUMBERS", 7)
    expression, world, edits = opened("X.T@e + w")
    work = Budget()
    sieve = Sieve(expression, edits, work)
    assert not sieve.kept(world, [(2,)], lambda values: np.ones(len(values), bool))
    assert work.is_cut


def test_no_more_parts_are_lowered_than_are_allowed(opened, monkeypatch):
    """In all searches together: each begins with what the ones before it have left."""
    expression, _, edits = opened(f"concat({', '.join(['w'] * 40)})*s")
    monkeypatch.setattr("gradtui.diagnosis.sieve.MOST_PARTS", 2_000)
    monkeypatch.setattr("gradtui.diagnosis.sieve.PARTS_IN_ALL", 3_000)
    work = Budget()
    for searched in (2_000, 1_000, 0):
        before = expression.lowered
        Sieve(expression, edits, work)
        taken = expression.lowered - before
        assert searched <= taken <= searched + 200 * bool(searched)
        assert work.is_spent and work.is_cut
        work.renew()


def test_of_a_call_of_many_operands_the_first_are_exchanged(opened):
    _, _, edits = opened(f"concat({', '.join(['w', 'e'] * 20)})")
    exchanged = [
        edit for edit in edits if edit.path == () and isinstance(edit.tree, Call)
        and edit.kind is EditKind.REPLACE and edit.tree.function == "concat"
    ]  # fmt: skip
    assert len(exchanged) == 15


def test_of_a_long_program_the_lines_nearest_to_its_end_are_searched(monkeypatch):
    monkeypatch.setattr("gradtui.diagnosis.sieve.MOST_LINES", 50)
    work = Budget()
    assert work.nearest("abc", of=10) == "abc" and not work.is_cut
    assert work.nearest("abc", of=10) == "bc" and work.is_cut
    assert work.nearest("abc", of=10) == ""


@pytest.mark.parametrize("text", ["-X.T@e", "s*(w + 4.0)", "sum(X*w)/len(X)"])
def test_edits_that_put_a_shape_in_the_same_place_give_the_same_shape(opened, text):
    expression, _, edits = opened(text)
    shapes = {}
    for edit in edits:
        id = expression.lower(edit)
        shape = None if id is None else expression.builder.nodes[id].shape
        shapes.setdefault(place_of(expression, edit), set()).add(shape)
    assert {len(some) for some in shapes.values()} == {1}
    assert len(shapes) < len(edits)
