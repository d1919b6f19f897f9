"""Rows of text as a reader sees them."""

from __future__ import annotations

from collections.abc import Iterable

from gradtui.explain.spans import TextRow, line_text


def texts(rows: Iterable[TextRow]) -> list[str]:
    """Return each row's text without the blanks at its end."""
    return [line_text(row).rstrip() for row in rows]


def cells(rows: Iterable[TextRow]) -> list[list[str]]:
    """Return each row's words."""
    return [row.split() for row in texts(rows)]
