"""Small changes of an expression, and the node of the changed whole."""

import pytest

from gradtui.diagnosis.changes import insertions, small_edits
from gradtui.diagnosis.edits import Pool
from gradtui.engine.lowering import lower_tree
from gradtui.language.parser import parse_expression

PROGRAMS = ["x@w", "(x - z)*s", "sum(x*z, axis=0)", "1 - tanh(x)**2", "x.T@z", "s*t/2 - s"]


@pytest.mark.parametrize("text", PROGRAMS)
def test_the_node_of_an_edit_is_that_of_the_edited_text(editable, text):
    """Lowering only what an edit changes gives what lowering the whole gives."""
    expression = editable(text)
    pool = Pool(expression.names, factors=[parse_expression("s")], terms=[parse_expression("t")])
    count = 0
    for edit in (*small_edits(expression, pool), *insertions(expression, pool)):
        id = expression.lower(edit)
        if id is not None:
            names = expression.names
            whole = lower_tree(expression.edited(edit), expression.builder, lambda n: names[n.name])  # noqa: B023
            assert whole == id
            count += 1
    assert count > 5
