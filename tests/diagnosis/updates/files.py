"""Scenarios with an update, and what is found in them."""

from corpus.updates import SCENARIO
from gradtui.diagnosis.updates import diagnose_update
from gradtui.scenario.load import load_problem

_TEXT = (
    SCENARIO.replace("L = mean", "L = {scale}*mean")
    .replace("{optimizer}\n", "{optimizer}\n{schedule}")
    .replace("steps = 8", "steps = {steps}")
)
SGD = 'name = "sgd"; lr = 0.05'
ADAM = 'name = "adam"; lr = 0.01'
ADAM_STATE = "m = 0.0, v = 0.0"
ADAM_CODE = """m = beta1*m + (1 - beta1)*g
v = beta2*v + (1 - beta2)*g**2
mhat = m/(1 - beta1**t)
vhat = v/(1 - beta2**t)
w = w - lr*mhat/(sqrt(vhat) + eps)"""


def text_of(optimizer, code, state="", schedule="", steps=30, scale=1.0):
    """Return a scenario of a small regression; `; ` stands for the end of a line of a table."""
    state = f"state = {{ {state} }}\n" if state else ""
    if schedule:
        schedule = f"\n[schedule]\n{schedule}\n".replace("; ", "\n")
    return _TEXT.format(
        title="An update", optimizer=optimizer.replace("; ", "\n"), code=f"{code}\n", state=state,
        schedule=schedule, steps=steps, scale=scale,
    )  # fmt: skip


def found_in(folder, optimizer, code, state="", **more):
    """Return what is found in an update, and the lines of the file."""
    path = folder / "update.toml"
    path.write_text(text_of(optimizer, code, state, **more), encoding="utf-8")
    return diagnose_update(load_problem(path)).findings


def mended(folder, found):
    """Return what is found once every fix is in its line."""
    path = folder / "update.toml"
    rows = path.read_text(encoding="utf-8").split("\n")
    for finding in found:
        rows[finding.line - 1] = finding.fix
    path.write_text("\n".join(rows), encoding="utf-8")
    return diagnose_update(load_problem(path)).findings
