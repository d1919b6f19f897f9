import pytest

import gradtui
from diagnosis.backward.models import NETWORK
from gradtui.diagnosis.backward.diagnose import diagnose


@pytest.fixture
def judge(write):
    """Diagnose a backward pass, by default of the network."""

    def call(code, scenario=NETWORK, table=""):
        more = f"[backward]\n{table}\ncode = '''\n{code}\n'''"
        parts = {key: scenario[key] for key in ("data", "parameters")}
        return diagnose(gradtui.load(write(scenario["model"], more=more, **parts)).problem)

    return call
