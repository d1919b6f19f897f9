import pytest
from msgspec.structs import replace

import gradtui
from explain.asked import CHAIN, MEAN, NUMBERS, ROWS, asked
from gradtui.debugger import tour
from gradtui.debugger.guide import is_close
from gradtui.explain.guesses import moved_by
from gradtui.explain.predictions import mistake_text
from gradtui.explain.slips import size_said
from gradtui.tui.lessons import judge


@pytest.mark.parametrize(
    ("ask", "given", "said"),
    [
        ("grad(w2)", 6, "that is ∂L/∂yhat; the factor ∂yhat/∂w2 = 3 is missing"),
        ("grad(w2)", 3, "the local derivative ∂yhat/∂w2 alone"),
        ("grad(w2)", -18, "the size is right, the sign is wrong"),
        ("grad(w2)", 54, "the factor ∂yhat/∂w2 = 3 is there twice"),
        ("grad(w2)", 2, "multiply by ∂yhat/∂w2 = 3, do not divide by it"),
        ("grad(w2)", 12, "that is ∂L/∂w1"),
        ("grad(w2)", 9, "a factor 2 is missing, such as the one in a square's derivative"),
        ("grad(w2)", 0.9, "the step of the update, the rate times the gradient"),
        ("grad(w2)", 10, "the sum of the local derivatives: along a path they multiply"),
        ("yhat", 2, "that is w1·x1 alone: the line continues"),
        ("e", -3, "the size is right, the sign is wrong"),
        ("L", 3, "that is the value of e"),
        ("L", 6, "that is e doubled, not squared"),
        ("L", 12, ""),  # nobody has seen a derivative yet
        ("grad(e)", 3, "a factor 2 is missing, such as the one in a square's derivative"),
        ("grad(e)", 1, "that is the value of w1"),
        ("grad(e)", 0.3, ""),  # the rate moves weights only
        ("grad(e)", 18, "that is a derivative further back than ∂L/∂e"),
        ("grad(w2)", 0, ""),
        ("yhat", 16, ""),
        ("grad(w2)", 7.77, ""),
    ],
)
def test_a_wrong_prediction_is_told_by_the_mistake_that_gives_it(write, ask, given, said):
    frame, question, truth, before = asked(write, CHAIN, ask, **NUMBERS)
    found = mistake_text(frame, question, given, truth, before)
    assert said in found and bool(found) == bool(said)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (1, "that is w1 before the step"),
        (1.6, "that goes uphill: subtract lr·∂L/∂w1, do not add it"),
        (-11, "the rate 0.05 is missing"),
        (0.6, "that is the step itself: subtract it from 1"),
        (0.95, "the gradient is missing"),
        (0.1, "that is the step with ∂L/∂w2"),
        (1.1, "that is where w2 goes"),
    ],
)
def test_a_wrong_update_is_told(write, given, said):
    frame, question, truth, before = asked(write, CHAIN, "w1", at=1, **NUMBERS)
    assert truth == pytest.approx(0.4)
    assert said in mistake_text(frame, question, given, truth, before)


def said_at(name, place, given):
    session = gradtui.load(name)
    tour.begin(session)
    tour.enter(session, place - 1)
    return judge(session, session.guide, given)


def test_a_sum_for_a_mean_and_another_element_are_told(write):
    frame, question, truth, before = asked(write, MEAN, "grad(w[1])", **ROWS)
    # ∂L/∂w = 2/5 · X.T e, of e = yhat - y by hand
    assert truth == pytest.approx(2.888)
    assert "that is the gradient of the sum; L is a mean: divide by 5" in mistake_text(
        frame, question, truth * 5, truth, before
    )
    other = float(frame.gradients["w"][0])
    assert "that is ∂L/∂w[0]" in mistake_text(frame, question, other, truth, before)


def test_the_gradient_of_the_sum_and_of_another_element_in_a_step_are_told(write):
    frame, question, truth, before = asked(write, MEAN, "w[1]", at=1, **ROWS)
    # ∂L/∂w = (1.6456, 2.888), w[1] from 1.5 by hand
    assert truth == pytest.approx(1.5 - 0.05 * 2.888)
    for slope, said in (
        (5 * 2.888, "the step with the gradient of the sum; L is a mean: divide by 5"),
        (1.6456, "that is the step with ∂L/∂w[0]"),
    ):
        assert said in mistake_text(frame, question, 1.5 - 0.05 * slope, truth, before)


def test_a_share_without_its_truth_is_told():
    session = gradtui.load("softmax_classifier")
    question = next(one.question for one in session.problem.lessons
                    if one.question and one.question.gradient)  # fmt: skip
    truth = (0.28843 - 1) / 12
    said = mistake_text(session.frame, question, 0.28843 / 12, truth, None)
    assert said == "the truth is still to be subtracted from the share"
    said = mistake_text(session.frame, question, 0.28843 - 1, truth, None)
    assert said == "that is the gradient of the sum; the loss takes a mean: divide by 12"


def test_a_derivative_is_told_once_derivatives_have_been_seen(write):
    frame, question, truth, before = asked(write, CHAIN, "L", at=1, **NUMBERS)
    said = mistake_text(frame, question, -5.4, truth, before)  # 2·e·x2 of step 1
    assert said == "that is a derivative: the question asks for the value"


def test_twice_what_is_squared_is_told():
    session = gradtui.load("one_weight")
    question = next(one.question for one in session.problem.lessons if one.question)
    said = mistake_text(session.frame, question, 2.0, 1.0, None)
    assert said == "that is (ŷ - y) doubled, not squared"


def test_the_size_of_what_is_squared_is_told():
    # e is -0.5, and w1 happens to be 0.5
    assert "that is the size of e: it is still to be squared" in said_at("practice", 2, "0.5")
    assert "that is the value of e" in said_at("practice", 2, "-0.5")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        # two ways of -3.6·2 and -3.6·0.4·1
        ("-3.6", "-3.6: that is ∂L/∂door."),
        ("-10.8", "the factor ∂door/∂depot = 0.4 is missing"),
        ("-7.776", "the factor ∂door/∂depot = 0.4 is there twice"),
        ("-7.2", "that is the path w → door → L alone: add the other paths"),
    ],
)
def test_a_wrong_factor_in_one_of_two_ways_leaves_the_other_way_as_it_is(given, said):
    assert said in said_at("grad_shared_weight", 4, given)


def test_a_zero_is_not_taken_for_another_element():
    assert "0: not that." in said_at("transformer_block", 2, "0")


@pytest.mark.parametrize(
    ("name", "place", "given", "said"),
    [
        # the step is 0.1·g/(|g| + 1e-8), and on paper 0.1
        ("embeddings_adam", 2, "0.1", "that is the step the other way round"),
        ("five_parcels_adam", 3, "0.05", "that is the step itself: subtract it from 0.8"),
    ],
)
def test_a_step_that_eps_makes_a_little_shorter_is_told(name, place, given, said):
    assert said in said_at(name, place, given)


def test_the_velocity_is_told_from_the_weight_that_it_moves():
    session = gradtui.load("ravine_momentum")
    session.history.advance(3)
    question = next(one.question for one in session.problem.lessons
                    if one.question and one.question.step == 2)  # fmt: skip
    frame, before = replace(session.frame, tape=session.tape(2)), session.tape(1)
    assert "that is the velocity" in mistake_text(frame, question, 100.0, -0.98, before)


def test_a_mean_is_named_only_where_one_is_taken(write):
    frame, question, truth, before = asked(write, MEAN, "w[0]", at=1, **ROWS)
    assert not mistake_text(frame, question, truth * 5, truth, before)
    frame, question, truth, before = asked(write, MEAN.replace("mean", "sum"), "grad(w[0])", **ROWS)
    assert not mistake_text(frame, question, truth * 5, truth, before)


def test_the_old_number_of_an_expression_is_told(write):
    frame, question, truth, before = asked(write, CHAIN, "lr*norm", at=1, **NUMBERS)
    # the rate times the length of (12, 18) at step 0
    found = mistake_text(frame, question, 0.05 * 468**0.5, truth, before)
    assert "the previous step, 0" in found


def test_the_old_weight_is_not_taken_for_the_new_one_where_the_step_is_small(write):
    frame, question, truth, before = asked(write, CHAIN, "w1", lr=1e-4, at=1, **NUMBERS)
    assert truth == pytest.approx(1 - 1e-4 * 12)
    step = moved_by(question, truth, before)
    assert not is_close(1.0, truth, step) and is_close(0.9988, truth, step)
    assert "that is w1 before the step" in mistake_text(frame, question, 1.0, truth, before)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("five_parcels_adam", 0.8 - 0.05 * 1.6456, "a plain step: Adam divides it by"),
        ("five_parcels_adam", 0.85, "the step the other way round"),
        # m = 0.16456, v = 0.00270800, v̂ = 2.70800 by hand
        ("five_parcels_adam", 0.8 - 0.05 * 0.16456 / 1.6456, "m is still to be divided by"),
        ("five_parcels_adam", 0.8 - 0.05 / 1.6456, "the root is missing"),
        ("update_uphill", 1 - 0.05 * 12, "the step of w = w - lr*g: do what the line says"),
        ("grad_sign", 1 - 0.05 * 12, "the step with the true gradient: the run follows the lines"),
    ],
)
def test_a_mistake_in_another_rule_than_plain_descent_is_told(name, given, said):
    session = gradtui.load(name)
    tour.begin(session)
    guide = session.guide
    place = next(
        at for at, one in enumerate(guide.lessons)
        if one.question and one.question.name in ("w", "w1") and one.question.step == 1
    )  # fmt: skip
    question = guide.lessons[place].question
    session.history.advance(2)
    before, tape = session.tape(0), session.tape(1)
    frame = replace(session.frame, tape=tape)
    assert said in mistake_text(frame, question, given, guide.truth(question, tape), before)


def test_in_ascii_the_root_is_spelt_out():
    session = gradtui.load("five_parcels_adam")
    session.history.advance(2)
    question = next(one.question for one in session.problem.lessons if one.question)
    frame = replace(session.frame, problem=replace(session.problem, ascii=True))
    said = mistake_text(frame, question, 0.8 - 0.05 * 1.6456 / 2.708, 0.75, session.tape(0))
    assert "the root is missing: the step is divided by sqrt(vhat), not by vhat" in said


def test_a_derivative_that_is_zero_but_for_rounding_is_no_mistake(write):
    # the update lands on the bottom: e is 4e-16 after it
    numbers = {"parameters": "w1 = 0.1\nw2 = 0.3", "data": "x1 = 1.0\nx2 = 3.0\ny = 0.7"}
    frame, question, truth, before = asked(write, CHAIN, "yhat", at=1, **numbers)
    assert 0 < abs(float(frame.tape.adjoint(frame.graph.names["e"]))) < 1e-12
    assert not mistake_text(frame, question, 0.0, truth, before)


@pytest.mark.parametrize(
    ("name", "place", "given", "said"),
    [
        # 0.07 · 0.8² and 0.07 · 0.8³
        ("two_weights_schedule", 1, 0.0448, "that is the rate at step 2"),
        ("two_weights_schedule", 1, 0.03584, "that is the rate at step 3"),
        # the rates of steps 0 and 1 of a cosine differ by a thousandth
        ("five_parcels_cosine", 2, 0.068, "that is the rate at step 0"),
        ("plateau_schedule", 5, 0.02, "that is the rate at step 43"),
        ("two_weights_rate_3", 5, 3.0, "that is e at step 0"),
        ("two_weights", 8, 1.37, "that is w2 at step 2"),
    ],
)
def test_the_number_of_another_step_is_told_by_its_step(name, place, given, said):
    session = gradtui.load(name)
    tour.begin(session)
    tour.enter(session, place)
    assert session.guide.question is not None
    assert f"{said}. Try again." in judge(session, session.guide, repr(given))


def test_a_number_that_is_asked_for_later_is_not_told():
    session = gradtui.load("plateau_schedule")
    tour.begin(session)
    tour.enter(session, 3)
    assert session.guide.question.step == 44
    assert "not that" in judge(session, session.guide, "0.0002")  # the rate at step 53, see 7 of 9


@pytest.mark.parametrize(
    ("name", "place", "given"),
    [
        ("practice", 3, "4"),  # ∂L/∂e at step 1
        ("grad_wrong_variable", 2, "0"),  # ∂L/∂w2 at step 2
        ("iris", 5, "0"),  # the rate of the last step
    ],
)
def test_a_step_that_is_not_taken_yet_is_not_named(name, place, given):
    assert "at step" not in said_at(name, place, given)


@pytest.mark.parametrize("place", [2, 3])
def test_half_of_it_with_the_wrong_sign_is_told(place):
    # both are 2·(-0.5), and w1 happens to be 0.5
    assert "a factor 2 is missing, and the sign is wrong" in said_at("bias_weight", place, "0.5")


def test_an_element_is_named_in_its_step_uphill():
    session = gradtui.load("scales")
    tour.begin(session)
    tour.enter(session, 1)
    assert "subtract lr·∂L/∂w[0]," in judge(session, session.guide, "-1524.8")


@pytest.mark.parametrize(("name", "given"), [
    ("five_parcels_rate_0_001", 3.324), ("five_parcels_rate_0_001", 0.001), ("clipped", 1.0),
    ("chain_exploding", 404252.0),
])  # fmt: skip
def test_a_part_of_an_expression_is_told_from_the_whole(name, given):
    session = gradtui.load(name)
    tour.begin(session)
    tour.enter(session, 1)
    said = judge(session, session.guide, repr(given))
    assert f"that is only a part of {session.guide.question.text}. Try again." in said


@pytest.mark.parametrize(("name", "place", "given", "said"), [
    ("update_sgd", 5, "5", "that is the value of y"),  # 4.999995 at step 11
    ("update_sgd", 3, "1.3", ""),  # 1.306 at step 5
    ("five_parcels_adam", 3, "0.7", ""),  # 0.69993 at step 3
    ("illustration", 7, "1.8", ""),  # 1.7953 at step 4
    ("one_weight", 7, "3", "that is w before the step"),
])  # fmt: skip
def test_a_number_that_only_rounds_that_of_another_step_is_not_taken_for_it(
    name, place, given, said
):
    session = gradtui.load(name)
    tour.begin(session)
    tour.enter(session, place - 1)
    found = judge(session, session.guide, given)
    assert "at step" not in found.split(":", 1)[1] and said in found


def test_a_forward_difference_is_not_taken_for_the_derivative():
    session = gradtui.load("one_weight")
    tour.begin(session)
    tour.enter(session, 4)
    assert "near, but not the number to the digits" in judge(session, session.guide, "4.004")
    assert judge(session, session.guide, "4").startswith("Right: ")


@pytest.mark.parametrize(("name", "place", "given", "said"), [
    ("update_sgd", 3, "1.4", "that is the step with ∂L/∂w1"),  # 2 - 0.05·12
    ("illustration", 7, "-5", "the rate 0.06 is missing, and the step goes the other way"),
    ("warmup", 2, "-6.08", "the step with the rate 0.03; here it is 0.002"),  # 3.3 - 0.03·312.6
    ("minibatches", 2, "-0.396", "the sum divided by 5: the mean divides by 4"),
    ("bias_weight", 5, "0.1", "ten times too much"),
    ("living_relu", 2, "0.828", "ten times too much"),
    ("grad_extra_factor", 2, "0.025", "what the lines by hand say"),
    ("grad_shared_weight", 4, "-7.2*-1.44", "the product of the paths: add them"),
    ("rate_lowered_later", 2, "0.3", "that is a factor"),
    ("kilometres_adam", 2, "1.98", "that is w[1] less the rate · w[1]"),
    ("update_adam", 2, "0.71772", "do what the lines say"),
    ("five_parcels_adam", 4, "1.4", "that is twice the step"),
    ("one_weight", 7, "2.996", "the step is a hundredth"),
])  # fmt: skip
def test_a_slip_is_told(name, place, given, said):
    session = gradtui.load(name)
    tour.begin(session)
    tour.enter(session, place - 1)
    assert said in judge(session, session.guide, given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (12.0, "It is twice the number."),
        (-3.0, "It is half the number and the sign is wrong."),
        (40.0, "It is far too large."),
        (-40.0, "It is far too large and the sign is wrong."),
        (0.9, "It is far too small."),
        (-7.0, "The sign is wrong, and the size too."),
        (7.0, ""),
        (0.0, ""),
    ],
)
def test_a_number_without_a_known_mistake_is_told_how_far_off_it_is(given, said):
    assert size_said(given, 6.0) == said
    assert size_said(given, 0.0) == ""
