from gradtui.tui.shortcuts import HELP, Shortcut, bindings


def test_a_shortcut_without_an_action_is_left_to_the_list():
    own = Shortcut("a", ("x", "f2"), "do", "does")
    (bound,) = bindings([own, Shortcut("b", ("y",), "", "the list does it")], first=True)
    assert (bound.key, bound.action, bound.id, bound.priority) == ("x,f2", "do", "a", True)


def test_the_help_closes_with_any_key_that_opens_or_leaves_it():
    assert {"escape", "q", "f1", "question_mark"} <= set(HELP[0].keys)
