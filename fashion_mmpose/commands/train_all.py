"""Train and test the five FashionAI categories, and merge their predictions.

The command is the script ``tools/train_all.py``, whose steps are scripts as well.
"""

import runpy

from fashion_mmpose.config import config_root


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code.

    Raises:
        FileNotFoundError: If the package came without scripts.
    """
    # A wheel and a checkout have the scripts beside the configs.
    script = config_root().parent / 'tools' / 'train_all.py'
    return runpy.run_path(str(script))['main'](argv)
