import pytest

from gradtui.base.source import InputError
from gradtui.scenario.lesson import Goal
from gradtui.scenario.load import load_problem

CODE = "yhat = w*x\ne = yhat - 5\nL = e**2"


def test_steps_of_a_lesson_are_read(write):
    text = """
[[lesson]]
text = "Press {into}."
done = "computed(yhat)"
[[lesson]]
text = "Go on."
done = "step >= 3"
[[lesson]]
text = "What is the slope?"
ask = "grad(w)"
hint = "Three factors."
[[lesson]]
text = "And w after the step?"
ask = "w"
step = 1
done = "answered()"
"""
    first, second, third, fourth = load_problem(write(CODE, more=text)).lessons
    assert (first.text, first.goal) == ("Press {into}.", Goal("computed", "yhat"))
    assert second.goal == Goal("step", step=3)
    assert third.question is not None and third.goal is None
    assert (third.question.name, third.question.gradient) == ("w", True)
    assert (third.question.hint, third.question.step) == ("Three factors.", 3)
    assert fourth.question is not None and fourth.question.step == 1


@pytest.mark.parametrize(
    ("lines", "column", "message"),
    [
        ('done = "computed(yhut)"', 8, "'yhut' is not a name of the model; did you mean 'yhat'?"),
        ('done = "view(surfaces)"', 8, "'surfaces' is not a view; did you mean 'surface'?"),
        ('done = "finished()"', 8, "'done' is one of computed(NAME)"),
        ('done = "answered()"', 8, "answered() needs a question: give 'ask' too"),
        ('ask = "grad(w)"\ndone = "updated()"', 8, "a question is done when it is answered()"),
        ('ask = "grad(v)"', 7, "'ask': grad takes a name of the model"),
        ('ask = "w"', 7, "'ask': this is known from the start"),
        ('step = 1\nask = "3*4"', 7, "'ask': this is known from the start"),
        ('ask = "loss - prev"', 7, "'ask': expected one number of one step"),
        ('hint = "no"', 1, "'hint' belongs to a question: give 'ask' too"),
        ("step = 2", 1, "'step' belongs to a question: give 'ask' too"),
        ('asks = "e"', 1, "unknown key 'asks'"),
    ],
)
def test_what_cannot_be_used_is_said_at_its_place(write, lines, column, message):
    path = write(CODE, more=f'[[lesson]]\ntext = "t"\n{lines}\n')
    with pytest.raises(InputError) as caught:
        load_problem(path)
    assert message in caught.value.message
    with open(path, encoding="utf-8") as file:
        rows = file.read().split("\n")
    line = rows.index(lines.split("\n")[-1]) + 1
    assert caught.value.place[:2] == (line, column)


@pytest.mark.parametrize(
    ("lines", "place", "message"),
    [
        (
            'text = "Press {intoo}."',
            (1, 16, 5),
            "'intoo' is not the name of a key; did you mean 'into'?",
        ),
        ('text = """Read,\nthen {next} or {pannel-4}."""', (2, 17, 8), "did you mean 'panel-4'?"),
        ('text = "t"\nask = "e"\nhint = "See {ptint}."', (3, 14, 5), "did you mean 'print'?"),
    ],
)
def test_a_key_that_a_text_misspells_is_told_at_its_place(write, lines, place, message):
    path = write(CODE, more=f"[[lesson]]\n{lines}\n")
    with pytest.raises(InputError) as caught:
        load_problem(path)
    assert message in caught.value.message
    with open(path, encoding="utf-8") as file:
        first = file.read().split("\n").index("[[lesson]]") + 1
    found = caught.value.place
    assert (found.line - first, found.column, found.width) == place


@pytest.mark.parametrize(
    "text", ["Press {into}, {panel-4}, {escape}.", "a set {0, 1} {", "{ } {a b}"]
)
def test_other_braces_are_left_alone(write, text):
    assert load_problem(write(CODE, more=f'[[lesson]]\ntext = "{text}"\n')).lessons[0].text == text
