from gradtui.diagnosis.renamings import renamed
from gradtui.engine.printer import spell
from gradtui.language.parser import parse_expression


def test_names_change_at_once_so_that_two_may_be_exchanged():
    tree = parse_expression("a*(1 - a) + b")
    assert spell(renamed(tree, {"a": "b", "b": "a"})) == "b*(1 - b) + a"
    assert spell(renamed(tree, {"c": "d"})) == "a*(1 - a) + b"
