"""The page in a real browser: what people see, do and save."""

import base64
import json
import re
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from fashion_mmpose.formats.coco.columns import read_columns

pytestmark = pytest.mark.slow

WAIT_MS = 30_000
POINT = '#editor .fm-point'
DRESS_POINTS = 37


@pytest.fixture(scope='module')
def new_page(browser, command):
    """Opens the page anew; what it has asked for elsewhere and its errors come along.

    The browser keeps what it has loaded.
    """
    context = browser.new_context(
        viewport=dict(width=1280, height=900), accept_downloads=True
    )
    own = (command.address, 'data:', f'blob:{command.address}')

    def open_(prepare=None):
        opened = context.new_page()
        opened.set_default_timeout(WAIT_MS)
        if prepare is not None:
            prepare(opened)
        elsewhere, errors = [], []
        opened.on(
            'request', lambda r: r.url.startswith(own) or elsewhere.append(r.url[:200])
        )
        opened.on('pageerror', lambda error: errors.append(str(error)))
        opened.goto(command.address)
        opened.wait_for_selector('#uploader .fm-choose')
        return opened, elsewhere, errors

    yield open_
    context.close()


@pytest.fixture(scope='module')
def opened(new_page):
    return new_page()


@pytest.fixture
def page(opened):
    """The page without pictures; fails where a request would leave the machine.

    It is the same for all tests, which leave nothing behind but pictures.
    """
    page, elsewhere, errors = opened
    yield page
    page.get_by_role('button', name='Clear').click()
    page.wait_for_selector('#editor .fm-welcome', state='visible')
    assert elsewhere == []
    assert errors == []


def choose(page, *files: Path) -> None:
    page.locator('#uploader .fm-files').set_input_files([str(file) for file in files])


def drag(page, place: tuple[float, float], by: tuple[float, float]) -> None:
    page.mouse.move(*place)
    page.mouse.down()
    page.mouse.move(place[0] + by[0] / 2, place[1] + by[1] / 2)
    page.mouse.move(place[0] + by[0], place[1] + by[1])
    page.mouse.up()


# In one step: what the page draws anew in between would be gone.
MIDDLE = """selector => {
    const element = document.querySelector(selector);
    if (!element) return null;
    element.scrollIntoViewIfNeeded();
    const {x, y, width, height} = element.getBoundingClientRect();
    return width > 0 ? [x + width / 2, y + height / 2] : null;
}"""


def middle(page, selector: str) -> tuple[float, float]:
    """The middle of an element on the screen, once it is there."""
    x, y = page.wait_for_function(MIDDLE, arg=selector).json_value()
    return x, y


def save(page, button: str) -> Path:
    """What a button downloads."""
    with page.expect_download() as begun:
        page.get_by_role('button', name=button, exact=True).click()
    return Path(begun.value.path())


def settle(page) -> None:
    """Let the server answer to what was done."""
    page.wait_for_selector('#editor .fm-root[data-kept=true]', state='attached')


def test_a_picture_goes_in_and_its_files_come_out(page, picture_file, dress):
    choose(page, picture_file)
    page.wait_for_selector(POINT)
    assert page.locator(POINT).count() == DRESS_POINTS
    name = page.locator('#editor .fm-row select').evaluate('s => s.value')
    assert name == 'long_sleeved_dress'
    coco = save(page, 'COCO JSON')
    columns = read_columns(coco, 'deepfashion2')
    assert columns.images.file_names == ['dress.png']
    assert columns.images.sizes_wh.tolist() == [[468, 624]]
    lines = save(page, 'Points as CSV').read_text().splitlines()
    assert len(lines) == 1 + DRESS_POINTS
    assert lines[1].startswith('dress.png,1,long_sleeved_dress,lsd_kpt1,')
    assert ',cm,' not in save(page, 'Lengths as CSV').read_text()
    drawn = cv2.imread(str(save(page, 'Drawn picture')))
    assert drawn.shape == dress.shape
    assert 1000 < (drawn != dress).any(axis=2).sum() < 0.3 * dress[..., 0].size


def test_a_point_is_moved_and_the_step_taken_back(page, picture_file):
    choose(page, picture_file)
    page.wait_for_selector(POINT)
    before = read_columns(save(page, 'COCO JSON'), 'deepfashion2').points
    place = middle(page, f'{POINT}[data-point="0"]')
    scale = 468 / page.locator('#editor .fm-svg').bounding_box()['width']
    drag(page, place, (30, 20))
    settle(page)
    moved = read_columns(save(page, 'COCO JSON'), 'deepfashion2').points
    way = (moved - before)[0, :2]
    np.testing.assert_allclose(way, np.array([30, 20]) * scale, atol=2)
    np.testing.assert_allclose(moved[1:], before[1:], atol=1e-3)
    assert 'by hand' in save(page, 'Points as CSV').read_text()
    page.locator('#editor .fm-undo').click()
    settle(page)
    again = read_columns(save(page, 'COCO JSON'), 'deepfashion2').points
    np.testing.assert_allclose(again, before, atol=1e-3)


def test_points_are_covered_removed_and_brought_back(page, picture_file):
    choose(page, picture_file)
    page.wait_for_selector(POINT)
    page.mouse.click(*middle(page, f'{POINT}[data-point="5"]'))
    page.get_by_role('button', name='Covered').click()
    page.keyboard.press('Control+z')
    page.get_by_label('point', exact=True).select_option(
        index=8
    )  # the eighth; 0 is none
    page.get_by_role('button', name='Covered').click()
    page.get_by_label('point', exact=True).select_option(index=10)
    page.locator('#editor .fm-panel').get_by_role('button', name='Remove').click()
    page.wait_for_function(
        f"document.querySelectorAll('{POINT}').length === {DRESS_POINTS - 1}"
    )
    settle(page)
    points = read_columns(save(page, 'COCO JSON'), 'deepfashion2').points
    assert points[7, 2] == 1
    assert points[9].tolist() == [0, 0, 0]
    page.get_by_label('point', exact=True).select_option(index=10)
    settle(page)
    points = read_columns(save(page, 'COCO JSON'), 'deepfashion2').points
    assert points[9, 2] == 2 and points[9, :2].all()


def test_corrections_in_quick_succession_are_all_answered(page, picture_file):
    choose(page, picture_file)
    page.wait_for_selector(POINT)
    page.mouse.click(*middle(page, f'{POINT}[data-point="5"]'))
    for count in range(12):
        for _ in range(1 + count % 3):
            page.keyboard.press('v')  # visible, or not
        settle(page)
    points = read_columns(save(page, 'COCO JSON'), 'deepfashion2').points
    assert points[5, 2] == 2 and (points[:, 2] == 2).all()


def test_keys_move_a_point(page, picture_file):
    choose(page, picture_file)
    page.wait_for_selector(POINT)
    before = read_columns(save(page, 'COCO JSON'), 'deepfashion2').points
    page.mouse.click(*middle(page, f'{POINT}[data-point="20"]'))
    for key in ('ArrowRight', 'ArrowRight', 'Shift+ArrowDown'):
        page.keyboard.press(key)
    settle(page)  # several keys are one change
    moved = read_columns(save(page, 'COCO JSON'), 'deepfashion2').points
    np.testing.assert_allclose((moved - before)[20, :2], (2, 10), atol=0.01)


def test_a_garment_by_a_box_and_of_another_category(page, picture_file):
    choose(page, picture_file)
    page.wait_for_selector(POINT)
    page.locator('#editor .fm-garments').get_by_role('button', name='Remove').click()
    page.wait_for_selector('#editor .fm-garments .fm-hint')
    page.locator('#editor [data-use=box]').click()
    page.locator('#editor .fm-svg').scroll_into_view_if_needed()
    box = page.locator('#editor .fm-svg').bounding_box()
    corner = box['x'] + 0.1 * box['width'], box['y'] + 0.1 * box['height']
    drag(page, corner, (0.8 * box['width'], 0.82 * box['height']))
    page.wait_for_selector(POINT)
    row = page.locator('#editor .fm-row')
    assert row.count() == 1
    row.locator('select').select_option('short_sleeved_dress')
    page.wait_for_function(
        "document.querySelectorAll('#editor .fm-point').length === 29"
    )
    settle(page)
    columns = read_columns(save(page, 'COCO JSON'), 'deepfashion2')
    assert columns.category_ids.tolist() == [10]


def test_a_box_is_taken_back_alone(page, picture_file):
    choose(page, picture_file)
    page.wait_for_selector(POINT)
    before = read_columns(save(page, 'COCO JSON'), 'deepfashion2').points
    drag(page, middle(page, f'{POINT}[data-point="0"]'), (30, 20))
    page.locator('#editor [data-use=box]').click()
    page.locator('#editor .fm-svg').scroll_into_view_if_needed()
    box = page.locator('#editor .fm-svg').bounding_box()
    corner = box['x'] + 0.1 * box['width'], box['y'] + 0.1 * box['height']
    drag(page, corner, (0.8 * box['width'], 0.82 * box['height']))
    # While the box is looked at: what comes must not be lost, nor this.
    drag(page, middle(page, f'{POINT}[data-point="1"]'), (30, 20))
    rows = page.locator('#editor .fm-row')
    rows.nth(1).wait_for()
    settle(page)
    both = read_columns(save(page, 'COCO JSON'), 'deepfashion2')
    assert len(both.ids) == 2
    page.locator('#editor .fm-undo').click()
    settle(page)
    points = read_columns(save(page, 'COCO JSON'), 'deepfashion2').points
    assert len(points) == DRESS_POINTS
    assert (np.abs(points - before)[:2, :2].sum(axis=1) > 10).all()
    np.testing.assert_allclose(points[2:], before[2:], atol=1e-3)


def test_the_slider_hides_and_names_show(page, picture_file):
    choose(page, picture_file)
    page.wait_for_selector(POINT)
    page.locator('#editor .fm-names').check()
    assert page.locator('#editor .fm-name').count() == DRESS_POINTS
    page.locator('#editor .fm-least').fill('0.8')
    assert 0 < page.locator(POINT).count() < DRESS_POINTS
    page.locator('#editor .fm-names').uncheck()
    page.locator('#editor .fm-least').fill('0.2')
    assert page.locator(POINT).count() == DRESS_POINTS


@pytest.fixture
def measured_by(page):
    """Shows the example with its lengths; its argument tells centimetres."""
    page.get_by_role('button', name='Measure').click()

    def choose_scale(text):
        page.get_by_label('What tells centimetres').click()
        page.get_by_role('option', name=re.compile(text)).click()

    def show(scale):
        page.get_by_role('button', name='A shirt and a 10 cm marker').click()
        page.wait_for_selector(POINT)
        choose_scale(scale)
        page.locator('#editor .fm-ways').check()
        return page

    yield show
    page.locator('#editor .fm-ways').uncheck()
    choose_scale('nothing')
    page.get_by_role('button', name='Measure').click()


def test_lengths_by_two_clicks(measured_by):
    page = measured_by('a length that I know')
    page.wait_for_selector('#editor [data-use=ruler]:not([hidden])')
    page.locator('#editor [data-use=ruler]').click()
    page.locator('#editor .fm-svg').scroll_into_view_if_needed()
    box = page.locator('#editor .fm-svg').bounding_box()
    for x in (0.2, 0.6):
        page.mouse.click(box['x'] + x * box['width'], box['y'] + 0.1 * box['height'])
    settle(page)
    page.wait_for_selector('#editor .fm-ruler', state='attached')
    rows = save(page, 'Lengths as CSV').read_text().splitlines()[1:]
    assert {row.split(',')[5] for row in rows} == {'cm'}
    assert page.locator('#editor .fm-way').count() > 5


def test_lengths_by_a_marker(measured_by):
    page = measured_by('ArUco marker')
    page.wait_for_selector('#editor .fm-corner >> nth=3')
    shown = page.locator('#editor .fm-length').all_text_contents()
    assert any(re.fullmatch(r'hem width \d+\.\d cm', text) for text in shown)


def test_several_pictures_and_one_that_is_none(page, picture_file, tmp_path):
    bad, second = tmp_path / 'notes.png', tmp_path / 'second.png'
    bad.write_bytes(b'this is no picture')
    second.write_bytes(picture_file.read_bytes())
    choose(page, picture_file, bad, second)
    page.wait_for_selector('text=notes.png is no picture')
    page.wait_for_function(
        "document.querySelectorAll('#editor .fm-strip button').length === 2"
    )
    page.locator('#editor .fm-strip button').first.click()
    page.wait_for_selector('#editor .fm-strip button:first-child[aria-pressed=true]')
    coco = json.loads(save(page, 'COCO JSON').read_text())
    names = [image['file_name'] for image in coco['images']]
    assert names == ['dress.png', 'second.png']
    page.get_by_role('button', name='Clear').click()
    page.wait_for_selector('#editor .fm-welcome', state='visible')
    page.get_by_role('button', name='COCO JSON').click()
    page.wait_for_selector('text=there is nothing to save')


def test_what_is_too_large_is_not_sent(page, tmp_path):
    large = tmp_path / 'large.png'
    with large.open('wb') as file:
        file.truncate(26 << 20)
    sent = []
    page.on('request', lambda r: sent.append(r.method))
    choose(page, large)
    page.wait_for_selector('text=large.png has more than 25 MB')
    assert not {*sent} - {'GET'}


def test_pasted_and_dropped_pictures(page, picture_file):
    script = """([text, kind]) => {
        const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([bytes], `${kind}.png`, { type: 'image/png' }));
        const [place, event] = kind === 'drop'
            ? [document.querySelector('#uploader .fm-zone'),
                new DragEvent('drop', { dataTransfer: data })]
            : [document, new ClipboardEvent('paste', { clipboardData: data })];
        place.dispatchEvent(event);
    }"""
    text = base64.b64encode(picture_file.read_bytes()).decode()
    page.evaluate(script, [text, 'drop'])
    page.wait_for_selector(POINT)
    page.evaluate(script, [text, 'paste'])
    page.wait_for_function(
        "document.querySelectorAll('#editor .fm-strip button').length === 2"
    )
    images = page.locator('#editor .fm-strip img')
    names = images.evaluate_all('all => all.map((image) => image.alt)')
    assert names == ['drop.png', 'paste.png']


def as_phone(page) -> None:
    """Let a page be shown as on a telephone."""
    devtools = page.context.new_cdp_session(page)
    size = dict(width=390, height=844, deviceScaleFactor=1, mobile=True)
    devtools.send('Emulation.setDeviceMetricsOverride', size)
    devtools.send('Emulation.setTouchEmulationEnabled', dict(enabled=True))


def test_a_phone_shows_all_of_it(new_page, picture_file):
    page, *_ = new_page(as_phone)
    choose(page, picture_file)
    page.wait_for_selector(POINT)
    assert page.evaluate('document.documentElement.scrollWidth') == 390
    assert page.evaluate('navigator.maxTouchPoints') > 0
    box = page.locator('#editor .fm-svg').bounding_box()
    assert box['width'] > 330
    # A finger takes hold of a point, and sees it beside itself.
    place = middle(page, f'{POINT}[data-point="0"]')
    touch = page.context.new_cdp_session(page)

    def send(kind: str, *places: tuple[float, float]) -> None:
        points = [dict(x=x, y=y) for x, y in places]
        touch.send('Input.dispatchTouchEvent', dict(type=kind, touchPoints=points))

    send('touchStart', place)
    for step in range(1, 6):
        send('touchMove', (place[0] + 6 * step, place[1] + 4 * step))
    assert page.locator('#editor .fm-loupe').is_visible()
    send('touchEnd')
    assert not page.locator('#editor .fm-loupe').is_visible()
    moved = middle(page, f'{POINT}[data-point="0"]')
    assert moved[0] - place[0] == pytest.approx(30, abs=3)
    page.close()


def test_a_closed_page_leaves_no_picture(new_page, served, picture_file):
    def files():
        return [path for path in served.rglob('*') if path.is_file()]

    page, *_ = new_page()
    before = files()
    choose(page, picture_file)
    page.wait_for_selector(POINT)
    kept = [path for path in files() if path not in before]
    assert [path.read_bytes() for path in kept] == [picture_file.read_bytes()]
    page.close()
    until = time.monotonic() + 60
    while files():
        assert time.monotonic() < until
        time.sleep(0.2)
