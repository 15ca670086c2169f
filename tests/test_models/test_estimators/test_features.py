"""The features that a test decodes."""

from types import SimpleNamespace

import pytest
import torch

from fashion_mmpose.models.estimators import features


class Network:
    """Its features are the inputs; some are parsed first."""

    def __init__(self, parses: bool) -> None:
        self.parsed_pictures = []
        self.backbone = SimpleNamespace()
        if parses:
            self.backbone.parsed = self._parsed

    def _parsed(self, inputs):
        self.parsed_pictures.append(inputs)
        return torch.cat([inputs, inputs[:, :1].exp()], dim=1)

    def extract_feat(self, inputs):
        return (inputs,)


@pytest.mark.parametrize('parses', [True, False])
def test_a_mirror_image_is_that_of_all_that_is_known(parses):
    network, inputs = Network(parses), torch.rand(2, 3, 4, 6)
    looks = features.tested_features(network, inputs, dict(flip_test=True))
    (own,), (mirrored,) = looks
    assert own.shape == (2, 3 + parses, 4, 6)
    assert torch.equal(own[:, :3], inputs)
    assert torch.equal(mirrored, own.flip(-1))
    assert len(network.parsed_pictures) == parses


def test_without_a_flip_test_the_backbone_parses():
    network, inputs = Network(True), torch.rand(2, 3, 4, 6)
    (own,) = features.tested_features(network, inputs, dict(flip_test=False))
    assert torch.equal(own, inputs) and not network.parsed_pictures
