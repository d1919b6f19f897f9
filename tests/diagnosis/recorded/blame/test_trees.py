"""A walk through a syntax tree is that of Python's own `ast`."""

import ast
from pathlib import Path

from gradtui.diagnosis.recorded.blame.trees import nodes_of, walked


def test_nodes_come_in_the_order_of_pythons_own_walk():
    tree = ast.parse(
        Path(__file__).read_text() + "def f(a, *, b=1, c): return {**a, 'x': [b, c]}\n"
    )
    assert walked(tree) == [*ast.walk(tree)]
    assert walked(tree.body[-1]) == [*ast.walk(tree.body[-1])]


def test_the_nodes_of_a_file_are_found_once():
    tree = ast.parse("x = 1")
    assert nodes_of(tree) is nodes_of(tree)
