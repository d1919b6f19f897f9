"""The outcome of a check for CI: GitHub's workflow commands, and SARIF 2.1.0."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gradtui.base.text import clean
from gradtui.explain.mistakes import MISTAKES
from gradtui.explain.remarks import Remark, Report

_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def github_rows(report: Report, root: str, *, grave: Iterable[str]) -> Iterator[str]:
    """Yield a workflow command for each remark of a `grave` severity: an annotation of its line.

    Files are named relative to `root`, the folder of the repository.
    """
    for remark in report.remarks:
        if remark.severity in grave:
            yield _command(remark, root)


def _command(remark: Remark, root: str) -> str:
    properties = {"file": _relative(remark.file, root)}
    if remark.place is not None:
        properties |= {"line": str(remark.place.line), "col": str(remark.place.column)}
    properties["title"] = f"gradtui: {remark.rule}"
    listed = ",".join(f"{key}={_escaped(text, _PROPERTY)}" for key, text in properties.items())
    return f"::{_COMMANDS[remark.severity]} {listed}::{_escaped(_text(remark), _DATA)}"


def _escaped(text: str, codes: Mapping[str, str]) -> str:
    """Return a text escaped as GitHub's own toolkit does, with control characters removed."""
    return "".join(codes.get(char) or clean(char) for char in text)


def _text(remark: Remark) -> str:
    """Return the message, and the fix on lines of its own."""
    return "\n".join([clean(remark.message), *(row.strip() for row in remark.advice())])


def sarif(reports: Sequence[Report], root: str, version: str) -> dict[str, Any]:
    """Return one SARIF log of all files, named relative to `root` if they are below it."""
    remarks = [one for report in reports if report.usable for one in report.remarks]
    rules = list(dict.fromkeys(remark.rule for remark in remarks))
    run = {
        "tool": {"driver": {
            "name": "gradtui", "version": version,
            "rules": [{"id": rule, "shortDescription": {"text": _description(rule)}}
                      for rule in rules],
        }},
        "columnKind": "unicodeCodePoints",
        "invocations": [{
            "executionSuccessful": all(report.usable for report in reports),
            "toolExecutionNotifications": [_notification(report, root) for report in reports],
        }],
        "results": [
            {
                "ruleId": remark.rule, "ruleIndex": rules.index(remark.rule),
                "level": _LEVELS[remark.severity], "message": {"text": _text(remark)},
                "locations": [_location(remark, root)],
            }
            for remark in remarks
        ],
    }  # fmt: skip
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _description(rule: str) -> str:
    return MISTAKES.get(rule, "a stated fact" if rule == "fact" else rule.replace("-", " "))


def _notification(report: Report, root: str) -> dict[str, Any]:
    """Return what was compared in a file, or why the file cannot be used."""
    found: dict[str, Any] = {
        "level": "note" if report.usable else "error",
        "message": {"text": report.summary},
    }
    return found if report.usable else found | {
        "locations": [_location(remark, root) for remark in report.remarks]
    }  # fmt: skip


def _location(remark: Remark, root: str) -> dict[str, Any]:
    place = remark.place
    region: dict[str, Any] = {"startLine": 1 if place is None else place.line}
    if place is not None:
        region |= {"startColumn": place.column, "endColumn": place.column + max(1, place.width)}
        region |= {"snippet": {"text": remark.source_line}} if remark.source_line else {}
    where = {"artifactLocation": {"uri": _uri(remark.file, root)}, "region": region}
    return {"physicalLocation": where}


def _relative(file: str, root: str) -> str:
    """Return a path relative to the root, with slashes; a path elsewhere stays as it is."""
    path, base = Path(os.path.abspath(file)), Path(os.path.abspath(root))
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else path.as_posix()


def _uri(file: str, root: str) -> str:
    named = _relative(file, root)
    return Path(named).as_uri() if os.path.isabs(named) else quote(named)
