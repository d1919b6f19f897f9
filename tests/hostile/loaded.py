"""A scenario with hostile text in every place that text can stand in."""

from __future__ import annotations

from pathlib import Path

from hostile.cases import quoted

ACTS = "\x1b]777;notify;a\x07\x1b[9;9;9t\x9b9;9;9t\x9d0;a\x9c\x7f\x08"
UNSEEN = "\u202e\u2066\u200b\u200d\ufeff\u2028\u3164\u034f\ufe0f\U000e0041"
MARKUP = "[red]M[/red][@click=app.quit]Q[/][link=https://example.org]K[/link]"
HOSTILE = ACTS + UNSEEN + MARKUP
FILE = HOSTILE.replace("/", "")
"""What of it a file can be called."""
NAMES = ("x", "y", "w", "b", "yhat", "e", "L")

_SOURCE = f'''# {HOSTILE}
def forward(x, w, b, y):
    """{HOSTILE}"""
    # {HOSTILE}
    yhat = w*x + b  # {HOSTILE}
    e = yhat - y
    L = mean(e**2)
    return L


def back(e, x):
    de = 2*e/2  # {HOSTILE}
    dw = -sum(de*x)  # {HOSTILE}
    db = sum(de)
    return dw, db
'''


def write(folder: Path) -> Path:
    """Write the scenario, a table and code beside it, all of hostile names; return its path."""

    def name(start: str, end: str) -> str:
        return f"{start}{FILE[:50]}{end}"

    table, code = name("d", ".csv"), name("p", ".py")
    cell = f'"{HOSTILE}"'
    head = f'"{HOSTILE}x","{HOSTILE}y",{cell}'
    (folder / table).write_text(f"{head}\n1,2,{cell}\n2,4,{cell}\n")
    (folder / code).write_text(_SOURCE)
    notes = f"{HOSTILE}\n\n1. {HOSTILE}\n{HOSTILE}"
    labels = "\n".join(f"{name} = {quoted(HOSTILE + name)}" for name in NAMES)
    path = folder / name("s", ".toml")
    path.write_text(
        f"""# {MARKUP} \u202e\u200b\u009b
title = {quoted("T" + HOSTILE)}
about = {quoted(HOSTILE)}
tags = [{quoted(HOSTILE)}]
notes = {quoted(notes)}
[data]
file = {quoted(table)}
x = {quoted(HOSTILE + "x")}
y = {quoted(HOSTILE + "y")}
[parameters]
w = 0.5
b = 0.0
[model]
source = {quoted(code + ":forward")}
[backward]
source = {quoted(code + ":back")}
[labels]
{labels}
[optimizer]
name = "sgd"
lr = 0.1
[run]
steps = 5
"""
    )
    return path
