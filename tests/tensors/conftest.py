import pytest


@pytest.fixture(autouse=True)
def drawn():
    """Let the random numbers of every test begin at the same one."""
    pytest.importorskip("torch").manual_seed(0)
