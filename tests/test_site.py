"""The pages of docs/ as Sphinx builds them."""

import re
import subprocess
import sys

import pytest
from toolbox import ROOT

from fashion_mmpose.cli.main import COMMANDS

pytestmark = [pytest.mark.slow, pytest.mark.docs]

# To a file of the repository, and perhaps to a heading of it.
LINK = re.compile(r'\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)')


@pytest.fixture(scope='module')
def site(tmp_path_factory):
    """The folder of the built pages; any warning fails."""
    out = tmp_path_factory.mktemp('site')
    options = ['-W', '--keep-going', '-q', '-b', 'html', '-d', out / 'doctrees']
    command = [sys.executable, '-W', 'ignore', '-m', 'sphinx', *options]
    done = subprocess.run(
        [*command, ROOT / 'docs', out / 'html'], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return out / 'html'


def test_every_page_is_reached_from_the_first(site):
    menu = (site / 'index.html').read_text()
    for path in (ROOT / 'docs').glob('*.md'):
        assert f'href="{path.stem}.html"' in menu or path.stem == 'index', path.name


def test_every_command_and_public_name_has_an_entry(site):
    commands = (site / 'api/commands.html').read_text()
    for name in COMMANDS:
        assert f'id="{name.replace(" ", "-")}"' in commands, name
    assert commands.count('usage: ') >= len(COMMANDS)
    inference = (site / 'api/inference.html').read_text()
    for name in ('GarmentInferencer', 'PicturePrediction', 'GarmentPrediction'):
        assert re.search(rf'id="fashion_mmpose\.[\w.]*{name}"', inference), name
    assert (
        'id="fashion_mmpose.models.CPNHead"' in (site / 'api/models.html').read_text()
    )


def test_the_search_works_offline(site):
    index = (site / 'searchindex.js').read_text()
    assert 'armpit' in index and 'covari' in index
    for page in site.glob('*.html'):
        scripts = re.findall(
            r'<(?:script|link)[^>]+(?:src|href)="(https?:[^"]+)"', page.read_text()
        )
        assert not scripts, page.name


def anchors_of(path):
    """The headings of a page, as code hosts name them."""
    text = re.sub(r'^```.*?^```', '', path.read_text(), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r'^#+ (.+)$', text, re.MULTILINE)
    return {
        re.sub(r'[^\w\- ]', '', heading.lower()).strip().replace(' ', '-')
        for heading in headings
    }


@pytest.mark.parametrize('page', ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'])
def test_links_of_other_pages_lead_somewhere(page):
    """Sphinx checks those of docs/."""
    for path, anchor in LINK.findall((ROOT / page).read_text()):
        target = ROOT / path if path else ROOT / page
        assert target.exists(), path
        assert not anchor or anchor in anchors_of(target), f'{path}#{anchor}'
