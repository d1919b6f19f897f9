from gradtui.diagnosis.internal import internal


def test_a_failure_of_our_own_is_an_error_and_never_silence(failures):
    found = internal("the run", ZeroDivisionError("no"))
    assert (found.rule, found.severity) == ("internal", "error")
    assert found.message.startswith("the run could not be judged")
    assert [type(error) for error in failures] == [ZeroDivisionError]
    failures.clear()
