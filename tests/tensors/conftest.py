import pytest

from gradtui.diagnosis.recorded.blame.gradients import Blamed
from gradtui.diagnosis.recorded.runs import Runs


@pytest.fixture(autouse=True)
def as_before():
    """Let random numbers begin at the same one in every test; no test leaves a changed setting."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    before = torch.get_default_dtype(), torch.get_num_threads()
    yield
    assert (torch.get_default_dtype(), torch.get_num_threads()) == before


@pytest.fixture(autouse=True)
def alone(request, monkeypatch):
    """Let the custom functions of other test modules be none of what a check listens to."""
    handing = pytest.importorskip("gradtui.recording.torch.handing")
    customs, own = handing.customs, request.module.__name__

    def customs_alone():
        kinds = ((one, one.__module__) for one in customs())
        return [one for one, module in kinds if module == own or not module.startswith("test_")]

    for file in ("handing", "jumping", "placeholders", "returning"):
        monkeypatch.setattr(f"gradtui.recording.torch.{file}.customs", customs_alone)


@pytest.fixture
def unsearched(monkeypatch):
    """Search for no line at fault, which takes far longer than the verdict that a test is about."""
    monkeypatch.setattr(
        "gradtui.diagnosis.recorded.faults.blamed_on_fewer", lambda *given: Blamed()
    )


@pytest.fixture
def numpys_arrays():
    """Skip a test whose program has NumPy use tensors, where PyTorch was built for NumPy 1."""
    torch = pytest.importorskip("torch")
    try:
        torch.zeros(1).numpy()
    except RuntimeError as error:
        pytest.skip(f"PyTorch {torch.__version__}: {error}")


@pytest.fixture
def runs_of():
    """Return a function that begins the runs of a callable over tensors; they end with the test."""
    from gradtui.diagnosis.recorded.tensor_targets import tensor_target

    begun = []

    def runs_of(function, *arguments):
        begun.append(Runs(tensor_target(function, None, arguments, {})))
        begun[-1].first()
        return begun[-1]

    yield runs_of
    for runs in reversed(begun):
        runs.kept.put_back()
