"""The sound scenario that hostile cases are made of, and where its data or code is elsewhere."""

import json
from pathlib import Path

DOCUMENT = json.loads((Path(__file__).parents[1] / "data" / "hostile.json").read_text("utf-8"))
BASE: str = DOCUMENT["base"]
LOSS = "L = mean((w*x + b - y)**2)"
_DATA = "x = [1.0, 2.0]\ny = [2.0, 4.0]"
_CODE = f'code = """\n{LOSS}\n"""'
COLUMNS = BASE.replace(_DATA, 'file = "a.csv"\nx = "x"\ny = "y"')
ARRAYS = COLUMNS.replace("a.csv", "a.npz")
SOURCE = BASE.replace(_CODE, 'source = "m.py:f"')
MEASURED = "x,y\n1,2\n2,4\n"
