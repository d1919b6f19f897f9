"""The program: the command `gradtui`, and `python -m gradtui`."""

# Before every slow import, also that of signal with its enums: an interrupt there would end
# in a traceback.  Interrupts ignored by the starting process stay ignored.
import _signal  # type: ignore[import-not-found]

if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)

import gc
import sys

gc.disable()  # nothing of what is imported is garbage; looking for some took a tenth of the time
from gradtui.base.postponed import postpone  # noqa: E402

postpone()
from gradtui.cli.arguments import main  # noqa: E402

gc.freeze()  # nor does any of it become garbage: without this, the next look would walk it all
gc.enable()

if __name__ == "__main__":
    sys.exit(main())
