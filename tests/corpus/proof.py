"""Proves that the cases are what they are called, and writes down which files were proved.

python tests/corpus/proof.py [TOPIC ...] [--jobs N]: without topics, those that have changed since.

Drawn programs by central differences at random points, updates beside the optimizers' formulas,
programs at numbers of their own in long arithmetic, which needs mpmath.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import multiprocessing
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(1, str(Path(__file__).resolve().parents[2]))

from corpus.case import GIVEN, Case, verdict_after
from corpus.cases import exact, parts
from corpus.evidence import shows
from corpus.given import Given
from corpus.load import FOLDER, programs, topics
from gradtui.language.parser import parse_program
from gradtui.scenario.rules import GRADIENT_RULES, UPDATE_RULES

PROVED = FOLDER / "proved.txt"
APART = re.compile(r"report\.py|test_.*")
"""Modules that make no case and judge none."""


def digest(topic: str) -> str:
    """Return what changes as a topic does, or what makes or judges its cases."""
    code = (path for path in sorted(FOLDER.glob("*.py")) if not APART.fullmatch(path.name))
    content = "".join(path.read_text("utf-8") for path in (*code, FOLDER / f"{topic}.toml"))
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def proved() -> dict[str, str]:
    """Return the digests of the topics that have been proved."""
    return dict(row.split() for row in PROVED.read_text("utf-8").splitlines())


def failures(case: Case) -> Iterator[str]:
    """Yield in what a case is not what it is called."""
    rows = case.toml_text.splitlines()
    table = "[update]" if "[update]" in rows else "[backward]"
    parse_program(case.toml_text.partition(table)[2].split('"""')[1])
    for bug in case.bugs:
        if not rows[bug.line - 1] == bug.mutated != bug.original:
            yield f"line {bug.line} is not {bug.mutated}"
        if not bug.mutated.startswith(f"{bug.target} = "):
            yield f"{bug.mutated} assigns another name"
        if unknown := {*sum(bug.places.values(), ())} - {*GRADIENT_RULES, *UPDATE_RULES}:
            yield f"{bug.mutated}: no rule {unknown}"
    if case.style == GIVEN:
        return
    if verdict_after(case, ()).state != ("sound" if case.sound else "wrong"):
        yield f"it is {verdict_after(case, ())}"
    if case.bugs and not verdict_after(case, case.repairs).sound:
        yield "the original lines do not repair it"
    for index in range(len(case.bugs) if len(case.bugs) > 1 else 0):
        others = [repair for at, repair in enumerate(case.repairs) if at != index]
        if verdict_after(case, others).state != "wrong":
            yield "one repair is enough"


def failures_at_its_numbers(program: Given) -> Iterator[str]:
    """Yield in what a program at numbers of its own is not what it is called."""
    from corpus.long_proof import failures

    yield from failures(program)
    for slip in program.slips:
        if shows(program, slip) != (not slip.unresolved):
            yield f"{program.name}: differences in float64 and {slip.line}"


def prove(part: tuple[str, int]) -> tuple[str, int, list[str]]:
    """Return the topic of a part, how many cases it has, and in what they are something else."""
    topic, index = part
    made = list(parts(topic)[index])
    found = [f"{case.name}: {what}" for case in made for what in failures(case)]
    if len({case.name for case in made}) < len(made):
        found.append(f"two cases of {made[0].model} have one name")
    number = index - len(programs(topic))
    if exact(topic) and number >= 0:
        found += failures_at_its_numbers(exact(topic)[number])
    return topic, len(made), found


def main() -> None:
    """Prove topics and write down their digests."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("topics", nargs="*", metavar="TOPIC")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    stale = arguments.topics or [one for one in topics() if proved().get(one) != digest(one)]
    if any(map(exact, stale)) and importlib.util.find_spec("mpmath") is None:
        parser.error("long arithmetic needs mpmath, and is faster with gmpy2 beside it")
    work = [(topic, index) for topic in stale for index in range(len(parts(topic)))]
    left, counts, failed = Counter(topic for topic, _ in work), Counter(), defaultdict(list)
    with multiprocessing.get_context("fork").Pool(arguments.jobs) as pool:
        for topic, count, found in pool.imap_unordered(prove, work):
            left[topic] -= 1
            counts[topic] += count
            failed[topic] += found
            if not left[topic]:
                print(f"{topic}: {counts[topic]} cases", *failed[topic], sep="\n   ", flush=True)
                write_down(topic, not failed[topic])
    sys.exit(any(failed.values()))


def write_down(topic: str, right: bool) -> None:
    """Write down whether a topic is proved as it is now."""
    known = {name: found for name, found in proved().items() if name in topics() and name != topic}
    known |= {topic: digest(topic)} if right else {}
    rows = (f"{name} {known[name]}\n" for name in sorted(known))
    PROVED.write_text("".join(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
