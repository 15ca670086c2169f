"""Which of several processes works on what."""

import pytest
from drawn_catalogue import named

from fashion_mmpose.catalogue.shards import Shard, read_shard, shard_of
from fashion_mmpose.media.source import Source


def test_shards_are_disjoint_and_complete():
    for count in (1, 2, 3, 7):
        shares = [list(Shard(index, count).of(range(10))) for index in range(count)]
        assert sorted(sum(shares, [])) == list(range(10))
        lengths = [*map(len, shares)]
        assert max(lengths) - min(lengths) <= 1


@pytest.mark.parametrize(
    'text, environment, expected',
    [
        (None, {'RANK': '1', 'WORLD_SIZE': '2'}, (0, 1)),
        ('2/3', {}, (2, 3)),
        ('auto', {'RANK': '1', 'WORLD_SIZE': '4'}, (1, 4)),
        ('auto', {'SLURM_PROCID': '5', 'SLURM_NTASKS': '6'}, (5, 6)),
        (
            'auto',
            {'RANK': '0', 'WORLD_SIZE': '2', 'SLURM_PROCID': '5', 'SLURM_NTASKS': '6'},
            (0, 2),
        ),
    ],
    ids=['all', 'named', 'torchrun', 'slurm', 'torchrun in slurm'],
)
def test_read_shard(text, environment, expected):
    assert read_shard(text, environment) == Shard(*expected)


@pytest.mark.parametrize(
    'text, message',
    [
        ('3/3', 'counts from 0 and must be below'),
        ('0/0', 'counts from 0'),
        ('1', "must be I/N, such as 0/8, or 'auto'"),
        ('-1/2', 'must be I/N'),
        ('auto', 'has neither RANK and WORLD_SIZE, or SLURM_PROCID and SLURM_NTASKS'),
    ],
)
def test_what_is_no_shard(text, message):
    with pytest.raises(ValueError, match=message):
        read_shard(text, {'RANK': '0'})


def test_pictures_keep_their_numbers():
    sources = {source.name: source for source in named(5)}
    assert shard_of(sources, Shard()) == sources
    shared = shard_of(sources, Shard(1, 2))
    assert [(name, each.number) for name, each in shared.items()] == [
        ('1.jpg', 1),
        ('3.jpg', 3),
    ]
    video = {'clip.mp4': Source('clip.mp4', 'video', 'clip.mp4')}
    with pytest.raises(ValueError, match=r'clip\.mp4 is a video; only pictures can'):
        shard_of(sources | video, Shard(0, 2))
