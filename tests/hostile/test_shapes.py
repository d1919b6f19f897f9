"""Lines of any legal shape, in every program of a scenario."""

import asyncio
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hostile.shapes import judge_and_tell, look, write_scenario

EXAMPLES = 8
"""The same at every run: `shapes.py` searches for as long as one likes."""


@pytest.fixture(autouse=True)
def state(tmp_path_factory, monkeypatch):
    """Keep what the screens save in a folder of the test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32 - 1))
def test_lines_of_any_shape_are_judged_told_and_shown(tmp_path, seed):
    path = tmp_path / "shapes.toml"
    path.write_text(write_scenario(Random(seed)), encoding="utf-8")
    if judge_and_tell(path):
        asyncio.run(look(path, Random(seed), keys=12))


@pytest.mark.parametrize("rearranged", ["transpose({})", "reshape({}, (1,))", "{}.T", "{}[None]"])
@pytest.mark.parametrize("name", ["lr", "t"])
def test_the_rate_and_the_time_are_rearranged_like_any_number(session_of, name, rearranged):
    code = f"q = {rearranged.format(name)}\nw = w - lr*g*mean(q)"
    session = session_of("L = sum(w*w)", "w = [2.0]", more=f'[update]\ncode = """{code}"""')
    session.seek(3)
    assert np.isfinite(session.frame.loss)


def test_what_has_no_elements_is_told(tmp_path):
    path = tmp_path / "empty.toml"
    path.write_text(
        'title = "t"\n[data]\nx = [1.0, 2.0]\n[parameters]\nw = 1.0\n[model]\n'
        'code = "h = tanh(x[5:]*w)\\nL = w*w + sum(h)"\n'
        '[backward]\ncode = "dh = h*3\\ndw = 2*w"\n[optimizer]\nname = "sgd"\nlr = 0.1\n'
    )
    assert judge_and_tell(path)
