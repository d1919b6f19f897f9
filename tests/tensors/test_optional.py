"""PyTorch is an option: code over arrays is checked without it."""

import subprocess
import sys

import pytest

from gradtui.base.source import InputError
from gradtui.cli.running import check_code


def test_code_over_arrays_needs_no_pytorch():
    code = (
        "import sys, numpy as np, gradtui\n"
        "gradtui.check(lambda w: (np.sum(w * w), 2 * w), w=np.ones(3))\n"
        "assert 'torch' not in sys.modules"
    )

    subprocess.run([sys.executable, "-c", code], check=True, timeout=600)


def test_what_is_missing_is_told(tmp_path, monkeypatch):
    file = tmp_path / "net.py"
    file.write_text("import torch\n\n\ndef case(x=torch.ones(3)):\n    return x.sum()\n")
    monkeypatch.setitem(sys.modules, "torch", None)

    with pytest.raises(InputError, match=r"pip install 'gradtui\[torch\]'"):
        check_code(f"{file}:case")
