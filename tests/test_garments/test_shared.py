"""Landmarks of DeepFashion2 that are one place in several categories."""

import pytest

from fashion_mmpose.garments import categories, garment
from fashion_mmpose.garments.shared import shared_places

CATEGORIES = categories('deepfashion2')


def places_of(category):
    channels = garment('deepfashion2', category).channels
    return [shared_places()[channel] for channel in channels]


def test_every_landmark_has_a_place():
    assert len(shared_places()) == 294
    assert {*shared_places()} == {*range(81)}


@pytest.mark.parametrize('category', CATEGORIES)
def test_no_category_has_a_place_twice(category):
    places = places_of(category)
    assert len({*places}) == len(places)


def test_mirror_images_of_a_place_are_one_place():
    mirrors = {}
    for category in CATEGORIES:
        places = places_of(category)
        for place, mirror in zip(places, garment('deepfashion2', category).flip):
            assert mirrors.setdefault(place, places[mirror]) == places[mirror]
    assert all(mirrors[mirrors[place]] == place for place in mirrors)


def test_what_is_shared():
    shirt, coat = places_of('short_sleeved_shirt'), places_of('short_sleeved_outwear')
    assert shirt[6:12] == coat[6:12]  # the left sleeve
    assert shirt[1] == coat[3] and coat[1] not in shirt  # a shirt has no lapel
    assert places_of('shorts')[:3] == places_of('skirt')[:3]  # the waistband
    assert not {*places_of('skirt')} & {*places_of('vest_dress')}
