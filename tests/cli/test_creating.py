"""`gradtui new`: scenarios, copies, and code with a mistake."""

import pytest

from cli.shell import ROOT


def test_new_writes_a_scenario_that_works_and_never_overwrites(run, tmp_path):
    path = tmp_path / "mine.toml"
    status, out, err = run("new", path)
    assert (status, err) == (0, "")
    assert str(path) in out
    assert run("check", path)[0] == run("show", path)[0] == run("run", path)[0] == 0
    path.write_text("precious")
    status, out, err = run("new", path)
    assert (status, out) == (2, "")
    assert err == f"{path}:1:1: error: the file exists; choose another name\n"
    assert path.read_text() == "precious"
    assert run("new", tmp_path / "nowhere" / "a.toml")[0] == 2


def test_new_copies_a_scenario_with_the_files_it_names(run, tmp_path):
    path = tmp_path / "mine.toml"
    data = tmp_path / "parcels.csv"
    said = f"wrote {path} and {data}: open it with `gradtui {path}`\n"
    assert run("new", path, "--from", "five_parcels") == (0, said, "")
    for copy, name in ((path, "five_parcels.toml"), (data, "parcels.csv")):
        assert copy.read_bytes() == (ROOT / "scenarios" / name).read_bytes()
    assert run("check", path)[0] == 0
    other = tmp_path / "other.toml"
    assert run("new", other, "--from", path)[1].startswith(f"wrote {other}: "), "the data are there"

    data.write_text("distance\n1\n")
    status, out, err = run("new", tmp_path / "more.toml", "--from", "five_parcels")
    assert (status, out) == (2, "")
    assert err.startswith(f"{data}:1:1: error: a different file of this name already exists")
    assert not (tmp_path / "more.toml").exists()
    assert data.read_text() == "distance\n1\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["two_weights"], "the name of a bundled scenario: `gradtui new two_weights.toml --from"),
        (["a.py", "--from", "two_weights"], "needs a name that ends in .toml"),
        (["a.toml", "--from", "two_wieghts"], "did you mean 'two_weights'?"),
        (["a"], "a scenario's name ends in .toml, that of code in .py: `gradtui new a.toml`"),
        (["a.txt"], "a scenario's name ends in .toml"),
        (["none/a.toml"], "there is no folder none"),
    ],
)
def test_what_new_cannot_write_leaves_nothing(run, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    status, out, err = run("new", *arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert not list(tmp_path.iterdir())


def test_new_writes_code_that_is_right_once_mended_and_never_overwrites(run, tmp_path):
    path = tmp_path / "net.py"
    assert run("new", path) == (0, f"wrote {path}: check it with `gradtui check {path}:case`\n", "")

    text = path.read_text(encoding="utf-8")
    assert text.count("dz.mean(") == 1
    path.write_text(text.replace("dz.mean(", "dz.sum("), encoding="utf-8")
    status, out, err = run("check", f"{path}:case")
    assert (status, err) == (0, "")
    assert "4 gradients compared and right" in out
    status, out, err = run("new", path)
    assert (status, out) == (2, "")
    assert "the file exists" in err
