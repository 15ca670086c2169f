"""JSON files, and lists that are written entry by entry."""

import io
import json
import os
from threading import Thread

import msgspec
import pytest

from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.json_file import (
    JsonList,
    decode,
    encode,
    encode_whole_numbers,
    map_file,
    read_json,
)


def written(entries, lines=False):
    file = io.StringIO()
    items = JsonList(file, lines)
    items.extend(entries)
    items.close()
    return file.getvalue(), items.count


def test_an_entry_a_line():
    entries = [dict(a=[1, 2]), 'b', None]
    assert written(entries, lines=True) == ('[\n{"a":[1,2]},\n"b",\nnull\n]', 3)
    assert written([], lines=True) == ('[\n]', 0)


@pytest.mark.parametrize('count', [0, 1, 4096, 4097, 10_000])
@pytest.mark.parametrize('lines', [False, True])
def test_all_entries_are_there(count, lines):
    text, num_written = written(iter(range(count)), lines)
    assert json.loads(text) == list(range(count))
    assert num_written == count
    if not lines:
        assert text == json.dumps(list(range(count)), separators=(',', ':'))


@pytest.mark.parametrize(
    'text', ['Images/a b.jpg', 'a"b\\c', 'Größe.jpg', '\u4e0a\u8863/\U0001f457.jpg', '']
)
def test_whole_numbers_and_texts_by_the_fast_way(text):
    """The very same characters as by the other."""
    entry = dict(id=-1, text=text, numbers=[0, 10**15, -7], nested=[dict(a=[])])
    assert encode_whole_numbers([entry, 3]) == encode([entry, 3])


def test_entries_that_are_json_already():
    file = io.StringIO()
    items = JsonList(file)
    items.add('{"a":1}')
    items.extend([2, 3])
    items.close()
    assert (file.getvalue(), items.count) == ('[{"a":1},2,3]', 3)


def test_numbers_are_finite():
    with pytest.raises(ValueError, match='not JSON compliant'):
        encode(dict(score=float('nan')))
    with pytest.raises(ValueError, match='not JSON compliant'):
        written([float('inf')])


def test_what_is_no_json_is_told(tmp_path):
    path = tmp_path / 'file.json'
    path.write_text('[1, {"a": "\u00e9"}]', encoding='utf-8')
    assert read_json(path) == [1, dict(a='\u00e9')]
    for content, reason in ((b'[{', 'Expecting'), (b'["\xff"]', '.*decode')):
        path.write_bytes(content)
        with pytest.raises(FormatError, match=f'file.json is not valid JSON: {reason}'):
            read_json(path)
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path / 'none.json')


def mapped(path):
    with map_file(path, 'list') as data:
        return msgspec.json.decode(data)


@pytest.mark.parametrize('bom', ['', '\ufeff'])
@pytest.mark.parametrize('number', ['NaN', 'Infinity', '-Infinity'])
def test_numbers_that_are_not_finite_are_named(tmp_path, number, bom):
    path = tmp_path / 'results.json'
    path.write_text(f'{bom}[0.5, {number}]')
    name = number.removeprefix('-')
    reason = f'it holds {name}, which is no number of JSON \\(byte [67]\\); to fix it'
    with (
        pytest.raises(FormatError, match=f'result {path} is not valid JSON: {reason}'),
        map_file(path, 'result') as data,
    ):
        decode(data, list[float])


@pytest.mark.parametrize('read', [read_json, mapped])
def test_a_byte_order_mark_is_no_content(tmp_path, read):
    path = tmp_path / 'file.json'
    path.write_text('[1, "\u00e9"]', encoding='utf-8-sig')
    assert read(path) == [1, '\u00e9']
    path.write_bytes(b'\xef\xbb\xbf')
    with pytest.raises(FormatError, match='file.json is not valid JSON'):
        read(path)
    path.write_text('[1]', encoding='utf-16')
    with pytest.raises(FormatError, match='it is in UTF-16; to fix it: save it as'):
        read(path)


@pytest.mark.parametrize(
    'text, reason',
    [
        (b'[' * 200_000, 'nested too deeply|recursion'),
        (b'["a\xffb"]', 'not UTF-8|decode byte 0xff'),
        (b'["\\ud800"]', 'truncated|surrogate'),
    ],
)
def test_what_breaks_readers_is_no_json(tmp_path, text, reason):
    """Deep nesting, broken UTF-8 inside of a text, half a letter."""
    path = tmp_path / 'file.json'
    path.write_bytes(text)
    for read in (read_json, decoded):
        with pytest.raises(FormatError, match=f'file.json is not valid.*{reason}'):
            read(path)


def decoded(path):
    with map_file(path, 'list') as data:
        return decode(data, object)


@pytest.mark.parametrize('read', [read_json, decoded])
def test_pipes_are_read(tmp_path, read):
    """A shell's `<(jq ... file)` is one."""
    path = tmp_path / 'pipe.json'
    os.mkfifo(path)
    content = [*range(50_000)]  # more than a pipe holds
    writer = Thread(target=path.write_text, args=[json.dumps(content)], daemon=True)
    writer.start()
    assert read(path) == content
    writer.join()
