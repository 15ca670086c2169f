"""Where the configs of the package lie."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def config_root() -> Path:
    """Returns the folder of the configs.

    That is ``.mim/configs`` inside an installed package, and ``configs`` beside
    the package in a source checkout.

    Raises:
        FileNotFoundError: There is neither.
    """
    installed = _PACKAGE / '.mim' / 'configs'
    if installed.is_dir():
        return installed
    checkout = _PACKAGE.parent
    # In site-packages, a folder named configs would be another project's.
    if (checkout / 'setup.py').is_file() and (checkout / 'configs').is_dir():
        return checkout / 'configs'
    raise FileNotFoundError(
        f'no configs in {installed} and {_PACKAGE} is not in a source checkout; '
        'install fashion_mmpose again with pip'
    )
