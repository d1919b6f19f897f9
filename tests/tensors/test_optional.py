"""PyTorch is an option: code over arrays is checked without it."""

import subprocess
import sys


def test_code_over_arrays_needs_no_pytorch():
    code = (
        "import sys, numpy as np, gradtui\n"
        "gradtui.check(lambda w: (np.sum(w * w), 2 * w), w=np.ones(3))\n"
        "assert 'torch' not in sys.modules"
    )

    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
