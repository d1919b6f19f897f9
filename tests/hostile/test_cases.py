"""Each hostile case is fine or one clear error, in bounded memory; nothing leaks."""

import json
import os
import subprocess
import sys

from hostile import cases
from hostile.base import DOCUMENT
from hostile.clean import acting

CASES = {case["id"]: case for case in DOCUMENT["cases"] if case["at"] not in cases.ELSEWHERE}
HANGS = 30.0
"""Seconds of the processor for one case: 2 are allowed, on a machine that has nothing else to do.

`python tests/hostile/cases.py FOLDER` tells them.
"""
MEMORY = 1_000_000_000
"""Bytes for all cases in one process."""


def test_every_hostile_case_is_one_clear_error_or_fine(tmp_path):
    outcomes, memory = run_all(tmp_path)
    assert outcomes.keys() == CASES.keys()
    wrong = {id: found for id, found in outcomes.items() if not is_well(CASES[id], found)}
    assert not wrong
    assert memory < MEMORY


def run_all(folder):
    """Run all cases in one process; return what became of each, by its id, and the memory."""
    result = subprocess.run(
        [sys.executable, cases.__file__, str(folder)],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}, capture_output=True, text=True,
        stdin=subprocess.DEVNULL, timeout=600,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    found = [json.loads(line) for line in result.stdout.splitlines()]
    return {one["id"]: one for one in found if "id" in one}, found[-1]["memory"]


def is_well(case, found):
    """Return whether a case ended as it says, without a hang, and in clean text."""
    err = found["err"]
    return (
        found["status"] == (0 if case["expect"] == "fine" else 2)
        and not acting(found["out"] + err)
        and case.get("shows", "") in found["out"]
        and case.get("mention", "") in err
        and found["seconds"] < HANGS
        and err.count(": error: ") == (case["expect"] == "error")
        and "Traceback" not in err
    )


def test_every_case_says_why_and_what_is_another_way_here():
    ids = [case["id"] for case in DOCUMENT["cases"]]
    assert len(set(ids)) == len(ids)
    assert all(case["why"] and case["expect"] in ("fine", "error") for case in CASES.values())
