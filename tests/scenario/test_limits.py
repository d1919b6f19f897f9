"""What is refused as too large is read once there is as much memory as the error says."""

import re
import zipfile

import numpy as np
import pytest

import gradtui
from gradtui.base.source import InputError

LIMITS = {
    "scenario": ("gradtui.scenario.load.SCENARIO_LIMIT", 200),
    "text data": ("gradtui.scenario.data.DATA_LIMIT", 100),
    "arrays": ("gradtui.scenario.data.ARRAYS_LIMIT", 300),
    "rows": ("gradtui.scenario.tables.MAX_ROWS", 20),
    "numbers of a file": ("gradtui.scenario.npz.MAX_NUMBERS", 30),
    "numbers that are named": ("gradtui.scenario.data.MAX_NAMED", 30),
    "names, numbers and signs": ("gradtui.scenario.code.MAX_TOKENS", 15),
    "those by hand": ("gradtui.scenario.code.MAX_HAND", 4),
    "operations": ("gradtui.engine.size.MAX_OPERATIONS", 4),
    "multiplications": ("gradtui.engine.size.MAX_PRODUCTS", 200),
}


def write(folder, suffix):
    path = folder / f"{suffix}.toml"
    path.write_text(
        f'title = "t"\n[data]\nfile = "x.{suffix}"\nx = "x"\nX = ["x", "x"]\n'
        "[parameters]\nw = [0.5, 0.25]\n"
        "[model]\ncode = '''\ne = X@w - tanh(x)\nL = mean(e**2)\n'''\n"
        '[optimizer]\nname = "sgd"\nlr = 0.1\n[run]\nsteps = 3\n'
        "[backward]\ncode = 'dw = X.T@(2*e/60)'\n"
    )
    values = np.linspace(0.0, 1.0, 60)
    np.savez(folder / "x.npz", x=values)
    (folder / "x.csv").write_text("x\n" + "\n".join(map(str, values.tolist())) + "\n")
    return str(path)


@pytest.mark.parametrize("what", LIMITS)
def test_the_setting_that_an_error_names_lifts_its_limit(what, tmp_path, monkeypatch):
    monkeypatch.delenv("GRADTUI_MEMORY", raising=False)
    path = write(tmp_path, "csv" if what in ("text data", "rows") else "npz")
    assert gradtui.load(path).problem.steps == 3
    monkeypatch.setattr(*LIMITS[what])
    tried = 0
    while True:
        try:
            gradtui.load(path)
            break
        except InputError as error:
            found = re.search(r"GRADTUI_MEMORY=(\d+) allows", error.message)
            assert found, error.message
            assert int(found[1]) > tried
            tried = int(found[1])
            monkeypatch.setenv("GRADTUI_MEMORY", found[1])
    assert tried > 1


def test_no_setting_is_offered_for_what_no_machine_has(tmp_path):
    path = write(tmp_path, "npz")
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({'9' * 400},), }}"
    raw = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x.npy", raw)
    with pytest.raises(InputError, match=r"numbers: the limit for a file is 8,000,000$"):
        gradtui.load(path)
