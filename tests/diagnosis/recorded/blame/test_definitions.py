"""Where the code of a function stands in its file."""

import ast

from gradtui.diagnosis.recorded.blame.definitions import (
    definition_of,
    lambdas_of,
    located,
    methods_within,
    tree_of,
)

TEXT = """
class Layer:
    def slope(self, z):
        return 1 - z


def made(scale):
    class Scaled:
        def slope(self, z):
            return scale - z

    return Scaled


pair = (lambda z: z + 1), (lambda z: z + 2)
"""


def codes(code, name):
    inner = [one for one in code.co_consts if hasattr(one, "co_consts")]
    return [one for each in inner for one in ([each] * (each.co_name == name) + codes(each, name))]


def test_functions_of_a_name_are_told_apart_by_their_lines_and_lambdas_by_their_columns():
    tree, code = tree_of(TEXT), compile(TEXT, "layers.py", "exec")

    found = [located(tree, one) for one in codes(code, "slope")]
    assert [(node.lineno, classes) for node, classes, _ in found] == [
        (3, ("Layer",)), (9, ("Scaled",)),
    ]  # fmt: skip
    statement, _, at = located(tree, codes(code, "<lambda>")[1])
    assert ast.unparse(lambdas_of(statement)[at]) == "lambda z: z + 2"


def test_a_node_within_a_made_class_belongs_to_its_method():
    made = tree_of(TEXT).body[1]
    (scaled, _) = made.body

    within = methods_within(made)

    assert within[scaled.body[0].body[0]] == (scaled.body[0], scaled)
    assert made.body[1] not in within


def test_a_code_whose_file_is_gone_has_no_definition():
    assert definition_of(compile("f = lambda: 0", "gone.py", "exec")) is None
