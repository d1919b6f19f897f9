from gradtui.explain.findings import SEVERITIES
from gradtui.tui.glossary import GLOSSARY
from gradtui.tui.panels import PANELS

ENTRIES = [entry for _, entries in GLOSSARY for entry in entries]


def test_every_panel_has_its_part():
    titles = " ".join(title for title, _ in GLOSSARY).lower()
    without = {"Notes", "Lesson", "Program by hand"}
    assert all(name.split()[0].lower() in titles for name in PANELS if name not in without)


def test_a_part_explains_each_sign_once_and_in_words():
    for title, entries in GLOSSARY:
        signs = [sign for sign, _ in entries]
        assert len({*signs}) == len(signs), title
    assert all(sign.strip() and meaning.strip(". ") == meaning for sign, meaning in ENTRIES)


def test_the_marks_of_findings_are_explained_together():
    marks = {sign for sign, _ in SEVERITIES.values()}
    assert any(marks <= {*sign.split()} for sign, _ in ENTRIES)
