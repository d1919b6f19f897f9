"""A registry refuses a name that it has."""

import pytest

from gradtui.engine.ops import OPS
from gradtui.engine.registry import register


def test_an_operation_cannot_be_registered_twice():
    with pytest.raises(ValueError, match=r"\+ is registered twice"):
        register([OPS["+"], OPS["+"]])
