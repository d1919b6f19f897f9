"""What the garbage collector is spared while tests run, and searches through it.

A check looks twice for what refers to some code or class among all objects that there are: ten
thousand tests are nearly a million, and to look through those that are spared means to spare all
garbage of the tests before, too.  What was there before the first test is known instead by the
code that it runs, and by its class.
"""

import gc
from collections import defaultdict
from types import FunctionType

from gradtui.recording import hashes, living
from gradtui.recording.modules import is_users

_freeze, _unfreeze = gc.freeze, gc.unfreeze


class Spared:
    """Stands for the collector where gradtui looks for what refers to something."""

    def __init__(self):
        self._any, self._known = False, {}
        """Whether anything is spared; the ids of codes and of the user's classes among it, with
        the functions and objects of them."""
        self._is_whole = False
        """Whether all of it is known."""
        self._asked = False
        """Whether it is to be searched, too."""

    def begin(self):
        """Let the collector tell of all that it spares, and gradtui search through that."""
        gc.freeze, gc.unfreeze = self._spare, self._release
        gc.get_freeze_count = self.get_freeze_count
        living.gc = hashes.gc = self

    def _spare(self):
        self._is_whole = not self._any
        if self._is_whole:
            self._known = _known()
        _freeze()
        self._any = True

    def _release(self):
        _unfreeze()
        self._any, self._is_whole, self._known = False, False, {}

    def get_freeze_count(self):
        """Return whether anything is spared: to count it would be to walk through all of it."""
        return int(self._any)

    def unfreeze(self):
        self._asked = self._is_whole
        if not self._asked:
            _unfreeze()

    def freeze(self):
        if not self._asked:
            _freeze()
        self._asked = False

    def get_referrers(self, *values):
        asked = values if self._asked else ()
        known = [one for value in asked for one in self._known.get(id(value), ())]
        return gc.get_referrers(*values) + known


def _known():
    known, kinds = defaultdict(list), {}
    for one in gc.get_objects():
        kind = type(one)
        if kind is FunctionType:
            known[id(one.__code__)].append(one)
        else:
            if kind not in kinds:
                kinds[kind] = is_users(kind)
            if kinds[kind]:
                known[id(kind)].append(one)
    return known
