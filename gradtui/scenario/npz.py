"""NPZ files as arrays of 64-bit floats. Nothing is unpickled, and no header is trusted.

The format is NumPy's: a ZIP file of `.npy` members (NEP 1).  A member is read only after its header
and the ZIP's directory agree on its size, and never further.
"""

from __future__ import annotations

import io
import math
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from typing import IO, Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gradtui.base.memory import grown, lifted
from gradtui.base.source import InputError, Place, did_you_mean
from gradtui.base.text import clip, number, shape_said, shape_text

MAX_ARRAYS = 1000
MAX_AXES = 8
MAX_NUMBERS = 8_000_000
"""Most numbers in all arrays that are read from a file."""

_SHOWN = 30
_HEADER = 10_000
_MAGIC = b"\x93NUMPY"
_DIRECTORY_ENTRY = b"PK\x01\x02"
_DESCR = re.compile(r"'descr': *'([<>|=]?)([a-zA-Z])(\d{0,3})'")
_ORDER = re.compile(r"'fortran_order': *(True|False)")
_SHAPE = re.compile(r"'shape': *\(([\d, ]*)\)")
_SIZES = {"f": (2, 4, 8), "i": (1, 2, 4, 8), "u": (1, 2, 4, 8)}
_KINDS = {"c": "complex numbers", "O": "Python objects", "U": "text", "S": "bytes", "b": "booleans",
          "M": "dates", "m": "durations", "V": "records"}  # fmt: skip
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Methods that zipfile unpacks in bounded pieces; others in blocks of any size."""
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError,
    ValueError, IndexError, OverflowError, OSError,
)  # fmt: skip
"""Exceptions of zipfile for bytes that are not a complete ZIP file."""


class NpzFile(Struct, frozen=True, eq=False):
    """The directory of an NPZ file; arrays are read on demand."""

    file: str
    _archive: zipfile.ZipFile
    _members: Mapping[str, zipfile.ZipInfo]

    def check_name(self, name: str, place: Place | None = None) -> None:
        """Raise an `InputError` if there is no such array.

        It is at `place`, where the scenario gives the name, and names no file.
        """
        if name in self._members:
            return
        near = did_you_mean(name[:_SHOWN], self._members)
        known = clip(", ".join([*self._members][:20]), 60)
        file = os.path.basename(self.file)
        message = f"no array '{clip(name, _SHOWN)}' in {file}{near or f'; it has {known}'}"
        raise InputError(message, place)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its arrays."""
        return tuple(self._members)

    def arrays(
        self, names: Iterable[str], *, finite: bool = True
    ) -> dict[str, NDArray[np.float64]]:
        """Return the named arrays, read-only, as 64-bit floats.

        A `KeyError` for a name that is not in the file; an `InputError` that names the file and the
        array if it holds anything but real numbers, finite ones unless `finite` is False, or not
        what its header says.
        """
        left, found = grown(MAX_NUMBERS), {}
        for name in names:
            try:
                found[name] = self._array(self._members[name], left)
                if finite:
                    _check_finite(found[name])
            except InputError as error:
                message = f"array '{clip(name, _SHOWN)}': {error.message}"
                raise InputError(message, file=self.file) from None
            left -= found[name].size
        return found

    def digits(self, name: str) -> int:
        """Return how many binary digits the numbers of an array have, 53 for integers.

        A `KeyError` for a name that is not in the file, an `InputError` for anything but an array.
        """
        with self._archive.open(self._members[name]) as stream:
            dtype, *_ = _read_header(stream)
        return int(np.finfo(dtype).nmant) + 1 if dtype.kind == "f" else 53

    def _array(self, member: zipfile.ZipInfo, limit: int) -> NDArray[np.float64]:
        if member.flag_bits & 1:
            raise InputError("is encrypted")
        if member.compress_type not in _COMPRESSIONS:
            raise InputError("is compressed in a way that NumPy does not use")
        try:
            with self._archive.open(member) as stream:
                return _read_npy(stream, member.file_size, limit)
        except _DAMAGE:
            raise InputError("is damaged: it cannot be unpacked") from None


def read_npz(raw: bytes, file: str) -> NpzFile:
    """Return the arrays that an NPZ file lists; raises `InputError` for any other file."""
    if raw.count(_DIRECTORY_ENTRY) > 2 * MAX_ARRAYS:
        raise InputError(f"too many arrays: the limit is {MAX_ARRAYS:,}", file=file)
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
        listed = archive.infolist()
    except _DAMAGE:
        raise InputError("not an NPZ file, or a damaged one", file=file) from None
    if len(listed) > MAX_ARRAYS:
        raise InputError(f"too many arrays: the limit is {MAX_ARRAYS:,}", file=file)
    members: dict[str, zipfile.ZipInfo] = {}
    for member in listed:
        name = member.filename.removesuffix(".npy")
        if name in members:
            raise InputError(f"holds the array '{clip(name, _SHOWN)}' twice", file=file)
        members[name] = member
    return NpzFile(file, archive, members)


def _read_npy(stream: IO[bytes], size: int, limit: int) -> NDArray[np.float64]:
    """Return the array of an NPY stream that should hold `size` bytes."""
    dtype, fortran, shape, header = _read_header(stream)
    count = math.prod(shape)
    if count == 0:
        raise InputError(f"holds no numbers: {shape_said('it', shape)}")
    if count > limit:
        most, shown = grown(MAX_NUMBERS), clip(f"{count:,}", _SHOWN)
        raise InputError(
            f"{shown} numbers: the limit for a file is {most:,}"
            + lifted(count + most - limit, MAX_NUMBERS)
        )
    expected = count * dtype.itemsize
    if size != header + expected:
        raise InputError(f"shape {shape_text(shape)} of {dtype.name} takes {expected:,} bytes, but "
                         f"the file has {size - header:,}")  # fmt: skip
    body = stream.read(expected + 1)
    if len(body) != expected:
        raise InputError("is damaged: it has fewer bytes than it announces")
    values = np.frombuffer(body, dtype).reshape(shape, order="F" if fortran else "C")
    found: NDArray[np.float64] = np.array(values, dtype=np.float64, order="C")
    found.flags.writeable = False
    return found


def _check_finite(found: NDArray[np.float64]) -> None:
    if not np.all(np.isfinite(found)):
        at = tuple(int(i) for i in np.argwhere(~np.isfinite(found))[0])
        where = f"element {list(at)}" if at else "it"
        raise InputError(f"expected finite numbers, {where} is {number(float(found[at]))}")


def _read_header(stream: IO[bytes]) -> tuple[np.dtype[Any], bool, tuple[int, ...], int]:
    """Return element type, Fortran order, shape, and the header's length in bytes.

    The header is a Python literal in NumPy's own writing; it is matched, never evaluated.
    """
    start = stream.read(8)
    if start[:6] != _MAGIC or start[6:] not in (b"\x01\0", b"\x02\0"):
        raise InputError("is not a NumPy array of format 1 or 2")
    width, code = (2, "<H") if start[6] == 1 else (4, "<I")
    (length,) = struct.unpack(code, stream.read(width))
    if length > _HEADER:
        raise InputError(f"a header of {length:,} bytes: the limit is {_HEADER:,}")
    text = stream.read(length).decode("latin-1")
    descr, order, shape = (p.search(text) for p in (_DESCR, _ORDER, _SHAPE))
    if not descr or not order or not shape:
        raise InputError("its header does not give the type, order and shape of plain numbers")
    kind, size = descr[2], int(descr[3] or 0)
    if size not in _SIZES.get(kind, ()):
        what = _KINDS.get(kind, f"numbers of type {descr[2]}{descr[3]}")
        raise InputError(f"holds {what}: expected floats or integers of at most 64 bits")
    axes = tuple(int(axis) for axis in shape[1].replace(" ", "").split(",") if axis)
    if len(axes) > MAX_AXES:
        raise InputError(f"{len(axes)} axes: the limit is {MAX_AXES}")
    dtype = np.dtype(f"{descr[1] or '='}{kind}{size}".replace("|", "="))
    return dtype, order[1] == "True", axes, 8 + width + length
