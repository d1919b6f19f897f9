"""The program: the command `gradtui`, and `python -m gradtui`."""

# Before all that takes its time to import, signal with its enums too: an interrupt there would end
# in a traceback.  Where whoever started us has interrupts ignored, they stay so.
import _signal  # type: ignore[import-not-found]

if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)

import sys

from gradtui.cli.arguments import main

if __name__ == "__main__":
    sys.exit(main())
