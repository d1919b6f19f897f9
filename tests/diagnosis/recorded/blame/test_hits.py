"""Which of the edits that repair something are better."""

from gradtui.diagnosis.recorded.blame.hits import Hit, mend_more


def test_approximations_are_better_than_exact_edits_that_repair_fewer_results():
    def hit(mended):
        return Hit(None, None, 0, frozenset(mended))

    assert mend_more([hit("ab")], [hit("a"), hit("b")])
    assert mend_more([hit("a")], [])
    assert not mend_more([hit("a")], [hit("b")])
    assert not mend_more([], [])
