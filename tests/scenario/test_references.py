"""Values as they are named where something is typed."""

import pytest

from gradtui.base.source import InputError, Place
from gradtui.scenario.references import Reference, read_element, read_index, read_references

SHAPES = {"w": (), "W": (3, 2), "dw": ()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", ("", (1,), None)),
        ("3,1", ("", (3, 1), None)),
        (" 3, 1 row 2 ", ("", (3, 1), 2)),
        ("W1[3,1] row 0", ("W1", (3, 1), 0)),
        ("w", ("w", (), None)),
        ("row 4", ("", (), 4)),
        ("", ("", (), None)),
    ],
)
def test_an_element_is_read(text, expected):
    assert read_element(text) == expected


def test_a_name_may_have_brackets_of_its_own():
    names = ["W1", 'params["W1"]', 'params["W1"]["b"]']

    assert read_element('params["W1"][3,1] row 2', names) == ('params["W1"]', (3, 1), 2)
    assert read_element('params["W1"]["b"]', names) == ('params["W1"]["b"]', (), None)
    assert read_element("W1[2]", names) == ("W1", (2,), None)


@pytest.mark.parametrize("text", ["-1", "w[1", "1.5", "w[1]]", "a b", "9" * 40])
def test_what_is_no_element_is_refused(text):
    with pytest.raises(ValueError, match="is not an element"):
        read_element(text)


def test_values_are_read_with_their_places():
    assert [*read_references("grad(W[2,1]), lr ∂w dW dw", SHAPES, {"lr"})] == [
        Reference("W", Place(1, 1, 12), (2, 1), True),
        Reference("lr", Place(1, 15, 2)),
        Reference("w", Place(1, 18, 2), None, True),
        Reference("W", Place(1, 21, 2), None, True),
        Reference("dw", Place(1, 24, 2)),
    ]


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("w +", 3, "expected a name such as w, w[0], grad(w), loss, lr or norm"),
        ("lr[0]", 1, "nothing is called 'lr'"),
        ("lr grad(w", 4, "'grad(w': expected grad(w)"),
        ("W[1", 1, "expected an index such as [2,1], counted from 0"),
        ("W[3,0]", 1, "W is 3×2: its elements go up to [2,1]"),
        ("w[0]", 1, "w is scalar: it is one number"),
    ],
)
def test_what_names_no_value_is_refused_at_its_place(text, column, message):
    with pytest.raises(InputError) as refused:
        [*read_references(text, SHAPES, {"lr"})]
    assert refused.value.message.startswith(message)
    assert refused.value.place.column == column


def test_an_index_names_one_element():
    assert read_index("[ 2, 0 ]", "W", (3, 2)) == (2, 0)
    with pytest.raises(ValueError, match="go up to"):
        read_index("[2]", "W", (3, 2))


@pytest.mark.parametrize("text", ["∂L/∂w[1]", "∂w[1]", "grad(w[1])", "dw[1]"])
def test_a_gradient_is_named_as_it_is_shown(text):
    (one,) = read_references(text, {"w": (2,)}, ())
    assert (one.name, one.index, one.gradient) == ("w", (1,), True)
