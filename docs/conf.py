"""Sphinx reads the pages of this folder and the docstrings of the package.

``make docs`` builds ``docs/_build/html``; every warning is an error.
"""

import importlib
import io
import os
import sys
from contextlib import redirect_stdout, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

# MMPose is imported by what the plugin has prepared.
import fashion_mmpose.plugin  # noqa: E402, F401, I001
from mmcv.transforms.utils import cache_randomness  # noqa: E402

from fashion_mmpose.cli.main import COMMANDS  # noqa: E402
from fashion_mmpose.version import __version__  # noqa: E402

project = 'fashion_mmpose'
author = 'The fashion_mmpose authors'
copyright = author
release = version = __version__

extensions = [
    'myst_parser',
    'sphinx.ext.autodoc',
    'sphinx.ext.napoleon',
    'sphinx.ext.viewcode',
    'sphinx_copybutton',
]
exclude_patterns = ['_build']
myst_enable_extensions = ['colon_fence', 'dollarmath']
myst_heading_anchors = 4

autodoc_default_options = {'members': True, 'show-inheritance': True}
autodoc_member_order = 'bysource'
autodoc_typehints = 'signature'
autodoc_inherit_docstrings = False
add_module_names = False
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False

html_theme = 'furo'
html_title = f'fashion_mmpose {release}'
html_static_path = ['_static']
html_css_files = ['wide_tables.css']
html_theme_options = {'navigation_with_keys': True}
copybutton_exclude = '.linenos, .gp'


def write_commands(app) -> None:
    """One page with the help of every command, as the terminal shows it."""
    os.environ['COLUMNS'] = '88'
    lines = [
        '# Commands',
        '',
        '`fashion-mmpose COMMAND`, or the scripts in `tools/`.',
        '',
    ]
    for name, command in COMMANDS.items():
        printed = io.StringIO()
        main = importlib.import_module(command.module).main
        with redirect_stdout(printed), suppress(SystemExit):
            main(['--help'])
        lines += [f'## {name}', '', '```text', printed.getvalue().rstrip(), '```', '']
    Path(app.srcdir, 'api', 'commands.md').write_text('\n'.join(lines))


def document_decorated_methods() -> None:
    """Let classes show what mmcv's ``cache_randomness`` decorates.

    Only objects can be asked for such methods, but autodoc asks classes.
    """
    bind = cache_randomness.__get__

    def get(self, instance, owner):
        return self.func if instance is None else bind(self, instance, owner)

    cache_randomness.__get__ = get


def setup(app) -> None:
    """Called by Sphinx."""
    document_decorated_methods()
    app.connect('builder-inited', write_commands)
