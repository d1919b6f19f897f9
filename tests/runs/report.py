"""How well the rules over runs find what labelled runs were made to show, beside published rules.

python tests/runs/report.py building|held_out|wider [FIRST_SEED [SEEDS]]
"""

import importlib
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(1, str(Path(__file__).resolve().parents[2]))

from gradtui.diagnosis.runs.registry import RUN_RULES
from runs.labelled import Score, judge, load, make
from runs.published import PUBLISHED


def main() -> None:
    """Print precision and recall of each rule."""
    part, *numbers = sys.argv[1:] or ["held_out"]
    first, count = ([int(n) for n in numbers] + [100, 4][len(numbers) :])[:2]
    kinds = importlib.import_module(f"runs.{part}").KINDS
    judges = {"gradtui": (judge, set(RUN_RULES)), **PUBLISHED}
    scores = {name: Score() for name in judges}
    runs = make(kinds, range(first, first + count))
    with tempfile.TemporaryDirectory() as folder:
        for run in runs:
            problem = load(run, Path(folder))
            for name, (decide, _) in judges.items():
                with np.errstate(all="ignore"):
                    grave, found = decide(problem)
                scores[name].add(run.label, grave, found)
                missed = bool(run.label) and not run.label & found
                if name == "gradtui" and (grave - run.label or missed):
                    print(f"{run.name}: made for {sorted(run.label)}, found {sorted(found)}")
    healthy = sum(not run.label for run in runs)
    print(f"\n{len(runs)} runs, {healthy} of them healthy; precision and recall in %")
    print(f"{'rule':22}" + "".join(f"{name:>16}" for name in judges))
    for rule in (*RUN_RULES, None):
        cells = []
        for name, (_, covered) in judges.items():
            rules = covered if rule is None else {rule} & covered
            precision, recall = scores[name].figures(rules)
            shown = f"{100 * precision:5.1f} {100 * recall:5.1f}"
            cells.append("-" if not rules else shown.replace("nan", "-"))
        print(f"{rule or 'all it covers':22}" + "".join(f"{cell:>16}" for cell in cells))


if __name__ == "__main__":
    main()
