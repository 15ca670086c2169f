"""Changes to valid files: of their bytes, and of what JSON holds."""

import copy
import json
from random import Random

ODD_VALUES = (
    *(None, True, 0, -1, 1.5, 2**31, 2**63, -(2**64), 10**400, 1e300, 1e6 + 1, -1e-9),
    *('', 'a', '/etc/passwd', '../x', 'a\0b', '\ud800', '1', 'nan', [], {}, [[]], [{}]),
    *(float('nan'), float('inf'), [1, 2, 3, 4], [0] * 1000, {'a': 1}),
)
ODD_BYTES = (
    *(b'', b'\0', b'\xff', b'\xef\xbb\xbf', b'"', b'[' * 3000, b'{"a":' * 3000),
    *(b'1e999', b'-', b',', b'\n', b'\r', b'_', b'..', b'9' * 400, b'\x80' * 9, b't'),
)


def mutate_bytes(data: bytes, rng: Random) -> bytes:
    """Some bytes flipped, removed, doubled, moved or exchanged; or the end cut off."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        start = rng.randrange(len(changed) + 1)
        end = min(len(changed), start + rng.choice((0, 1, 1, 2, 4, 8, 64)))
        kind = rng.randrange(6)
        if kind == 0 and start < len(changed):
            changed[start] ^= 1 << rng.randrange(8)
        elif kind == 1 and start < len(changed):
            changed[start] = rng.randrange(256)
        elif kind == 2:
            del changed[start:end]
        elif kind == 3:
            changed[start:start] = changed[start:end] * rng.choice((1, 2, 50))
        elif kind == 4:
            changed[start:end] = rng.choice(ODD_BYTES)
        elif rng.random() < 0.1:
            del changed[start:]
    return bytes(changed)


def mutate_json(data: bytes, rng: Random) -> bytes:
    """Some values exchanged for odd ones, removed, doubled or put elsewhere."""
    content = copy.deepcopy(json.loads(data))
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        place, key = _place(content, rng)
        if place is None:
            break
        kind = rng.randrange(4)
        if kind == 0:
            del place[key]
        elif kind == 1 and isinstance(place, list):
            place.insert(key, copy.deepcopy(place[key]))
        elif kind == 2:
            other, other_key = _place(content, rng)
            if other is not None:
                place[key] = copy.deepcopy(other[other_key])
        else:
            place[key] = copy.deepcopy(rng.choice(ODD_VALUES))
    return json.dumps(content).encode()


def _place(content, rng: Random):
    """A container of the content and a key of it, or None where it is empty."""
    place, key, found = None, None, content
    while isinstance(found, (dict, list)) and found:
        if place is not None and rng.random() < 0.25:
            break
        place = found
        keys = list(found) if isinstance(found, dict) else range(len(found))
        key = rng.choice(keys)
        found = found[key]
    return place, key


def mutate(data: bytes, rng: Random, is_json: bool) -> bytes:
    """One of both."""
    if is_json and rng.random() < 0.6:
        data = mutate_json(data, rng)
        if rng.random() < 0.8:
            return data
    return mutate_bytes(data, rng)
