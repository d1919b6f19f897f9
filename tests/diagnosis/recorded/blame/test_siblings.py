"""Terms that other lines of the same form tell of."""

import ast

from gradtui.diagnosis.recorded.blame.candidates import Around, Statement
from gradtui.diagnosis.recorded.blame.scope import Held
from gradtui.diagnosis.recorded.blame.siblings import lacking
from gradtui.diagnosis.recorded.blame.units import Unit
from gradtui.recording.library import NUMPY

DEPTH = 40
CODE = "def layers({given}):\n{lines}    up0 = d0 @ W0.T\n    return up0\n"


def test_what_many_lines_tell_of_comes_once_and_first_and_few_others(tmp_path):
    given = [f"{name}{at}" for name in ("d", "W", "more") for at in range(DEPTH + 1)]
    lines = "".join(f"    up{at} = d{at} @ W{at}.T + more{at}\n" for at in range(DEPTH, 0, -1))
    file, space = tmp_path / "layers.py", {}
    file.write_text(CODE.format(given=", ".join(given), lines=lines))
    exec(compile(file.read_text(), str(file), "exec"), space)
    unit = Unit(space["layers"].__code__, [space["layers"]])
    scope = {name: Held((3, 3), "f") for name in given}
    around = Around(scope, scope, {}, list, [], NUMPY.dialect, {}, lambda one: None)
    node = unit.node.body[DEPTH]
    assert isinstance(node, ast.Assign)

    found = lacking(Statement(unit, node, around), node.value)

    assert found[0] == "more0"
    assert len(found) == len({*found}) == 24
