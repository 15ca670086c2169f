"""The page that annotates a folder, in a real browser."""

import subprocess

import numpy as np
import pytest

from fashion_mmpose.formats.coco.columns import read_columns

from .conftest import Command
from .test_browser import POINT, WAIT_MS, drag, middle

pytestmark = pytest.mark.slow


def test_a_folder_is_annotated(browser, tmp_path, picture_file):
    folder, out = tmp_path / 'pictures', tmp_path / 'corrected.json'
    folder.mkdir()
    # Gradio would run what stands in a name, were it part of a template.
    code = 'b ${document.body.setAttribute("ran", 1)} {{count}} <i>.png'
    for name in ('a.png', code):
        (folder / name).write_bytes(picture_file.read_bytes())
    (folder / 'c.png').write_bytes(b'this is no picture')
    options = ('--annotate', str(folder), '--out', str(out))
    running = Command(*options)
    try:
        page = browser.new_page(viewport=dict(width=1280, height=900))
        page.set_default_timeout(WAIT_MS)
        page.goto(running.address)
        page.wait_for_selector(POINT)
        page.wait_for_selector('#progress >> text=1 of 3')
        drag(page, middle(page, f'{POINT}[data-point="0"]'), (30, 20))
        page.mouse.click(*middle(page, f'{POINT}[data-point="2"]'))
        page.keyboard.press('Shift+ArrowRight')
        page.wait_for_timeout(430)  # it is sent, and answered after the next key
        page.keyboard.press('Shift+ArrowRight')
        page.keyboard.press('Enter')  # at once: no correction must be lost
        page.wait_for_selector('#progress >> text=2 of 3')
        assert page.locator('#progress b').text_content() == code
        assert page.locator('body').get_attribute('ran') is None
        # So soon after a key, the page has not sent what it did.
        page.mouse.click(*middle(page, f'{POINT}[data-point="1"]'))
        page.keyboard.press('Shift+ArrowRight')
        page.get_by_role('button', name='Save and next').click()
        page.wait_for_selector('#progress >> text=2 done')
        page.wait_for_selector('#progress >> text=c.png is no picture')
        locked = subprocess.run(running.process.args, capture_output=True, text=True)
        assert locked.returncode == 1
        assert 'is in use by process' in locked.stderr
    finally:
        assert running.stop() == 143
    columns = read_columns(out, 'deepfashion2')
    assert columns.images.file_names == ['a.png', code]
    first, second = np.split(columns.points, 2)
    assert np.linalg.norm((first - second)[0, :2]) > 15
    np.testing.assert_allclose((second - first)[1, :2], (10, 0), atol=0.01)
    np.testing.assert_allclose((first - second)[2, :2], (20, 0), atol=0.01)
    np.testing.assert_allclose(first[3:], second[3:], atol=1e-3)
