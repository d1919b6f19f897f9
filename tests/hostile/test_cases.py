"""Each hostile case is fine or one clear error, in bounded time and memory; nothing leaks."""

import json
import os
import subprocess
import sys
import time

import pytest

from hostile import cases
from hostile.base import DOCUMENT
from hostile.clean import acting

pytestmark = pytest.mark.xdist_group("hostile cases")
"""One process runs all cases: no two workers of pytest need start it."""
CASES = {case["id"]: case for case in DOCUMENT["cases"] if case["at"] not in cases.ELSEWHERE}
SECONDS = 2.0
"""Of the processor, for one case, on a machine that counts to a million in `COUNTED` seconds."""
COUNTED = 0.05
MEMORY = 1_000_000_000
"""Bytes for all cases in one process."""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """What became of each case, by its id; and the memory that they took."""
    folder = tmp_path_factory.mktemp("hostile")
    result = subprocess.run(
        [sys.executable, cases.__file__, str(folder)],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}, capture_output=True, text=True,
        stdin=subprocess.DEVNULL, timeout=180,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    found = [json.loads(line) for line in result.stdout.splitlines()]
    return {one["id"]: one for one in found if "id" in one}, found[-1]["memory"]


@pytest.fixture(scope="module")
def slowness():
    """How many times slower than the measure this machine is, at least 1."""
    start = time.process_time()
    sum(range(1_000_000))
    for _ in range(1_000_000):
        pass
    return max(1.0, (time.process_time() - start) / COUNTED)


@pytest.mark.parametrize("id", CASES)
def test_a_hostile_case_is_one_clear_error_or_fine(id, outcomes, slowness):
    case, found = CASES[id], outcomes[0][id]
    err = found["err"]
    assert found["status"] == (0 if case["expect"] == "fine" else 2), err
    assert not acting(found["out"] + err)
    assert case.get("shows", "") in found["out"]
    assert case.get("mention", "") in err
    assert found["seconds"] < SECONDS * slowness
    assert err.count(": error: ") == (case["expect"] == "error"), err
    assert "Traceback" not in err


def test_all_cases_together_take_less_than_a_gigabyte(outcomes):
    assert outcomes[1] < MEMORY


def test_every_case_says_why_and_what_is_another_way_here():
    ids = [case["id"] for case in DOCUMENT["cases"]]
    assert len(set(ids)) == len(ids)
    assert all(case["why"] and case["expect"] in ("fine", "error") for case in CASES.values())
