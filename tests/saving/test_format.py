"""The bytes of saved sessions: what was saved comes back, and nothing else is taken for it."""

from __future__ import annotations

from hashlib import sha256

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradtui.base.source import InputError
from gradtui.saving.anchors import Anchor
from gradtui.saving.format import (
    Saved,
    SavedBranch,
    SavedBreakpoint,
    SavedFix,
    SavedLesson,
    Snapshot,
    decode_saved,
    encode_saved,
)
from gradtui.saving.sealed import LIMIT

SAVED = Saved(
    "/home/someone/two_weights.toml",
    "0123456789abcdef",
    (
        Snapshot(
            7, Anchor(None, (("flow", "w1", -1, "ŷ", 2), ("seed",))), "operations", ("w1", -1),
            folded=(("ŷ", -1),), lens=((3, 1), 2), jacobian=1, surface="w1 w2", zoom=-3,
            followed="w1 lr", log=True, drawn=(2, 9),
            breakpoints=(SavedBreakpoint("loss > prev", enabled=False),), watches=("norm",),
            branches=(
                SavedBranch("lr 0.1", 0, 3, "lr 0.1"), SavedBranch("x", 1, 5, "w1 = 2"),
                SavedBranch(
                    "fix dw", 0, 0, "dw = x", fix=SavedFix("net.py", 4, 5, "dw = 1", "dw = x")
                ),
            ),
            current=2, lesson=SavedLesson(3, 7, (0, 1), (2,), (2,), 1, off=True),
        ),
        Snapshot(0, Anchor(2, ()), "named", ("w2", -1)),
    ),
)  # fmt: skip
RAW = encode_saved(SAVED)


def test_what_was_saved_comes_back():
    assert decode_saved(RAW) == SAVED


def test_any_bit_that_changes_is_detected():
    for place in range(len(RAW)):
        for bit in range(8):
            changed = bytearray(RAW)
            changed[place] ^= 1 << bit
            with pytest.raises(InputError):
                decode_saved(bytes(changed))


def test_any_cut_and_any_end_that_is_added_is_detected():
    for end in range(len(RAW)):
        with pytest.raises(InputError):
            decode_saved(RAW[:end])
    for more in (b"\0", b" ", b"\n", RAW):
        with pytest.raises(InputError):
            decode_saved(RAW + more)


def signed(body: bytes) -> bytes:
    """Return a file whose checksum is right, whatever it holds."""
    return b"gradtui session 2 " + sha256(body).hexdigest().encode() + b"\n" + body


def loads_or_is_refused(raw: bytes) -> None:
    try:
        found = decode_saved(raw, "file")
    except InputError as error:
        assert str(error).startswith("file:1:1: error: ")
        assert str(error).isprintable()
    else:
        assert decode_saved(encode_saved(found)) == found


@given(st.binary(max_size=400))
def test_any_bytes_are_refused(raw):
    loads_or_is_refused(raw)
    loads_or_is_refused(b"gradtui session 2 " + raw)


@given(st.binary(max_size=400))
def test_any_bytes_with_a_right_checksum_load_or_are_refused(body):
    loads_or_is_refused(signed(body))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(st.data())
def test_any_json_in_the_place_of_a_value_loads_or_is_refused(data):
    whole = msgspec.json.decode(RAW.partition(b"\n")[2])
    at = whole
    while True:
        keys = sorted(at) if isinstance(at, dict) else range(len(at))
        if not keys:
            break
        key = data.draw(st.sampled_from(list(keys)))
        if isinstance(at[key], dict | list) and data.draw(st.booleans()):
            at = at[key]
            continue
        at[key] = data.draw(VALUES)
        break
    try:
        body = msgspec.json.encode(whole)
    except (msgspec.MsgspecError, UnicodeEncodeError):
        return
    loads_or_is_refused(signed(body))


def test_another_version_and_too_much_are_refused_by_name():
    with pytest.raises(InputError, match="another version"):
        decode_saved(RAW.replace(b"session 2", b"session 1", 1))
    with pytest.raises(InputError, match="not a saved session"):
        decode_saved(RAW + b" " * LIMIT)
    with pytest.raises(InputError, match="cannot be read"):
        decode_saved(signed(b"[" * 100_000))
    with pytest.raises(OSError, match="too large"):
        encode_saved(Saved("x" * LIMIT, "", ()))
