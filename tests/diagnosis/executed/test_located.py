"""The line of an update that is at fault, with its fix, in the forms that public code has."""

import importlib.util
from pathlib import Path


import gradtui
from gradtui.diagnosis.finding import Finding


def loaded(path: Path, source: str):
    """Return the module of a source."""
    path.write_text(source)
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def error_of(module, name: str, optimizer: str, **given) -> Finding:
    """Return the only error of a module's optimizer."""
    (found,) = (
        one for one in gradtui.check_update(getattr(module, name), optimizer, **given)
        if one.severity == "error"
    )  # fmt: skip
    return found


HOLDERS = """
import types


class Steps:
    def __init__(self, lr, momentum):
        self.lr, self.momentum, self.boxes, self.speeds = lr, momentum, None, {}

    def update(self, params, grads):
        if self.boxes is None:
            self.boxes = [types.SimpleNamespace(held=dict({"W": p})) for p in params]
        for i, (box, p, g) in enumerate(zip(self.boxes, params, grads)):
            box.held["W"] = p
            self.speeds[i] = self.momentum * self.speeds.get(i, 0.0) - self.lr * g
            box.held["W"] += self.speeds[i]
"""


def test_no_edit_stores_into_a_module(tmp_path):
    wrong = HOLDERS.replace("- self.lr", "+ self.lr")
    module = loaded(tmp_path / "holders.py", wrong)
    found = error_of(module, "Steps", "sgd", lr=0.01, momentum=0.9)
    assert found.fix == "self.speeds[i] = self.momentum * self.speeds.get(i, 0.0) - self.lr * g"
