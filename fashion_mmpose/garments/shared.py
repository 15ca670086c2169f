"""Landmarks of DeepFashion2 that categories share.

Its 294 landmarks are 81 places: the left cuff of a shirt is where the left cuff of a
coat is. The winner of the landmark challenge of 2020 merged them so. The table follows
that team's grouping, except that the short sleeve outwear's numbers 2 and 4 are as the
benchmark's figure and its mirror pairs have them: 2 is the tip of the lapel.
"""

from functools import lru_cache

from .lookup import garment

_DEEPFASHION2 = 'deepfashion2'

# One group of places a line: its categories, each with the numbers of its landmarks in
# the benchmark's figure, from 1, place by place; ``a-b`` counts up, 0 leaves one out.
_SHARED = """
short_sleeved_shirt 1-6 | long_sleeved_shirt 1-6 | vest 1-6 | sling 1-6 |
    short_sleeved_dress 1-6 | long_sleeved_dress 1-6 | vest_dress 1-6 |
    sling_dress 1-6 | short_sleeved_outwear 1,4,3,0,5,6 | long_sleeved_outwear 1-3,0,5,6
short_sleeved_outwear 2,26 | long_sleeved_outwear 4,34
short_sleeved_shirt 7-12,20-25 | short_sleeved_outwear 7-12,20-25 |
    short_sleeved_dress 7-12,24-29
long_sleeved_shirt 7-16,24-33 | long_sleeved_outwear 7-16,24-33 |
    long_sleeved_dress 7-16,28-37
short_sleeved_shirt 13-15,17-19 | short_sleeved_outwear 13-15,17-19 |
    long_sleeved_shirt 17-19,21-23 | long_sleeved_outwear 17-19,21-23 |
    short_sleeved_dress 13-15,21-23 | long_sleeved_dress 17-19,25-27 |
    vest 8-10,12-14 | sling 8-10,12-14 | vest_dress 8-10,16-18 | sling_dress 8-10,16-18
short_sleeved_shirt 16 | long_sleeved_shirt 20 | vest 11 | sling 11
short_sleeved_outwear 27-31,16 | long_sleeved_outwear 35-39,20
vest 7,15 | vest_dress 7,19
sling 7,15 | sling_dress 7,19
short_sleeved_dress 16-20 | long_sleeved_dress 20-24 | vest_dress 11-15 |
    sling_dress 11-15
shorts 1-3 | trousers 1-3 | skirt 1-3
shorts 5-9 | trousers 6,7,9,11,12
shorts 4,10 | trousers 4,14
trousers 5,8,10,13
skirt 4-8
"""


def _numbers(text: str) -> list[int]:
    """'1-3,0,5' -> [1, 2, 3, 0, 5]."""
    numbers = []
    for run in text.split(','):
        first, _, last = run.partition('-')
        numbers += range(int(first), int(last or first) + 1)
    return numbers


@lru_cache(maxsize=1)
def shared_places() -> tuple[int, ...]:
    """The place of each of DeepFashion2's 294 landmarks, 0 to 80.

    Landmarks of one category have different places, and the mirror image of a place is
    one place for all categories.
    """
    places: dict[int, int] = {}
    first = 0
    for line in _SHARED.strip().replace('|\n', '|').splitlines():
        entries = [entry.split() for entry in line.split('|')]
        size = 0
        for category, text in entries:
            numbers = _numbers(text)
            channels = garment(_DEEPFASHION2, category).channels
            size = max(size, len(numbers))
            for step, number in enumerate(numbers):
                if number:
                    places[channels[number - 1]] = first + step
        first += size
    return tuple(places[channel] for channel in range(len(places)))
