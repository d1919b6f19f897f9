import textwrap

import pytest

from tracing.runs import module_of, watched


@pytest.fixture
def traced(tmp_path):
    def trace(source):
        file = tmp_path / "net.py"
        file.write_text("import numpy as np\n" + textwrap.dedent(source))
        return watched(module_of(file).case)

    return trace
