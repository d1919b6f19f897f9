"""That a case is what it is called, by central differences."""

from __future__ import annotations

from gradtui.language.parser import parse_program
from mutants.case import Case, verdict_after
from mutants.judge import judge

RULES = {
    *("sign", "constant-factor", "missing-factor", "extra-factor", "wrong-variable"),
    *("wrong-point", "missing-path", "missing-term", "double-counted-path", "transposed"),
    *("unreduced-broadcast", "wrong-axis", "accumulated", "stale"),
}


def prove(case: Case) -> None:
    """Show by central differences that a case is what it is called."""
    rows = case.toml_text.splitlines()
    assert parse_program(case.toml_text.partition("[backward]")[2].split('"""')[1])
    assert judge(case.toml_text).state == ("sound" if case.sound else "wrong"), case.name
    for bug in case.bugs:
        assert rows[bug.line - 1] == bug.mutated != bug.original
        assert bug.mutated.startswith(f"{bug.target} = ")
        assert all(rules and {*rules} <= {*RULES, "unexplained"} for rules in bug.places.values())
    if case.bugs:
        assert verdict_after(case, [(bug.line, bug.original) for bug in case.bugs]).sound
    for index in range(len(case.bugs) if len(case.bugs) > 1 else 0):
        others = [(b.line, b.original) for i, b in enumerate(case.bugs) if i != index]
        assert verdict_after(case, others).state == "wrong"
