"""A sealed file is read back as it was, or refused."""

import pytest

from gradtui.base.source import InputError
from gradtui.saving.sealed import seal, unseal


def test_what_is_sealed_is_read_back():
    raw = seal("gradtui-test", "1", {"a": [1, 2]})
    assert unseal("gradtui-test", "1", raw, dict) == {"a": [1, 2]}


@pytest.mark.parametrize("change", ["kind", "version", "a byte", "an end"])
def test_what_is_changed_is_refused(change):
    raw = seal("gradtui-test", "1", {"a": [1, 2]})
    kind, version = ("other" if change == "kind" else "gradtui-test"), "1"
    if change == "version":
        version = "2"
    if change == "a byte":
        raw = raw.replace(b"2]", b"3]")
    if change == "an end":
        raw = raw[:-1]
    with pytest.raises(InputError):
        unseal(kind, version, raw, dict)
