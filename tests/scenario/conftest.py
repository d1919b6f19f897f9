import pytest

import gradtui
from scenario.passes import CODE, DATA, PARAMETERS


@pytest.fixture
def load_pass(write):
    """Open two weights with a hand-written backward pass."""

    def call(code, table="", run="", **parts):
        text = f"{run}\n[backward]\n{table}\ncode = '''\n{code}\n'''"
        given = {"data": DATA, "parameters": PARAMETERS, **parts}
        return gradtui.load(write(given.pop("model", CODE), more=text, **given))

    return call
