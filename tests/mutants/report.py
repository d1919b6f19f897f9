"""How well the diagnosis names the bugs of the generated cases: a table, and the failures by kind.

python tests/mutants/report.py SET [--limit N] [--jobs N] [--only TEXT] [--prove]
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import re
import signal
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(1, str(Path(__file__).resolve().parents[2]))

from mutants.case import Case, line_in_case, verdict_after, write
from mutants.proof import prove

SETS = {
    "building": ("mutants.building", "building"),
    "held_out": ("mutants.held_out", "held_out"),
    "fresh": ("mutants.fresh", "fresh"),
    "unseen": ("mutants.unseen", "unseen"),
    "blind": ("mutants.blind", "blind"),
    "sight": ("mutants.sight", "sight"),
    "fourth": ("mutants.fourth", "fourth"),
    "fifth": ("mutants.fifth", "fifth"),
    "sixth": ("mutants.sixth", "sixth"),
    "seventh": ("mutants.seventh", "seventh"),
    "building_updates": ("mutants.building", "updates"),
    "held_out_updates": ("mutants.held_out", "updates"),
}
TIMEOUT = 30
"""Seconds of the processor for one check."""


GROUPS = {
    "kind": lambda case: case.model_kind,
    "style": lambda case: case.style,
    "edit": lambda case: case.bugs[0].kind.split(" *")[0].split(" /")[0] if case.bugs else "none",
    "rule": lambda case: case.bugs[0].rules[0] if case.bugs else "none",
}
"""By what the cases can be told apart."""


@dataclass
class Outcome:
    """What the diagnosis made of one case."""

    case: Case
    seconds: float = 0.0
    problem: str = ""
    """An error or a timeout in place of findings."""
    findings: list = field(default_factory=list)
    """Those about what is written by hand."""
    fixed: bool = False
    """The judge finds nothing wrong once every proposed line is in its place."""


def examine(case: Case) -> Outcome:
    """Run the diagnosis on a case."""
    import gradtui
    from gradtui.scenario.rules import GRADIENT_RULES, UPDATE_RULES

    outcome = Outcome(case)
    rules = (*GRADIENT_RULES, *UPDATE_RULES)
    signal.signal(signal.SIGVTALRM, _out_of_time)
    with tempfile.TemporaryDirectory() as folder:
        path = write(case, Path(folder))
        signal.setitimer(signal.ITIMER_VIRTUAL, TIMEOUT)
        start = time.perf_counter()
        try:
            findings = gradtui.check(str(path))
            outcome.findings = [
                msgspec.structs.replace(f, line=f.line and line_in_case(case, f.line))
                for f in findings
                if f.rule in rules and (f.severity == "error" or _is_remark(f, case))
            ]
        except TimeoutError:
            outcome.problem = f"more than {TIMEOUT} s"
        except Exception as error:
            first, *_ = str(error).splitlines() or [""]
            message = re.sub(r"^.*?\.toml:[0-9:]+ ", "", first)
            outcome.problem = f"{type(error).__name__}: {message}"
        finally:
            outcome.seconds = time.perf_counter() - start
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    fixes = [(f.line, f.fix) for f in outcome.findings if f.line and f.fix]
    outcome.fixed = bool(fixes) and verdict_after(case, fixes).sound
    return outcome


def _is_remark(finding, case: Case) -> bool:
    """Whether a finding says of a wrong update that it is right on its own run alone."""
    return finding.of_update and finding.rule == "relies-on-data" and not case.sound


def _out_of_time(signum, frame):
    raise TimeoutError


def rules_of(finding) -> list[str]:
    """Return the rule ids of a finding: its own, then the alternatives'."""
    return [finding.rule, *(text.split(":")[0].split()[0] for text in finding.alternatives)]


def at_line(outcome: Outcome, bug):
    """Return the finding at a bug's line, or at one that may be blamed as well."""
    found = sorted(outcome.findings, key=lambda f: f.line != bug.line)
    return next((f for f in found if f.line in bug.places), None)


def first_right(finding, bug) -> bool:
    """Whether the rule that a finding gives is one that names the bug."""
    return finding is not None and finding.rule in bug.places[finding.line]


def any_right(finding, bug) -> bool:
    """Whether the rule, or one of the alternatives, names the bug."""
    return finding is not None and bool(set(rules_of(finding)) & set(bug.places[finding.line]))


def failures(outcome: Outcome) -> list[str]:
    """Return in what a case with bugs fails, each as a heading to list it under."""
    if outcome.problem:
        return [f"error: {outcome.problem[:90]}"]
    if not outcome.findings:
        return ["nothing found"]
    found = []
    for bug in outcome.case.bugs:
        finding = at_line(outcome, bug)
        if finding is None:
            found.append(f"wrong line ({bug.rules[0]}: {bug.kind})")
        elif not any_right(finding, bug):
            found.append(f"wrong rule: {finding.rule} for {'/'.join(bug.rules)} ({bug.kind})")
    if not outcome.fixed:
        found.append("the fixes do not make the file pass")
    lines = {line for bug in outcome.case.bugs for line in bug.places}
    if any(f.line not in lines for f in outcome.findings):
        found.append("a finding at a line that is right")
    return found


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:5.1f} %  ({part}/{whole})" if whole else "    -"


def measure(outcomes: list[Outcome]) -> list[tuple[str, str]]:
    """Return the rows of the table."""
    sound = [o for o in outcomes if o.case.sound]
    single = [o for o in outcomes if len(o.case.bugs) == 1]
    double = [o for o in outcomes if len(o.case.bugs) == 2]
    pairs = [(o, o.case.bugs[0], at_line(o, o.case.bugs[0])) for o in single]
    first = [(o, b, o.findings[0] if o.findings else None) for o, b, _ in pairs]
    seconds = sorted(o.seconds for o in outcomes) or [0.0]
    return [
        ("one bug: right line", share(sum(bool(f) for _, _, f in pairs), len(single))),
        (
            "  as the first finding",
            share(sum(bool(f) and f.line in b.places for _, b, f in first), len(single)),
        ),
        (
            "  the very line that was changed",
            share(sum(bool(f) and f.line == b.line for _, b, f in first), len(single)),
        ),
        (
            "one bug: right rule first",
            share(sum(first_right(f, b) for _, b, f in pairs), len(single)),
        ),
        (
            "  or among the alternatives",
            share(
                sum(any_right(f, b) for _, b, f in pairs),
                len(single),
            ),
        ),
        (
            "  the expert's first",
            share(sum(bool(f) and f.rule == b.rules[0] for _, b, f in pairs), len(single)),
        ),
        ("one bug: fix makes the file pass", share(sum(o.fixed for o in single), len(single))),
        (
            "one bug: more than one finding",
            share(sum(len(o.findings) > 1 for o in single), len(single)),
        ),
        (
            "two bugs: both lines found",
            share(sum(all(at_line(o, b) for b in o.case.bugs) for o in double), len(double)),
        ),
        ("two bugs: fixes make the file pass", share(sum(o.fixed for o in double), len(double))),
        (
            "sound: false alarms",
            share(sum(bool(o.findings or o.problem) for o in sound), len(sound)),
        ),
        ("errors and timeouts", share(sum(bool(o.problem) for o in outcomes), len(outcomes))),
        (
            "seconds a check: median, 95 %, most",
            f"{seconds[len(seconds) // 2]:.3f}  {seconds[int(len(seconds) * 0.95)]:.3f}"
            f"  {seconds[-1]:.3f}",
        ),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("set", choices=SETS, nargs="?", default="building")
    parser.add_argument("--limit", type=int, help="so many cases, evenly spread")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--show", action="store_true", help="print the files of these cases")
    parser.add_argument("--prove", action="store_true", help="only show what they are")
    parser.add_argument("--by", choices=GROUPS, help="a line of the table for each of these")
    parser.add_argument("--names", type=int, default=6, help="case names listed for each failure")
    arguments = parser.parse_args()
    if arguments.prove and arguments.set.endswith("updates"):
        parser.error("--prove is about backward passes")
    module, function = SETS[arguments.set]
    cases = getattr(importlib.import_module(module), function)()
    cases = [case for case in cases if arguments.only in case.name]
    if arguments.limit and arguments.limit < len(cases):
        cases = [cases[i * len(cases) // arguments.limit] for i in range(arguments.limit)]
    if arguments.show:
        for case in cases:
            show(case)
        return
    with multiprocessing.get_context("fork").Pool(arguments.jobs) as pool:
        if arguments.prove:
            pool.map(prove, cases, chunksize=4)
            print(f"{arguments.set}: {len(cases)} cases are what they are called")
            return
        outcomes = list(pool.imap(examine, cases, chunksize=4))
    print_report(arguments.set, outcomes, arguments.names)
    if arguments.by:
        print_groups(outcomes, GROUPS[arguments.by])


def show(case: Case) -> None:
    """Print a case: what is wrong, then the file with numbered lines."""
    print(f"== {case.name}: {'sound' if case.sound else ''}")
    for bug in case.bugs:
        print(f"   line {bug.line}: {bug.mutated}   (was: {bug.original})")
        print(f"   {bug.kind}: {bug.places}")
    for number, line in enumerate(case.toml_text.splitlines(), 1):
        print(f"{number:4} {line}")


def print_report(title: str, outcomes: list[Outcome], names: int) -> None:
    """Print the table, and what failed."""
    print(f"{title}: {len(outcomes)} cases")
    for label, value in measure(outcomes):
        print(f"  {label:38} {value}")
    groups = defaultdict(list)
    for outcome in outcomes:
        if outcome.case.sound:
            if outcome.problem or outcome.findings:
                rules = ", ".join(sorted({f.rule for f in outcome.findings}))
                groups[f"false alarm: {outcome.problem or rules}"].append(outcome)
        else:
            for heading in failures(outcome):
                groups[heading].append(outcome)
    for heading, members in sorted(groups.items(), key=lambda item: -len(item[1])):
        shown = ", ".join(o.case.name for o in members[:names])
        more = f", … {len(members) - names} more" if len(members) > names else ""
        print(f"\n  {len(members):4} {heading}\n       {shown}{more}")


def print_groups(outcomes: list[Outcome], group) -> None:
    """Print, for each group of cases, the main figures in percent and the median time."""
    groups = defaultdict(list)
    for outcome in outcomes:
        groups[group(outcome.case)].append(outcome)
    print(f"\n  {'':28} {'cases':>6} {'line':>6} {'rule':>6} {'fixed':>6} {'alarms':>6} {'s':>6}")
    for name, members in sorted(groups.items()):
        single = [(o, o.case.bugs[0]) for o in members if len(o.case.bugs) == 1]
        sound = [o for o in members if o.case.sound]
        figures = [
            percent([bool(at_line(o, b)) for o, b in single]),
            percent([any_right(at_line(o, b), b) for o, b in single]),
            percent([o.fixed for o, _ in single]),
            percent([bool(o.findings or o.problem) for o in sound]),
        ]
        median = sorted(o.seconds for o in members)[len(members) // 2]
        row = " ".join(f"{figure:>6}" for figure in figures)
        print(f"  {name:28} {len(members):6} {row} {median:6.2f}")


def percent(values: list[bool]) -> str:
    return f"{100 * sum(values) / len(values):.0f}" if values else "-"


if __name__ == "__main__":
    main()
