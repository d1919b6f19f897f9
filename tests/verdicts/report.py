"""How the diagnosis judges the programs: a table by set, and what it got wrong.

python tests/verdicts/report.py [SET] [--only TEXT] [--jobs N] [--show] [--prove]
"""

from __future__ import annotations

import argparse
import importlib.util
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(1, str(Path(__file__).resolve().parents[2]))

from mutants.case import Case, write
from mutants.report import any_right, at_line, show

from gradtui.diagnosis.check import check_problem
from gradtui.diagnosis.finding import Finding
from gradtui.scenario.load import load_problem
from gradtui.scenario.rules import GRADIENT_RULES
from verdicts.program import Program
from verdicts.sets import SETS

MISSING = "--prove computes in long arithmetic: it needs mpmath, and is faster with gmpy2 beside it"


@dataclass(frozen=True)
class Outcome:
    """What became of one case."""

    case: Case
    verdict: str
    findings: tuple[Finding, ...]
    """The errors of the hand-written gradient."""
    seconds: float
    """Of the processor."""

    @property
    def found(self) -> bool:
        return self.verdict == "wrong"

    @property
    def located(self) -> bool:
        """Whether it is found at the planted line, or at one that mends it as well."""
        return self.found and at_line(self, self.case.bugs[0]) is not None

    @property
    def named(self) -> bool:
        """Whether the rule there, or an alternative, names the mistake."""
        (bug,) = self.case.bugs
        return self.located and any_right(at_line(self, bug), bug)

    @property
    def blamed(self) -> bool:
        """Whether a right program is not called so."""
        return self.case.sound and (self.verdict != "correct" or bool(self.findings))

    @property
    def said(self) -> str:
        lines = (f"line {one.line} {one.rule} of {one.target}" for one in self.findings)
        return f"{self.verdict}: {'; '.join(lines) or 'no error'}"


def examine(case: Case) -> Outcome:
    """Run the diagnosis on a case."""
    with tempfile.TemporaryDirectory() as folder:
        path = write(case, Path(folder))
        start = time.process_time()
        check = check_problem(load_problem(str(path)))
        seconds = time.process_time() - start
    errors = (one for one in check.findings if one.severity == "error")
    return Outcome(
        case, check.verdict, tuple(one for one in errors if one.rule in GRADIENT_RULES), seconds
    )


def tried(case: Case) -> Outcome:
    """Run the diagnosis on a case; an error of its own is what it says."""
    try:
        return examine(case)
    except Exception as error:
        return Outcome(case, f"{type(error).__name__}: {error}", (), 0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("set", choices=SETS, nargs="?", help="all of them without")
    parser.add_argument("--only", default="", help="programs whose name in a file contains this")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--show", action="store_true", help="print the files of these programs")
    parser.add_argument("--prove", action="store_true", help="show that they are what they are")
    arguments = parser.parse_args()
    chosen = {
        name: [program for program in SETS[name] if arguments.only in program.slug]
        for name in ([arguments.set] if arguments.set else SETS)
    }
    programs = [program for members in chosen.values() for program in members]
    if arguments.show:
        for program in programs:
            for case in program.cases():
                show(case)
        return
    with multiprocessing.get_context("fork").Pool(arguments.jobs) as pool:
        if arguments.prove:
            prove(pool, programs)
            return
        outcomes = {
            name: list(pool.imap(tried, cases_of(members), chunksize=4))
            for name, members in chosen.items()
        }
    print_table(outcomes)
    print_failures(outcome for members in outcomes.values() for outcome in members)


def cases_of(programs: Sequence[Program]) -> Iterator[Case]:
    return (case for program in programs for case in program.cases())


def prove(pool: multiprocessing.pool.Pool, programs: Sequence[Program]) -> None:
    """Show in long arithmetic that programs are right and their planted lines wrong."""
    if importlib.util.find_spec("mpmath") is None:
        sys.exit(MISSING)
    from verdicts.proof import failures

    found = [failure for failed in pool.imap(failures, programs) for failure in failed]
    plants = sum(len(program.plants) for program in programs)
    for failure in found:
        print(failure)
    print(f"{len(programs)} right programs, {plants} planted lines; not proved: {len(found)}")


def print_table(outcomes: dict[str, list[Outcome]]) -> None:
    print(f"{'':12} wrong  found  at its line  right rule   right  blamed   s: sum  median   most")
    for name, members in outcomes.items():
        wrong = [one for one in members if not one.case.sound]
        found, located, named = (
            sum(getattr(one, what) for one in wrong) for what in ("found", "located", "named")
        )
        blamed = sum(one.blamed for one in members)
        *_, slowest = members = sorted(members, key=lambda one: one.seconds)
        seconds = [one.seconds for one in members]
        print(
            f"{name:12} {len(wrong):5} {found:6} {located:12} {named:11} "
            f"{len(members) - len(wrong):7} {blamed:7} "
            f"{sum(seconds):8.1f} {seconds[len(seconds) // 2]:7.2f} {slowest.seconds:6.2f}"
            f" of {slowest.case.name}"
        )


def print_failures(outcomes: Iterator[Outcome]) -> None:
    for outcome in outcomes:
        case = outcome.case
        if outcome.blamed:
            print(f"\n{case.name}\n   right, and said to be {outcome.said}")
        elif case.bugs and not outcome.named:
            (bug,) = case.bugs
            what = "missed" if not outcome.found else "rule" if outcome.located else "line"
            print(f"\n{case.name}\n   {what}: line {bug.line} {bug.mutated} ({bug.kind})")
            print(f"   {'/'.join(bug.rules)}; said {outcome.said}")


if __name__ == "__main__":
    main()
