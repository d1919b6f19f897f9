"""An error's report in rows: the message, then the line with the caret in view."""

from __future__ import annotations

from gradtui.base.text import clip, wrap
from gradtui.explain.spans import TextRow, line

_MESSAGE = 4
"""Most rows of the message."""


def trouble_rows(report: str, width: int) -> list[TextRow]:
    """Return a compiler's message, wrapped, and the part of the line around the caret."""
    if not report or width < 1:
        return []
    head, *source = report.split("\n")
    texts = wrap(head, width)
    if len(texts) > _MESSAGE:
        texts = [*texts[: _MESSAGE - 1], clip(" ".join(texts[_MESSAGE - 1 :]), width)]
    rows = [line((text, "bad")) for text in texts]
    if len(source) != 2:
        return rows
    code, carets = source
    start = max(0, min(len(carets), carets.index("^") + width // 2) - width + 1)
    shown = ("…" if start else "") + code[start + bool(start) :]
    return [
        *rows,
        line(clip(shown, width)),
        line((clip(carets[start:], width), "bad")),
    ]
