"""Which gradient each name of a backward pass claims."""

import pytest

from gradtui.base.source import InputError
from scenario.passes import RIGHT, messages


def test_a_name_claims_the_gradient_of_what_follows_its_d(load_pass):
    hand = load_pass(RIGHT + "\nhalf = de/2").problem.backward
    assert hand.claims == {"de": "e", "dyhat": "yhat", "dw1": "w1", "dw2": "w2"}


def test_other_names_claim_by_the_table(load_pass):
    session = load_pass("up = 2*e\ngrad_1 = up*x1", 'claims = { grad_1 = "w1", up = "e" }')
    assert session.problem.backward.claims == {"up": "e", "grad_1": "w1"}
    assert messages(session) == []


def test_what_the_table_claims_is_not_claimed_by_name_as_well(load_pass):
    hand = load_pass(
        "dw1 = 2*e*x1\nmean_w1 = dw1/1", 'claims = { mean_w1 = "w1" }'
    ).problem.backward
    assert hand.claims == {"mean_w1": "w1"}


def test_data_claims_where_it_is_written_with_a_dot(load_pass):
    code = "dx1 = 2*e*w1\ndx2 = 2*e*w2"
    claims = load_pass(code, data="x1 = 2.0\nx2 = 3\ny = 5.0").problem.backward.claims
    assert claims == {"dx1": "x1"}


@pytest.mark.parametrize("code", ["dw1 = 2*e*x1\nreturn L, dw1", "dw1 = 2*e*x1\nreturn (L, dw1,)",
                                  "dx2 = e*w2\ndw1 = 2*e*x1\nreturn dx2, dw1"])  # fmt: skip
def test_a_program_may_return_its_claims_as_a_function_does(load_pass, code):
    assert load_pass(code, data="x1 = 2.0\nx2 = 3\ny = 5.0").problem.backward.claims == {
        "dw1": "w1"
    }


@pytest.mark.parametrize(
    ("last", "message", "column"),
    [
        ("return dw2", "'dw2' is returned but not assigned", 8),
        ("return up", "'up' is returned, but nothing says which gradient it is", 8),
        ("return 2*dw1, up", "a return gives names: write a line name = 2*dw1", 8),
        ("return dw1\ndw2 = up*x2", "this line comes after the return and is never reached", 1),
    ],
)
def test_a_program_returns_nothing_else(load_pass, last, message, column):
    with pytest.raises(InputError) as caught:
        load_pass(f"up = 2*e\ndw1 = up*x1\n{last}")
    assert caught.value.message.startswith(message)
    assert caught.value.place.column == column


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("dw_1 = 2*e*x1", "'dw_1' claims nothing and is read as a helper; did you mean 'dw1', or "
         'claims = { dw_1 = "w1" }?'),
        ("grad_w1 = 2*e*x1", "'grad_w1' claims nothing and is read as a helper; did you mean"),
        ("dL_dw1 = 2*e*x1", "'dL_dw1' claims nothing"),
        ("w1_grad = 2*e*x1", "'w1_grad' claims nothing"),
        ("dW1 = 2*e*x1", "'dW1' claims nothing"),
        ("dyaht = 2*e", "'dyaht' claims nothing"),
        ("dyaht = 2*e\ndw1 = dyaht*x1", "'dyaht' claims nothing"),
        ("up = 2*e", "no line claims a gradient, so nothing is compared: dw1 = … claims that"),
    ],
)  # fmt: skip
def test_a_near_miss_of_a_claims_name_is_a_notice(load_pass, code, message):
    assert len(messages(load_pass(code))) == 1
    assert messages(load_pass(code))[0].startswith(message)


@pytest.mark.parametrize("code", [RIGHT, "delta = 2*e\ndw1 = delta*x1", "dz = 2*e\ndw1 = dz*x1",
                                  "dyhat0 = 2*e\ndw1 = dyhat0*x1",
                                  "de = 2*e\ndw1 = de*x1\ndW1 = dw1"])  # fmt: skip
def test_a_helper_is_no_near_miss(load_pass, code):
    assert messages(load_pass(code)) == []
