"""Which lines tell of lines that compute nothing."""

import ast
from types import SimpleNamespace

from gradtui.diagnosis.recorded.blame.beside import Beside
from gradtui.diagnosis.recorded.blame.units import Unit


def renamed(cache, d):
    x = cache
    y = x.T
    return y @ d


UNIT = Unit(renamed.__code__, [renamed])
FIRST, VIEW, LAST = ((UNIT.file, one.lineno) for one in UNIT.of(ast.Assign | ast.Return))


def beside(feeds, calls):
    watched = SimpleNamespace(calls=calls, order={})
    return Beside(SimpleNamespace(feeds=feeds), watched)


def test_the_lines_of_a_function_tell_of_its_calls_also_through_others():
    inner, deep = (UNIT.file, 70), (UNIT.file, 90)
    found = beside({deep: {"dW"}}, {FIRST: {inner}, inner: {deep}})
    assert found.called({FIRST}) == {inner, deep}
    assert found.called({deep}) == set()  # it computes itself


def test_a_function_that_two_lines_call_is_called_again():
    inner = (UNIT.file, 70)
    assert beside({}, {FIRST: {inner}, LAST: {inner}}).is_called_again({inner})
    assert not beside({}, {FIRST: {inner}}).is_called_again({inner})


def test_what_computes_with_a_view_of_a_value_tells_of_the_line_that_renames_it():
    node = UNIT.node.body[0]
    assert beside({LAST: {"dW"}}, {}).using(UNIT, node, {FIRST}) == {LAST}
