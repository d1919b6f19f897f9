"""Whatever bytes a file holds, and whatever is typed: it is used, or is one clean error."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hostile.fuzz import TARGETS

EXAMPLES = 25
"""A few: `fuzz.py` searches for as long as one likes."""


@pytest.mark.parametrize("name", TARGETS)
@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_any_bytes_are_used_or_are_one_clean_error(name, tmp_path, data):
    target, strategy = TARGETS[name]
    target(tmp_path, data.draw(strategy))
