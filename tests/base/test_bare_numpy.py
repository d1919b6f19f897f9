"""NumPy is imported without its help texts and types, and is NumPy for whoever asks for more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_BARE = "from gradtui.base.bare_numpy import leave_out\nleave_out()\nimport numpy as np\n"


def _run(code: str) -> str:
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_it_computes_the_same_without_texts_and_types() -> None:
    told = (
        "import sys\n"
        "print(np.linalg.eigh(np.array([[2.0, 1.0], [1.0, 2.0]])).eigenvalues)\n"
        "print(np.zeros.__doc__ is None, 'numpy._typing._dtype_like' in sys.modules)"
    )
    assert _run("import numpy as np\n" + told).split("\n") == ["[1. 3.]", "False True"]
    assert _run(_BARE + told).split("\n") == ["[1. 3.]", "True False"]


@pytest.mark.parametrize(
    "asked",
    [
        "from numpy.typing import ArrayLike, NDArray",
        "import numpy.typing\nNDArray = (numpy.typing.ArrayLike, numpy.typing.NDArray)[1]",
        "import numpy.typing as typing\ntyping.DTypeLike\nfrom numpy.typing import NDArray",
        "import numpy._typing._dtype_like, numpy._typing._array_like\n"
        "from numpy._typing import _array_like, NDArray",
        "np.typing.DTypeLike\nNDArray = np.typing.NDArray",
    ],
)
def test_types_are_there_when_they_are_asked_for(asked: str) -> None:
    told = "\nprint(NDArray[np.float64])"
    assert _run(_BARE + asked + told) == _run("import numpy as np\n" + asked + told)


def test_an_unknown_type_is_an_error_as_ever() -> None:
    code = "import numpy.typing\nprint(hasattr(numpy.typing, 'Absent'))"
    assert _run(_BARE + code) == "False"


def test_numpy_that_somebody_imported_stays_as_it_is() -> None:
    code = "import numpy as np\n" + _BARE + "print(np.zeros.__doc__ is None)"
    assert _run(code) == "False"


_MAIN = """
from gradtui.cli.arguments import main
main({arguments})
import numpy, sys
print()
print(numpy.zeros.__doc__ is None, 'numpy._typing._dtype_like' in sys.modules)
"""


@pytest.mark.parametrize("command", ["show", "run --steps 1", "check"])
def test_commands_on_a_scenario_do_not_wait_for_texts_and_types(command: str) -> None:
    told = _run(_MAIN.format(arguments=[*command.split(), "two_weights"]))
    assert told.split("\n")[-1] == "True False"


def test_code_of_the_users_own_has_the_texts(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text(
        "import numpy as np\n"
        "def f(w=np.ones(2)):\n"
        "    print(np.zeros.__doc__[:8].strip())\n"
        "    return (w**2).sum(), 2*w\n"
    )
    told = _run(_MAIN.format(arguments=["check", f"{file}:f"])).split("\n")
    assert told[0] == "zeros(sh" and told[-1] == "False True"
