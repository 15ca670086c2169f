"""Categories and key points by the names that people and tools give them."""

import re
import unicodedata
from collections.abc import Iterable

from fashion_mmpose import garments
from fashion_mmpose.garments import Garment, Named

_SIGNS = frozenset('+*#&%=<>@')


def plain(name: str) -> str:
    """A name without what writers differ in: case, blanks, hyphens and the like.

    Signs that tell one name from another stay: ``dress+`` is not ``dress``. So do the
    vowels of scripts that write them as marks, as in Devanagari and Thai.
    """
    letters = unicodedata.normalize('NFC', name.lower())
    kept = (letter if _tells_names(letter) else '_' for letter in letters)
    return re.sub('_+', '_', ''.join(kept)).strip('_')


def _tells_names(letter: str) -> bool:
    is_mark = unicodedata.category(letter).startswith('M')
    return letter.isalnum() or letter in _SIGNS or is_mark


def named_alike(known: Iterable[str], name: str) -> str | None:
    """The one of that very name, or else the first that is so but for its writing.

    Args:
        known: Names. They may differ in case or hyphens only.
        name: As somebody writes it.
    """
    known = tuple(known)
    if name in known:
        return name
    wanted = plain(name)
    return next((each for each in known if plain(each) == wanted), None)


def raw_category_name(category: str) -> str:
    """DeepFashion2's own name: 'short_sleeved_shirt' is its 'short sleeve top'."""
    words = category.replace('sleeved', 'sleeve').split('_')
    return ' '.join('top' if word == 'shirt' else word for word in words)


def category_named(benchmark: Named, name: str) -> Garment | None:
    """The category of that name; of DeepFashion2 also by the benchmark's own names.

    Args:
        benchmark: A benchmark, or the name of a built-in one.
        name: Upper and lower case, blanks, hyphens and underscores do not matter.

    Returns:
        Garment: None if there is none.
    """
    benchmark = garments.benchmark(benchmark)
    if name in benchmark.garments:  # others may differ in a hyphen only
        return benchmark.garments[name]
    for garment in benchmark.garments.values():
        names = {plain(garment.name)}
        if benchmark.name == 'deepfashion2':
            raw = plain(raw_category_name(garment.name))
            # Some files write the raw names with the table's 'sleeved'.
            names |= {raw, raw.replace('sleeve', 'sleeved')}
        if plain(name) in names:
            return garment
    return None
