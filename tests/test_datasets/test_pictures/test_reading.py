"""The pictures that a data set tells of."""

from types import SimpleNamespace

from fashion_mmpose.datasets.pictures.reading import pictures_of


def test_pictures_of_all_that_a_wrapper_holds():
    one, other = (
        SimpleNamespace(pictures=lambda path=path: {path: (3, 4)})
        for path in ('a/1.png', 'b/1.png')
    )
    joined = SimpleNamespace(datasets=[one, SimpleNamespace(dataset=other)])
    assert pictures_of(joined) == {'a/1.png': (3, 4), 'b/1.png': (3, 4)}
    silent = SimpleNamespace(datasets=[one, object()])
    assert pictures_of(silent) is None
