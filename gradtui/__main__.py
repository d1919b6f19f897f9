"""`python -m gradtui`."""

import sys

from gradtui.cli import main

sys.exit(main())
