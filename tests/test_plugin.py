"""What the plugin registers: names that configs may use, and nothing by accident."""

import json
from pathlib import Path

import pytest
from toolbox import ROOT, run_with_libraries

HELPER = Path(__file__).parent / 'helpers' / 'registered_names.py'

pytestmark = pytest.mark.slow

REGISTERED = {
    'mmengine.function': ['keep_worker_seed'],
    'mmpose.KEYPOINT_CODECS': ['PointHeatmap', 'PointSimCC'],
    'mmpose.dataset': [
        'DeepFashion2GarmentDataset',
        'FashionAIDataset',
        'GarmentDataset',
    ],
    'mmpose.data sampler': ['CategoryBalancedSampler'],
    'mmpose.hook': [
        'BoxPicturesHook',
        'ChannelsLastHook',
        'EpochSeedHook',
        'FiniteLossHook',
        'MetricsFileHook',
        'PersistentEarlyStoppingHook',
        'ProgressBarHook',
        'StagePictureHook',
        'StopAtLRHook',
        'ValidatedCheckpointHook',
    ],
    'mmpose.metric': [
        'GarmentOKS',
        'NormalizedError',
        'PictureFiles',
        'PredictionFile',
        'StateAccuracy',
    ],
    'mmpose.model': [
        'CPMRefineHead',
        'CPMVGG',
        'CPNHead',
        'ExpectationLoss',
        'FeaturesWithJoints',
        'FeaturesWithParsing',
        'HeatmapEnsemble',
        'LabelledLossSum',
        'LabelledMSELoss',
        'LateralHeatmapHead',
        'MoveNetFeatures',
        'MultiCropEstimator',
        'PaddedFlipEstimator',
        'ParsingPreprocessor',
        'PointHeatmapHead',
        'PointSimCCHead',
        'ProfileKLLoss',
        'SelfieParsing',
        'SimplePyramid',
        'TimmFeatures',
        'TwoPassEstimator',
        'VisibilityL1Loss',
    ],
    'mmengine.optim_wrapper': ['CpuAmpOptimWrapper'],
    'mmengine.optimizer wrapper constructor': ['LayerDecayConstructor'],
    'mmpose.transform': [
        'AppendParsing',
        'CropAroundPoint',
        'DetectedBoxJitter',
        'ErasedPatches',
        'LoadParsing',
        'PackGarmentInputs',
        'PastedGarments',
        'RandomMirror',
        'RandomRotation',
        'RandomScaleRotation',
        'RandomShift',
        'ResizeInput',
        'TopdownStretch',
        'TrimAnnotatedBox',
    ],
}


@pytest.fixture(scope='module')
def registered() -> list[dict[str, list[str]]]:
    """What is registered after the package, its plugin, and all modules are imported.

    One process imports them one after the other, for that takes a while.
    """
    modules = sorted(
        '.'.join(path.relative_to(ROOT).with_suffix('').parts)
        for path in (ROOT / 'fashion_mmpose').rglob('*.py')
        if path.stem not in ('__init__', '__main__')
    )
    stages = 'fashion_mmpose', ',', 'fashion_mmpose.plugin', ',', *modules
    options = '-W', 'ignore', HELPER, *stages
    return json.loads(run_with_libraries(*options, cwd=ROOT).stdout)


def test_the_package_registers_nothing(registered):
    assert registered[0] == {}


def test_the_plugin_registers_these_names(registered):
    assert registered[1] == REGISTERED


def test_every_name_is_registered_by_the_plugin(registered):
    """But the detectors' dataset, which their configs name: it needs MMDetection."""
    pytest.importorskip('mmdet')
    assert registered[2] == REGISTERED | {'mmdet.dataset': ['GarmentBoxDataset']}
