"""A process of pytest-xdist that is a fork of a warm Python.

Called with the Python that its tests are to call, and then as pytest-xdist calls a
Python: `-u -c CODE`.
"""

import sys
import warnings
from typing import cast

if __name__ == '__main__':
    sys.executable, *_, code = sys.argv[1:]
    # A warm Python ignores all warnings; tests expect some, and that there are none.
    sys.warnoptions.clear()
    cast(list, warnings.filters).remove(('ignore', None, Warning, None, 0))
    exec(code)
