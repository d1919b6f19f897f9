"""Lines with several names or values."""

import pytest

from gradtui.base.source import InputError, Place
from gradtui.engine.printer import spell
from gradtui.language.refusals import Context
from gradtui.language.several import Known, read_program

MODEL = read_program("h = (x, w)\ncache = (h, (b, y), N)\nother = (p, q)").bundles


def lines(text, known=None):
    program = read_program(text, known=known or Known(MODEL, ("x", "w", "b", "y", "p", "q")))
    return [f"{line.name} = {spell(line.value)}" for line in program.lines]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("(x, w) = h\na = x", ["a = x"]),
        ("x, w = h", []),
        ("[x, _] = h", []),
        ("x1, w1 = h\na = x1", ["x1 = x", "w1 = w", "a = x1"]),
        ("(x1, w), _, n = cache", ["x1 = x", "n = N"]),
        ("fc, by, M = cache\nx, w = fc\nc, y = by", ["M = N", "c = b"]),
        ("again = h\nx, v = again", ["v = w"]),
        ("a = h[1]*2", ["a = w*2"]),
        ("w, x = unknown", []),  # the same names, whose order is known of none
        ("x, y = unknown", []),
        ("p, q = (p, q)", []),
        ("dx, da, x = None, 2*x, x\ndx = None", ["da = 2*x"]),
        ("a, c = x[:, None], sum(x, axis=0)", ["a = x[:, None]", "c = sum(x, axis=0)"]),
        ("N, D = x.shape\n_, M = w.shape", ["N = x.shape[0]", "D = x.shape[1]", "M = w.shape[1]"]),
        ("mine = (x,\n  w)\nx, c = mine", ["c = w"]),
        ("mine = x, w\nx, c, = mine", ["c = w"]),
    ],
)
def test_names_lead_to_the_values_that_are_kept_for_them(text, wanted):
    known = Known(MODEL, ("x", "w", "b", "y", "p", "q"))
    if "unknown" in text:
        known = Known({}, known.model)
    assert lines(text, known) == wanted


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("(w, x) = h", "'h' holds (x, w) in this order: x is taken here, not w", Place(1, 2, 1)),
        ("w, x = cache_of_layer", "'cache_of_layer' holds (x, w) in this order: x is taken here",
         Place(1, 1, 1)),
        ("x, w, b = h", "'h' holds 2 values, (x, w), and 3 names take them", Place(1, 1, 7)),
        ("x, *w = h", "only names take values out of another", Place(1, 4, 2)),
        ("a = h*2", "'h' is not one value, it holds (x, w): read them by", Place(1, 5, 1)),
        ("a = h[2]", "'h' is not one value, it holds (x, w)", Place(1, 5, 1)),
        ("k = (x, 2*w)", "only names can be kept together: give this value a name", Place(1, 9, 3)),
        ("k = (x, s)", "only names can be kept together", Place(1, 9, 1)),
        ("k = x\nk = (x, w)", "'k' is assigned twice: a name is assigned once", Place(2, 1, 1)),
        ("x, V = unknown", "'V' is taken out of 'unknown', and neither is a name of the model",
         Place(1, 4, 1)),
        ("a, c = 2, a", "a line assigns one name: write a = 2 and c = a", Place(1, 2, 1)),
        ("a, c = x, w, b", "a line assigns one name: assign each on its own line", Place(1, 2, 1)),
        ("a, c = f(x)", "a line assigns one name: assign each on its own line", Place(1, 2, 1)),
        ("a, c = x", "a line assigns one name: leave the line out", Place(1, 2, 1)),
        (", = h", "unexpected ',': expected a line `name = expression`", Place(1, 1, 1)),
        ("a, if = x, w", "expected a name", Place(1, 4, 2)),
        ("a, c = x w, b", "unexpected 'w': expected an operator or ','", Place(1, 10, 1)),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_apart_is_told_at_its_place(text, message, place):
    known = Known(MODEL, ("x", "w", "b", "y", "p", "q"))
    with pytest.raises(InputError) as caught:
        read_program(text, context=Context(kept=("s",)), known=known)
    assert caught.value.message.startswith(message), caught.value.message
    assert caught.value.place == place


def test_the_model_itself_takes_nothing_out_of_what_it_does_not_know():
    with pytest.raises(InputError, match="a line assigns one name: leave the line out"):
        read_program("x, w = params")


def test_in_a_function_only_a_parameter_or_an_attribute_is_unknown():
    known = Known({}, ("x", "w"), ("dout", "cache"))
    assert lines("x, w = cache", known) == lines("x = cache", known) == []
    assert lines("x = cach", known) == ["x = cach"]
    with pytest.raises(InputError, match="a line assigns one name: leave the line out"):
        lines("x, w = cach", known)


def test_lines_of_several_names_cannot_be_replaced_alone():
    shared = [line.shared for line in read_program("a, b = 2, 3\nc = 4").lines]
    assert shared == [True, True, False]
