"""Data, batches, labels and NPZ files that cannot be used: one error each, at the right place."""

import io
import os
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradtui.base.source import InputError
from gradtui.cli.arguments import main
from gradtui.scenario.npz import MAX_ARRAYS, MAX_NUMBERS, read_npz
from hostile.recipes import npz
from test_bad_input import GOOD, changed, line_of, parts_of

ROWS = changed("[run]\n", '[batches]\nover = ["x", "y"]\nsize = 2\n[run]\n')
CHECKED = changed("[run]\n", "[validation]\nx = [3.0]\ny = [6.0]\n[run]\n")
CLASSES = '''title = "t"
[data]
labels = [0, 2, 1]
[parameters]
w = [[0.1, 0.2, 0.3], [0.1, 0.2, 0.3], [0.0, 0.0, 0.0]]
[model]
code = """
L = cross_entropy(w, labels)
"""
[optimizer]
name = "sgd"
lr = 0.1
'''


@pytest.fixture
def refuse(tmp_path, capsys):
    """Show a scenario with this text; return its one error as (line, column, message, marked)."""

    def call(text, file=None, **files):
        path = tmp_path / "bad.toml"
        path.write_text(text, encoding="utf-8")
        for name, content in files.items():
            (tmp_path / name.replace("_", ".")).write_bytes(content)
        status = main(["show", str(path)])
        out, err = capsys.readouterr()
        assert (status, out) == (2, ""), err
        return parts_of(err, path, file=file)

    return call


@pytest.mark.parametrize(
    ("text", "old", "new", "marked", "message"),
    [
        (ROWS, "size = 2", "size = 3", "3", "a batch of 3 is larger than the data: 2 rows"),
        (ROWS, "size = 2", "size = 0", "0", "batches.size: expected a whole number of at least 1"),
        (ROWS, "size = 2", "size = 1.5", "1.5", "expected a whole number, got 1.5"),
        (ROWS, "size = 2", "sise = 2", "sise", "unknown key 'sise'; did you mean 'size'?"),
        (ROWS, "size = 2\n", "", "batches", "[batches] lacks 'size'"),
        (ROWS, "size = 2", "size = 2\nseed = -1", "-1", "a whole number of at least 0"),
        (ROWS, "size = 2", "size = 2\nshuffle = 1", "1", "expected true or false"),
        (ROWS, '["x", "y"]', "[]", "[]", "batches.over is empty: name some data"),
        (ROWS, '["x", "y"]', '"x"', '"x"', "batches.over: expected a list, got text in quotes"),
        (ROWS, '["x", "y"]', '["x", "z"]', '"z"', "'z' is not a name of [data]"),
        (ROWS, '["x", "y"]', '["x", "yhat"]', '"yhat"', "batches are cut from data"),
        (ROWS, '["x", "y"]', '["x", "w"]', '"w"', "'w' is not a name of [data]"),
        (ROWS, '["x", "y"]', '["x", "x"]', '"x"', "'x' appears twice"),
        (ROWS, "y = [2.0, 4.0]", "y = 2.0", '"y"', "'y' is a single number: it has no rows"),
        (ROWS, "y = [2.0, 4.0]", "y = [2.0]", '"y"', "'y' has 1 rows, 'x' has 2"),
        (CHECKED, "x = [3.0]\ny = [6.0]\n", "", "validation", "[validation] is empty"),
        (CHECKED, "x = [3.0]", "xx = [3.0]", "xx", "not a name of [data]; did you mean 'x'?"),
        (CHECKED, "x = [3.0]", "w = 3.0", "w", "[validation] replaces such names"),
        (CHECKED, "x = [3.0]", "x = [[3.0]]", "x", "expected shape 2 as in [data], or another"),
        (CHECKED, "x = [3.0]", "x = 3.0", "x", "rows, got scalar"),
        (CHECKED, "x = [3.0]", 'x = "a"', '"a"', "strings name columns only where the table"),
        (CHECKED, "x = [3.0]", "x = [nan]", "nan", "expected a finite number, got nan"),
        (CHECKED, "x = [3.0]", 'file = "../b.csv"\nx = "x"', '"../b.csv"', "lies outside"),
        (CHECKED, "x = [3.0]\ny = [6.0]", "x = [3.0, 4.0, 5.0]\ny = [6.0, 7.0]",
         None, "the model does not fit the data of [validation]: "),
        (GOOD, "[run]\n", "[batches]\nover = 1\nsize = 1\n[run]\n", "1", "expected a list"),
        (GOOD, "[run]\n", "[validation]\n[run]\n", "validation", "[validation] is empty"),
        (GOOD, "[run]\n", "[schedule]\nname='plato'\n[run]\n", "'plato'", "mean 'plateau'?"),
        (GOOD, "[run]\n", "[schedule]\nname='plateau'\nfactor=1.0\n[run]\n", "1.0", "below 1"),
        (GOOD, "[run]\n", "[schedule]\nname='plateau'\npatience=-1\n[run]\n", "-1", "at least 0"),
        (GOOD, "[run]\n", "[schedule]\nname='plateau'\nmin_lr=nan\n[run]\n", "nan", "at least 0"),
        (CLASSES, "[0, 2, 1]", "[0, 3, 1]", "3", "'labels' must hold whole numbers from 0 to 2"),
        (CLASSES, "[0, 2, 1]", "[0, -1, 1]", "-1", "(cross_entropy in line 8), got -1"),
        (CLASSES, "[0, 2, 1]", "[0, 1.5, 1]", "1.5", "got 1.5"),
        (CLASSES, "cross_entropy(w, labels)", "sum(one_hot(labels, 2))", "2", "from 0 to 1"),
    ],
)  # fmt: skip
def test_a_table_that_does_not_fit_is_one_error_at_its_place(
    refuse, text, old, new, marked, message
):
    assert text.count(old) == 1
    said, under = refuse(text.replace(old, new))[2:]
    assert message in said
    if marked is not None:
        assert under == marked


def test_a_bad_label_in_a_csv_is_an_error_at_its_own_line_and_column(refuse):
    table = b'note,labels\n"two\nlines",0\nx,2\ny, 3\n'
    text = CLASSES.replace("labels = [0, 2, 1]", 'file = "a.csv"\nlabels = "labels"')
    line, column, said, under = refuse(text, file="a.csv", a_csv=table)
    assert (line, column, under) == (5, 3, " 3")
    assert said == (
        "column 'labels': 'labels' must hold whole numbers from 0 to 2 "
        "(cross_entropy in line 9), got 3"
    )


def test_a_bad_token_of_stacked_columns_is_an_error_at_its_cell(refuse):
    text = CLASSES.replace("labels = [0, 2, 1]", 'file = "a.csv"\nT = ["a", "b"]')
    text = text.replace("cross_entropy(w, labels)", "sum(take(w, T))")
    line, column, said, under = refuse(text, file="a.csv", a_csv=b"b,a\n0,1\n0,2\n7,1\n")
    assert (line, column, under) == (4, 1, "7")
    assert said.startswith("column 'b': 'T' must hold whole numbers from 0 to 2 (take in line 9)")


def test_a_label_outside_of_the_first_batch_or_in_the_validation_is_found_too(refuse):
    batches = '[batches]\nover = ["labels"]\nsize = 1\n[optimizer]'
    text = CLASSES.replace("[optimizer]", batches).replace("[0, 2, 1]", "[0, 1, 9]")
    text = text.replace("cross_entropy(w, labels)", "cross_entropy(w[:1], labels)")
    text = text.replace("cross_entropy(w[:1], labels)", "sum(take(w, labels))")
    assert refuse(text)[3] == "9"
    checked = CLASSES.replace("[optimizer]", "[validation]\nlabels = [0, 1, 8]\n[optimizer]")
    found = refuse(checked)
    assert (*found[:2], found[3]) == (*line_of(checked, "8]"), "8")


# NPZ files.


def npy(array, **header):
    """Return an array as the bytes of an NPY file, its header changed by `header`."""
    out = io.BytesIO()
    np.lib.format.write_array(out, np.asanyarray(array), version=(1, 0))
    raw = out.getvalue()
    length = struct.unpack("<H", raw[8:10])[0]
    text = raw[10 : 10 + length].decode()
    for old, new in header.get("replace", {}).items():
        assert old in text
        text = text.replace(old, new)
    return raw[:8] + struct.pack("<H", len(text)) + text.encode() + raw[10 + length :]


WITH_NPZ = changed("x = [1.0, 2.0]\ny = [2.0, 4.0]", 'file = "a.npz"\nx = "x"\ny = "y"')
TWO = npy(np.array([1.0, 2.0]))


def encrypted():
    raw = bytearray(npz(("x.npy", TWO), ("y.npy", TWO)))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = raw.index(signature)
        raw[at + flags] |= 1
    return bytes(raw)


def lying_directory():
    """The directory says that 16 bytes more are to come out of the member than do."""
    raw = bytearray(npz(("x.npy", npy(np.zeros(4), replace={"(4,)": "(6,)"})), ("y.npy", TWO)))
    at = raw.index(b"PK\x01\x02")
    size = struct.unpack_from("<I", raw, at + 24)[0]
    struct.pack_into("<I", raw, at + 24, size + 16)
    return bytes(raw)


def bomb():
    """A tenth of a megabyte that would unpack to a hundred, as the directory truly says."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("x.npy", "w", force_zip64=True) as member:
            head = npy(np.zeros(2), replace={"(2,)": "(16777216,)"})
            member.write(head[:-16])
            for _ in range(128):
                member.write(bytes(1 << 20))
        archive.writestr("y.npy", TWO)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an NPZ file, or a damaged one"),
        (b"x,y\n1,2\n", "not an NPZ file, or a damaged one"),
        (TWO, "not an NPZ file, or a damaged one"),
        (npz(("x.npy", TWO), ("y.npy", TWO))[:-30], "not an NPZ file, or a damaged one"),
        (npz(("x.npy", TWO), ("y.npy", TWO), ("x.npy", TWO)), "holds the array 'x' twice"),
        (npz(("x.npy", TWO), ("x", TWO), ("y.npy", TWO)), "holds the array 'x' twice"),
        (npz(("x.npy", npy([1.0, np.nan])), ("y.npy", TWO)),
         "array 'x': expected finite numbers, element [1] is nan"),
        (npz(("x.npy", npy(np.inf)), ("y.npy", TWO)), "finite numbers, it is inf"),
        (npz(("x.npy", npy([1j, 2.0])), ("y.npy", TWO)), "array 'x': holds complex numbers"),
        (npz(("x.npy", npy(["a", "b"])), ("y.npy", TWO)), "array 'x': holds text"),
        (npz(("x.npy", npy([b"a", b"b"])), ("y.npy", TWO)), "array 'x': holds bytes"),
        (npz(("x.npy", npy([True, False])), ("y.npy", TWO)), "array 'x': holds booleans"),
        (npz(("x.npy", npy([1.0, 2.0], replace={"<f8": "|O"})), ("y.npy", TWO)), "Python objects"),
        (npz(("x.npy", npy(np.zeros(2, "i4,f8"))), ("y.npy", TWO)), "its header does not give"),
        (npz(("x.npy", npy(np.zeros(2, "M8[s]"))), ("y.npy", TWO)), "its header does not give"),
        (npz(("x.npy", npy(np.zeros(0))), ("y.npy", TWO)), "array 'x': holds no numbers"),
        (npz(("x.npy", npy([1.0, 2.0], replace={"(2,)": "(3,)"})), ("y.npy", TWO)),
         "array 'x': shape 3 of float64 takes 24 bytes, but the file has 16"),
        (npz(("x.npy", npy([1.0, 2.0], replace={"(2,)": "(1,)"})), ("y.npy", TWO)),
         "array 'x': shape 1 of float64 takes 8 bytes, but the file has 16"),
        (npz(("x.npy", npy([1.0, 2.0], replace={"(2,)": "(-2,)"})), ("y.npy", TWO)),
         "its header does not give"),
        (npz(("x.npy", npy([1.0, 2.0], replace={"(2,)": f"({'9' * 5000},)"})), ("y.npy", TWO)),
         "array 'x': "),
        (npz(("x.npy", npy([1.0, 2.0], replace={"(2,)": "(1,1,1,1,1,1,1,1,2)"})), ("y.npy", TWO)),
         "array 'x': 9 axes: the limit is 8"),
        (npz(("x.npy", npy([1.0, 2.0], replace={"'<f8'": "__import__('os')"})), ("y.npy", TWO)),
         "its header does not give"),
        (npz(("x.npy", b"(" * 9000), ("y.npy", TWO)), "array 'x': is not a NumPy array"),
        (npz(("x.npy", TWO[:6] + b"\x09\x00" + TWO[8:]), ("y.npy", TWO)), "format 1 or 2"),
        (npz(("x.npy", TWO[:6] + b"\x02\x00\xff\xff\xff\x7f" + TWO[8:]), ("y.npy", TWO)),
         "a header of 2,147,483,647 bytes: the limit is 10,000"),
        (npz(("x.npy", b""), ("y.npy", TWO)), "array 'x': is not a NumPy array of format 1 or 2"),
        (npz(*((f"a{i}.npy", b"") for i in range(MAX_ARRAYS + 1))), "too many arrays: the limit"),
        (encrypted(), "array 'x': is encrypted"),
        (lying_directory(), "array 'x': is damaged"),
    ],
)  # fmt: skip
def test_a_bad_npz_is_one_error_that_names_the_file(refuse, content, message):
    said = refuse(WITH_NPZ, file="a.npz", a_npz=content)[2]
    assert message in said


def test_a_bomb_is_refused(refuse):
    said = refuse(WITH_NPZ, file="a.npz", a_npz=bomb())[2]
    assert "array 'x': 16,777,216 numbers: the limit for a file is 8,000,000" in said


def test_an_array_that_is_not_there_is_an_error_of_the_scenario(refuse):
    content = npz(("features.npy", TWO), ("y.npy", TWO))
    text = WITH_NPZ.replace('x = "x"', 'x = "feature"')
    said, under = refuse(text, a_npz=content)[2:]
    assert (said, under) == (
        "no array 'feature' in a.npz; did you mean 'features'?", '"feature"'
    )  # fmt: skip


def test_columns_of_another_length_cannot_be_stacked(refuse):
    content = npz(("a.npy", TWO), ("b.npy", npy([1.0])), ("y.npy", TWO))
    text = WITH_NPZ.replace('x = "x"', 'x = ["a", "b"]')
    said, under = refuse(text, a_npz=content)[2:]
    assert under == '"b"'
    assert said.endswith("of one length, but 'a' has shape 2, 'b' 1")


def test_a_bad_label_of_an_npz_is_an_error_of_the_scenario_with_its_index(refuse):
    text = CLASSES.replace("labels = [0, 2, 1]", 'file = "a.npz"\nlabels = "l"')
    said, under = refuse(text, a_npz=npz(("l.npy", npy([0, 2, 5]))))[2:]
    assert under == '"l"'
    assert said.startswith("element [2] of 'labels': 'labels' must hold whole numbers from 0 to 2")


def test_a_named_pipe_or_a_link_to_elsewhere_is_no_data(refuse, tmp_path):
    os.mkfifo(tmp_path / "a.npz")
    assert refuse(WITH_NPZ)[2] == "data file 'a.npz': is a named pipe, not a file"
    (tmp_path / "a.npz").unlink()
    (tmp_path / "a.npz").symlink_to("/etc/hostname")
    said, under = refuse(WITH_NPZ)[2:]
    assert "lies outside the scenario's folder" in said
    assert under == '"a.npz"'


GOOD_NPZ = npz(("x.npy", TWO), ("y.npy", npy([[1, 2], [3, 4]])))


@settings(max_examples=400)
@given(
    st.lists(
        st.tuples(st.integers(0, len(GOOD_NPZ)), st.integers(0, 8), st.binary(max_size=8)),
        min_size=1, max_size=4,
    )
)  # fmt: skip
def test_a_mutated_npz_is_read_or_refused(changes):
    raw = GOOD_NPZ
    for at, deleted, inserted in changes:
        raw = raw[:at] + inserted + raw[at + deleted :]
    try:
        file = read_npz(raw, "a.npz")
        for name in ("x", "y"):
            file.check_name(name)
        found = file.arrays(["x", "y"])
    except InputError as error:
        assert error.message
    else:
        assert all(np.isfinite(array).all() for array in found.values())


def test_the_limit_holds_for_all_arrays_of_a_file_together():
    half = npy(np.zeros(MAX_NUMBERS // 2 + 1, "i1"))
    file = read_npz(npz(("a.npy", half), ("b.npy", half)), "a.npz")
    assert file.arrays(["a"])["a"].size == MAX_NUMBERS // 2 + 1
    with pytest.raises(InputError, match=r"array 'b': 4,000,001 numbers: the limit for a file is"):
        file.arrays(["a", "b"])


def test_columns_that_are_named_over_and_over_are_refused(refuse):
    often = ", ".join(['"x"'] * 9000)
    text = WITH_NPZ.replace("a.npz", "a.csv").replace('x = "x"', f"x = [{often}]")
    *_, message, marked = refuse(text, a_csv=b"x,y\n" + b"1,2\n" * 2000)
    more = "[data] takes more than 16,000,000 numbers from its file, some more than once"
    assert message == f"{more}. GRADTUI_MEMORY=2 allows it"
    assert marked.startswith('["x", "x"')
