from fashion_mmpose.synthetic import Parsing


def test_classes_are_those_of_the_segmenter_in_its_order():
    order = ('background', 'hair', 'body_skin', 'face_skin', 'clothes', 'others')
    assert {kind.name.lower(): int(kind) for kind in Parsing} == {
        name: number for number, name in enumerate(order)
    }
