"""What is measured on the garments of both benchmarks, stated once for all of them.

Measurements name places of a garment. A second table says which landmarks lie there:
for FashionAI by their names, for DeepFashion2 by their numbers in the benchmark's
figure, from 1. Places are those on the left of the picture or on the axis; ``~`` is the
mirror image of a place, ``+`` the middle of two. A place that is several landmarks is a
seam.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from fashion_mmpose.garments import Garment, Measure, garment

# Name | places | flags. ``girth``: the doubled length is measured as well, under the
# name with ``girth`` in the place of ``width``. ``curve``: along the seam. A name that
# ends with ``_side`` is measured on the left and on the right.
_MEASURES = """
neck_width           | neck ~neck                    |
neck_depth           | neck+~neck front              |
shoulder_width       | shoulder ~shoulder            |
shoulder_seam_side   | neck shoulder                 |
strap_side           | strap                         |
chest_width          | armpit ~armpit                | girth
waist_width          | waist ~waist                  | girth
hem_width            | hem ~hem                      | girth
sleeve_length_side   | sleeve                        | curve
inner_sleeve_side    | inner_sleeve                  | curve
armhole_side         | shoulder armpit               |
cuff_width_side      | cuff                          | girth
side_seam_side       | side                          | curve
body_length          | neck+~neck centre+~centre     |
front_length         | front centre+~centre          |
back_length          | back centre+~centre           |
rise                 | middle+~middle crotch         |
inseam_side          | inseam                        | curve
outseam_side         | outseam                       | curve
thigh_width_side     | crotch thigh                  | girth
knee_width_side      | knee                          | girth
leg_opening_width_side | leg                         | girth
skirt_length         | middle+~middle centre+~centre |
"""

_DEEPFASHION2 = """
short_sleeved_shirt | neck 2 front 4 back 1 shoulder 7 armpit 12 sleeve 7-9
    inner_sleeve 12-10 cuff 9,10 side 12-15 waist 14 hem 15 centre 16
long_sleeved_shirt | neck 2 front 4 back 1 shoulder 7 armpit 16 sleeve 7-11
    inner_sleeve 16-12 cuff 11,12 side 16-19 waist 18 hem 19 centre 20
short_sleeved_outwear | neck 4 back 1 shoulder 7 armpit 12 sleeve 7-9
    inner_sleeve 12-10 cuff 9,10 side 12-15 waist 14 hem 15 centre 16
long_sleeved_outwear | neck 2 back 1 shoulder 7 armpit 16 sleeve 7-11
    inner_sleeve 16-12 cuff 11,12 side 16-19 waist 18 hem 19 centre 20
vest | neck 2 front 4 back 1 shoulder 7 armpit 8 side 8-10 waist 9 hem 10 centre 11
sling | neck 2 front 4 back 1 strap 2,7 armpit 8 side 8-10 waist 9 hem 10 centre 11
short_sleeved_dress | neck 2 front 4 back 1 shoulder 7 armpit 12 sleeve 7-9
    inner_sleeve 12-10 cuff 9,10 side 12-17 waist 14 hem 17 centre 18
long_sleeved_dress | neck 2 front 4 back 1 shoulder 7 armpit 16 sleeve 7-11
    inner_sleeve 16-12 cuff 11,12 side 16-21 waist 18 hem 21 centre 22
vest_dress | neck 2 front 4 back 1 shoulder 7 armpit 8 side 8-12 waist 9 hem 12
    centre 13
sling_dress | neck 2 front 4 back 1 strap 2,7 armpit 8 side 8-12 waist 9 hem 12
    centre 13
shorts | waist 1 middle 2 outseam 1,4,5 inseam 7-6 crotch 7 leg 5,6
trousers | waist 1 middle 2 outseam 1,4-6 inseam 9-7 crotch 9 thigh 4 knee 5,8 leg 6,7
skirt | waist 1 middle 2 side 1,4,5 hem 5 centre 6
"""

# The same of all categories that have the landmarks. A place is named several times
# where it is another landmark in another category.
_FASHIONAI = """
neck neckline_left | front center_front | shoulder shoulder_left | armpit armpit_left |
sleeve shoulder_left,cuff_left_out | inner_sleeve armpit_left,cuff_left_in |
cuff cuff_left_out,cuff_left_in | waist waistline_left | waist waistband_left |
side armpit_left,top_hem_left | side armpit_left,waistline_left,top_hem_left |
side armpit_left,waistline_left,hemline_left | side waistband_left,hemline_left |
hem top_hem_left | hem hemline_left | centre top_hem_left | centre hemline_left |
middle waistband_left | crotch crotch | outseam waistband_left,bottom_left_out |
inseam crotch,bottom_left_in | leg bottom_left_out,bottom_left_in
"""

# The length that others are compared with where nothing tells centimetres.
REFERENCES = ('body_length', 'skirt_length', 'outseam_left', 'outseam_right')

Places = Mapping[str, tuple[int, ...]]


def reference_of(names: Iterable[str]) -> str:
    """The length that others are compared with, of those that are there.

    Args:
        names: Of the lengths.

    Returns:
        str: The first of :data:`REFERENCES`, or else of the names; empty for none.
    """
    known = dict.fromkeys(names)
    return next((name for name in (*REFERENCES, *known) if name in known), '')


def measures_of(garment: Garment) -> tuple[Measure, ...]:
    """What is measured on a garment.

    Args:
        garment: A category of a built-in benchmark, or one that a user has described.

    Returns:
        tuple[Measure, ...]: Those of the description, or else those of the table; none
        where nobody has said what is to be measured.
    """
    return garment.measures or _built_in().get((garment.dataset, garment.name), ())


@lru_cache(maxsize=1)
def _built_in() -> dict[tuple[str, str], tuple[Measure, ...]]:
    return {
        (kind.dataset, kind.name): tuple(_measures(kind, places))
        for kind, places in (*_deepfashion2(), *_fashionai())
    }


def _deepfashion2() -> Iterator[tuple[Garment, Places]]:
    for row in re.split(r'\n(?=\w)', _DEEPFASHION2.strip()):
        category, text = row.split(' | ')
        words = text.split()
        yield (
            garment('deepfashion2', category),
            {name: _indices(runs) for name, runs in zip(words[::2], words[1::2])},
        )


def _indices(text: str) -> tuple[int, ...]:
    """'1,4-6' -> (0, 3, 4, 5); '9-7' -> (8, 7, 6)."""
    indices = []
    for run in text.split(','):
        first, _, last = run.partition('-')
        start, end = int(first) - 1, int(last or first) - 1
        indices += range(start, end + 1) if start <= end else range(start, end - 1, -1)
    return tuple(indices)


def _fashionai() -> Iterator[tuple[Garment, Places]]:
    rows = [row.split() for row in _FASHIONAI.split('|')]
    for category in ('blouse', 'outwear', 'dress', 'skirt', 'trousers'):
        kind = garment('fashionai', category)
        local = {name: i for i, name in enumerate(kind.keypoints)}
        places = {}
        for place, text in rows:
            names = text.split(',')
            if all(name in local for name in names):
                places[place] = tuple(local[name] for name in names)
        yield kind, places


def _measures(kind: Garment, places: Places) -> Iterator[Measure]:
    for row in _MEASURES.strip().splitlines():
        name, words, flags = (cell.strip() for cell in row.split('|'))
        path = _path(words.split(), kind, places)
        if not path:
            continue
        sided = [(name, path)]
        if name.endswith('_side'):
            mirrored = tuple(tuple(kind.flip[i] for i in place) for place in path)
            stem = name.removesuffix('_side')
            sided = [(f'{stem}_left', path), (f'{stem}_right', mirrored)]
        for each, way in sided:
            is_curved = 'curve' in flags and len(way) > 2
            yield Measure(each, way, is_curved)
            if 'girth' in flags:
                yield Measure(each.replace('width', 'girth'), way, is_curved, times=2)


def _path(
    words: Sequence[str], kind: Garment, places: Places
) -> tuple[tuple[int, ...], ...]:
    """The places of a row; none where the garment lacks one of them."""
    path = []
    for word in words:
        parts = []
        for name in word.split('+'):
            if name.lstrip('~') not in places:
                return ()
            run = places[name.lstrip('~')]
            parts.append([kind.flip[i] for i in run] if name[0] == '~' else run)
        # On the axis a landmark is its own mirror image.
        path += [tuple(dict.fromkeys(place)) for place in zip(*parts)]
    return tuple(path)
