"""What was made for two moments is kept, and no more."""

from gradtui.tui.kept import Kept


def test_what_was_made_last_for_two_moments_is_kept():
    kept, made = Kept[str](), list[str]()

    def get(key: str) -> str:
        return kept.get(key, lambda: made.append(key) or key.upper())

    assert [get(key) for key in "ababcbcba"] == [*"ABABCBCBA"]
    assert made == ["a", "b", "c", "a"]
