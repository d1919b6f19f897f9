"""Several steps of a loop in one: what one leaves is what the next begins with."""

from gradtui.engine.builder import Builder
from gradtui.engine.graph import Kind
from gradtui.engine.unrolling import Round, unroll


def doubled_plus():
    """Return a round that makes 2·w + x of w, and keeps w·w."""
    builder = Builder()
    w, x = builder.leaf(Kind.STATE, "w", ()), builder.leaf(Kind.DATA, "x", ())
    two = builder.constant(2.0)
    after = builder.apply("+", (builder.apply("*", (two, w)), x))
    kept = builder.apply("*", (w, w))
    return Round(tuple(builder.nodes), (w,), (after,), (x,), (kept,))


def test_three_steps_are_each_of_them_in_turn():
    once = doubled_plus()
    thrice = unroll(once, 3)
    assert (len(thrice.varying), len(thrice.written)) == (3, 3)
    leaves = {thrice.state[0]: 1.0, **dict(zip(thrice.varying, (10.0, 20.0, 30.0), strict=True))}
    # w: 1, then 2 + 10 = 12, 24 + 20 = 44, 88 + 30 = 118
    found = values_of(thrice.nodes, leaves)
    assert found[thrice.after[0]] == 118
    assert [found[id] for id in thrice.written] == [1, 144, 1936]


def test_what_does_not_move_is_computed_once():
    builder = Builder()
    w, c = builder.leaf(Kind.STATE, "w", ()), builder.leaf(Kind.DATA, "c", ())
    root = builder.apply("exp", (c,))
    after = builder.apply("+", (w, root))
    once = Round(tuple(builder.nodes), (w,), (after,), (), ())
    assert (once.size, unroll(once, 4).size) == (2, 5)


def values_of(nodes, leaves):
    """Return every node's value, by plain arithmetic."""
    found = {}
    for node in nodes:
        operands = [found[id] for id in node.inputs]
        if node.id in leaves:
            found[node.id] = leaves[node.id]
        elif node.kind is Kind.CONSTANT:
            found[node.id] = node.value
        else:
            a, b = operands
            found[node.id] = a + b if node.op == "+" else a * b
    return found
