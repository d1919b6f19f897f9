"""How well the diagnosis does on the corpus: a table by topic, and what it got wrong, by kind.

python tests/corpus/report.py [TOPIC ...] [--edits N] [--by KEY] [--only TEXT] [--show] [--jobs N]
"""

from __future__ import annotations

import argparse
import functools
import multiprocessing
import re
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(1, str(Path(__file__).resolve().parents[2]))

from corpus.case import GIVEN, Bug, Case, line_in_case, verdict_after, write
from corpus.cases import cases
from corpus.evidence import mends
from corpus.generator import EDITS
from corpus.load import topics
from gradtui.diagnosis.check import check_problem
from gradtui.diagnosis.finding import Finding
from gradtui.scenario.load import load_problem
from gradtui.scenario.rules import GRADIENT_RULES, UPDATE_RULES

TIMEOUT = 30
"""Seconds of the processor for one check."""
GROUPS: dict[str, Callable[[Case], str]] = {
    "topic": lambda case: case.topic,
    "learnt": lambda case: "learnt" if case.learnt else "not learnt",
    "mistakes": lambda case: f"{len(case.bugs)} mistakes",
    "model": lambda case: case.model,
    "style": lambda case: case.style,
    "mistake": lambda case: case.bugs[0].kind.split(" *")[0].split(" /")[0] if case.bugs else "-",
    "rule": lambda case: case.bugs[0].rules[0] if case.bugs else "-",
}
"""By what the cases can be told apart."""
COLUMNS = ("wrong", "found", "line", "rule", "first", "fix", "right", "blamed", "s: median", "most")


@dataclass
class Outcome:
    """What the diagnosis made of one case."""

    case: Case
    seconds: float = 0.0
    """Of the processor."""
    problem: str = ""
    """An error or a timeout in place of findings."""
    verdict: str = ""
    findings: list[Finding] = field(default_factory=list)
    """Those about what is written by hand."""
    fixed: bool = False
    """The judge finds nothing wrong once every proposed line is in its place."""

    @property
    def located(self) -> bool:
        """Whether each mistake is found at its line, or at one that may be blamed as well."""
        return all(self.at(bug) for bug in self.case.bugs)

    @property
    def named(self) -> bool:
        """Whether the rule at each mistake's line, or an alternative, names it."""
        return all(_names(self.at(bug), bug) for bug in self.case.bugs)

    @property
    def named_first(self) -> bool:
        """Whether the rule at each mistake's line names it, alternatives left out."""
        return all((f := self.at(b)) and f.rule in b.places[f.line] for b in self.case.bugs)

    @property
    def blamed(self) -> bool:
        """Whether a right program is not left in peace."""
        return bool(self.problem or self.findings) or self.verdict == "wrong"

    @property
    def said(self) -> str:
        """The outcome in a line."""
        lines = (f"line {one.line} {one.rule} of {one.target}" for one in self.findings)
        return self.problem or f"{self.verdict}: {'; '.join(lines) or 'no error'}"

    def at(self, bug: Bug) -> Finding | None:
        """Return the finding at a mistake's line, or at one that may be blamed as well."""
        found = sorted(self.findings, key=lambda f: f.line != bug.line)
        return next((f for f in found if f.line in bug.places), None)


def examine(case: Case) -> Outcome:
    """Run the diagnosis on a case."""
    outcome = Outcome(case)
    signal.signal(signal.SIGVTALRM, _out_of_time)
    with tempfile.TemporaryDirectory() as folder:
        path = write(case, Path(folder))
        signal.setitimer(signal.ITIMER_VIRTUAL, TIMEOUT)
        start = time.process_time()
        try:
            check = check_problem(load_problem(str(path)))
            outcome.verdict = check.verdict
            outcome.findings = [
                msgspec.structs.replace(f, line=f.line and line_in_case(case, f.line))
                for f in check.findings
                if f.rule in {*GRADIENT_RULES, *UPDATE_RULES}
                and (f.severity == "error" or _is_remark(f, case))
            ]
        except TimeoutError:
            outcome.problem = f"more than {TIMEOUT} s"
        except Exception as error:
            first, *_ = str(error).splitlines() or [""]
            message = re.sub(r"^.*?\.toml:[0-9:]+ ", "", first)
            outcome.problem = f"{type(error).__name__}: {message}"
        finally:
            outcome.seconds = time.process_time() - start
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    fixes = [(f.line, f.fix) for f in outcome.findings if f.line and f.fix]
    outcome.fixed = bool(fixes) and _is_mended(case, fixes)
    return outcome


def failures(outcome: Outcome) -> list[str]:
    """Return in what the diagnosis of a case fails, each as a heading to list it under."""
    if outcome.problem:
        return [f"error: {outcome.problem[:90]}"]
    if outcome.case.sound:
        rules = ", ".join(sorted({f.rule for f in outcome.findings})) or outcome.verdict
        return [f"a right program is blamed: {rules}"] if outcome.blamed else []
    if not outcome.findings:
        return ["nothing found"]
    found = []
    for bug in outcome.case.bugs:
        finding = outcome.at(bug)
        if finding is None:
            found.append(f"wrong line ({bug.rules[0]}: {bug.kind})")
        elif not _names(finding, bug):
            found.append(f"wrong rule: {finding.rule} for {'/'.join(bug.rules)} ({bug.kind})")
    if not outcome.fixed:
        found.append("the fixes do not make the file pass")
    lines = {line for bug in outcome.case.bugs for line in bug.places}
    if any(f.line not in lines for f in outcome.findings):
        found.append("a finding at a line that is right")
    return found


def main() -> None:
    """Print the table and the failures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help="all of them without")
    parser.add_argument("--edits", type=int, default=EDITS, help="of each pass; 0: all there are")
    parser.add_argument("--by", choices=GROUPS, help="a line of the table for each of these")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--show", action="store_true", help="print the files of these cases")
    parser.add_argument("--names", type=int, default=6, help="case names listed for each failure")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    if unknown := {*arguments.topics} - {*topics()}:
        parser.error(f"no topic {', '.join(sorted(unknown))}; there are {', '.join(topics())}")
    with multiprocessing.get_context("fork").Pool(arguments.jobs) as pool:
        made = functools.partial(made_of, edits=arguments.edits or None, only=arguments.only)
        found = [c for part in pool.imap(made, arguments.topics or topics()) for c in part]
        if arguments.show:
            for case in found:
                show(case)
            return
        outcomes = list(pool.imap(examine, found, chunksize=4))
    print_table(outcomes, [arguments.by] if arguments.by else ["topic", "mistakes", "learnt"])
    print_failures(outcomes, arguments.names)


def made_of(topic: str, edits: int | None, only: str) -> list[Case]:
    """Return the cases of a topic whose name contains a text."""
    return [case for case in cases(topic, edits) if only in case.name]


def show(case: Case) -> None:
    """Print a case: what is wrong, then the file with numbered lines."""
    print(f"== {case.name}: {'right' if case.sound else ''}")
    for bug in case.bugs:
        print(f"   line {bug.line}: {bug.mutated}   (was: {bug.original})")
        print(f"   {bug.kind}: {bug.places}")
    for number, line in enumerate(case.toml_text.splitlines(), 1):
        print(f"{number:4} {line}")


def print_table(outcomes: list[Outcome], keys: Iterable[str]) -> None:
    """Print the figures of each group of cases, in percent, and of all."""
    print(f"{'':28}" + "".join(f"{column:>10}" for column in COLUMNS))
    for key in keys:
        groups = defaultdict(list)
        for outcome in outcomes:
            groups[GROUPS[key](outcome.case)].append(outcome)
        for name, members in sorted(groups.items()):
            print_row(name, members)
        print()
    print_row("all", outcomes)


def print_row(name: str, members: list[Outcome]) -> None:
    """Print the figures of some cases."""
    wrong = [o for o in members if not o.case.sound]
    right = [o for o in members if o.case.sound]
    seconds = sorted(o.seconds for o in members)
    shares = (
        _percent(getattr(o, what) for o in wrong)
        for what in ("findings", "located", "named", "named_first", "fixed")
    )
    blamed = sum(o.blamed for o in right)
    time = f"{seconds[len(seconds) // 2]:.2f}", f"{seconds[-1]:.2f}"
    figures = (len(wrong), *shares, len(right), blamed, *time)
    print(f"{name[:28]:28}" + "".join(f"{figure:>10}" for figure in figures))


def print_failures(outcomes: list[Outcome], names: int) -> None:
    """Print what failed, the commonest first."""
    groups = defaultdict(list)
    for outcome in outcomes:
        for heading in failures(outcome):
            groups[heading].append(outcome.case.name)
    for heading, members in sorted(groups.items(), key=lambda item: -len(item[1])):
        more = f", … {len(members) - names} more" if len(members) > names else ""
        print(f"\n{len(members):4} {heading}\n       {', '.join(members[:names])}{more}")


def _names(finding: Finding | None, bug: Bug) -> bool:
    """Whether the rule of a finding, or one of the alternatives, names the mistake."""
    if finding is None:
        return False
    rules = {finding.rule, *(text.split(":")[0].split()[0] for text in finding.alternatives)}
    return bool(rules & {*bug.places[finding.line]})


def _is_mended(case: Case, fixes: Iterable[tuple[int, str]]) -> bool:
    """Whether the fixes make the pass right; at given numbers, claim what the right lines do."""
    if case.style == GIVEN:
        return mends(case, fixes)
    return verdict_after(case, fixes).sound


def _is_remark(finding: Finding, case: Case) -> bool:
    """Whether a finding says of a wrong update that it is right on its own run alone."""
    return finding.of_update and finding.rule == "relies-on-data" and not case.sound


def _out_of_time(signum: int, frame: object) -> None:
    raise TimeoutError


def _percent(values: Iterable[object]) -> str:
    found = list(map(bool, values))
    return f"{100 * sum(found) / len(found):.1f}" if found else "-"


if __name__ == "__main__":
    main()
