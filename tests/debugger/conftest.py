import pytest

from debugger.models import BY_HAND, MODEL, TENSORS


@pytest.fixture(scope="session")
def models(session_of):
    """Return the problems of the models: two of autodiff, one by hand."""
    scalars = session_of(MODEL, "w = 0.7\nv = -0.4", "x = 1.3\ny = 0.2", lr=0.03)
    data = "X = [[1.0, 2.0], [0.5, -1.0], [-0.3, 0.8]]\ny = [1.0, 0.0, -1.0]"
    tensors = session_of(TENSORS, "w = [[0.1, 0.2], [-0.3, 0.4]]\nb = [0.1, -0.1]", data)
    by_hand = session_of("a = w*x*2\nL = (a*a + v)**2", "w = 0.4\nv = 0.1", more=BY_HAND, lr=0.03)
    return [scalars.problem, tensors.problem, by_hand.problem]
