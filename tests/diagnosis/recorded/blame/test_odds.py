"""How unlikely an edit is, by the signs for and against it."""

import ast
from itertools import product
from types import SimpleNamespace

import pytest

from gradtui.diagnosis.recorded.blame import odds
from gradtui.diagnosis.recorded.blame.odds import Odds

FOR, AGAINST = (3, 2, -4), (2, 5)
APART = 4


@pytest.fixture
def edit_of(monkeypatch):
    """Return an edit for which the signs at some places hold, and the places asked for."""

    def made(holding):
        asked = []

        def sign(at):
            return lambda edit: asked.append(at) or at in holding

        signs = [(weight, sign(at)) for at, weight in enumerate(FOR + AGAINST)]
        monkeypatch.setattr(odds, "LIKELIER", signs[: len(FOR)])
        monkeypatch.setattr(odds, "UNLIKELIER", signs[len(FOR) :])
        unit = SimpleNamespace(bracketed=())
        statement = SimpleNamespace(node=ast.Pass(), unit=unit)
        suspect = SimpleNamespace(tier=APART, opposite=False, label=0, statement=statement)
        return Odds(suspect, SimpleNamespace(edits=(), rule="", factor=None, node=None), 0), asked

    return made


def test_a_bound_is_held_exactly_where_the_total_holds_it(edit_of):
    for holds in product([False, True], repeat=len(FOR + AGAINST)):
        edit, _ = edit_of({at for at, one in enumerate(holds) if one})
        likelier = sum(weight for weight, one in zip(FOR, holds, strict=False) if one)
        against = sum(weight for weight, one in zip(AGAINST, holds[len(FOR) :], strict=True) if one)
        assert edit.total == max(0, APART - likelier) + against
        assert all(edit.is_within(most) == (edit.total <= most) for most in range(-1, 16))


@pytest.mark.parametrize(
    ("holding", "most", "needed"),
    [((), 1, [0]), ((0,), 0, [0, 1]), ((0, 1, 3), 1, [0, 1, 2, 3]), ((0, 1), 9, [0, 1, 2, 3, 4])],
)
def test_no_sign_is_asked_for_that_cannot_matter(edit_of, holding, most, needed):
    edit, asked = edit_of(holding)
    edit.is_within(most)
    assert asked == needed
