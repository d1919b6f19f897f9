import pytest

from gradtui.diagnosis.edits import Editable
from gradtui.engine.builder import Builder
from gradtui.engine.graph import Kind
from gradtui.language.parser import parse_expression

SHAPES = {"x": (4, 3), "z": (4, 3), "w": (3, 2), "s": (), "t": ()}


@pytest.fixture
def editable():
    """Make an expression whose small changes are tried, over names of these shapes."""

    def call(text):
        builder = Builder(simplify=True)
        names = {name: builder.leaf(Kind.DATA, name, shape) for name, shape in SHAPES.items()}
        return Editable(parse_expression(text), builder.nodes, names)

    return call
