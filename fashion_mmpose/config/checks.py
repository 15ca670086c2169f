"""Compares parts of a config that must fit each other."""

from collections.abc import Iterator, Mapping, Sequence

from mmengine.config import Config
from mmengine.registry import OPTIMIZERS

from .described_data import datasets_of
from .loading import read_members
from .parts import is_ensemble, kind_of

PARTS = ('train', 'val', 'test')
_POINT_CODECS = ('PointHeatmap', 'PointSimCC')  # whose options tell what they do
# Networks that see the crop of the pipeline as it is; others cut their own out of it.
_SEE_THE_CROP = ('TopdownPoseEstimator', 'PaddedFlipEstimator')
_CROPS = ('TopdownAffine', 'TopdownStretch')
# Steps of MMPose's that know nothing of states: what they do, and what helps.
_LEAVES_STATES = dict(
    RandomFlip=('mirrors', "dict(type='RandomMirror', prob=0.5) in its place"),
    KeypointConverter=('renumbers', 'leave states out of the head'),
)


def check_members(cfg: Config) -> None:
    """Compares the crops of an ensemble's pipeline with those of its members.

    The members see the ensemble's crop, resized. One that was trained on another
    crop, such as a stretched one, would predict with an offset.

    Raises:
        ValueError: If they differ; the message names the member and the steps.
    """
    if not is_ensemble(cfg):
        return
    own = crop_steps(cfg)
    for member in read_members(cfg.model.members, cfg.model.get('category')):
        kind = kind_of(member['config']['model'])
        if kind in ('MultiCropEstimator', 'TwoPassEstimator'):
            raise ValueError(
                f'the member {member["name"]} is a {kind}, which cuts crops of its own '
                'out of what it gets, and a mean of heatmaps is of one crop; to fix '
                "it: give its config model.type='TopdownPoseEstimator' and crops of "
                "its codec's size, or test it alone"
            )
        steps = crop_steps(member['config'])
        if steps not in (None, own):
            raise ValueError(
                f'the member {member["name"]} is tested on another crop than the '
                f'ensemble: {steps} there, {own} here; give test_dataloader the same '
                'steps'
            )


def crop_steps(cfg: Config | Mapping) -> list[dict] | None:
    """The steps of the test pipeline between loading and packing, without sizes.

    Returns:
        list[dict] | None: None where the config has no test pipeline. The aspect ratio
        stands in for ``input_size``.
    """
    dataset = (cfg.get('test_dataloader') or {}).get('dataset', {})
    if 'pipeline' not in dataset:
        return None
    steps = []
    for transform in dataset.pipeline:
        step = {key: value for key, value in transform.items() if key != 'input_size'}
        if 'input_size' in transform:
            width, height = transform['input_size']
            step['aspect_ratio'] = width / height
        if step['type'] not in ('LoadImage', 'PackGarmentInputs', 'PackPoseInputs'):
            steps.append(step)
    return steps


def check_agreement(members: Sequence[Mapping]) -> None:
    """Compares the key points that an ensemble's members are for.

    Args:
        members: As :func:`read_members` returns them.

    Raises:
        ValueError: If they differ; the message lists the members.
    """
    layouts = []
    for member in members:
        config = member['config']
        dataset = config.get('test_dataloader', {}).get('dataset', {})
        num_keypoints = config['model'].get('head', {}).get('out_channels')
        kind, category = dataset.get('type'), dataset.get('category')
        layouts.append((kind, category, num_keypoints, str(dataset.get('benchmark'))))
    if len(set(layouts)) > 1:
        lines = [
            f'{member["name"]}: {dataset}, category {category}, {number} key points'
            for member, (dataset, category, number, _) in zip(members, layouts)
        ]
        raise ValueError('the members are for other key points:\n' + '\n'.join(lines))


def check_optimizer(cfg: Config) -> None:
    """Looks for the optimizer of a training, of which MMEngine says nothing.

    Raises:
        ValueError: If there is none of that name; the message lists all.
    """
    wrapper = cfg.get('optim_wrapper') or {}
    kind = (wrapper.get('optimizer') or {}).get('type')
    if not isinstance(kind, str):
        return
    with OPTIMIZERS.switch_scope_and_registry(cfg.get('default_scope')) as registry:
        if registry.get(kind) is not None:
            return
        known = OPTIMIZERS.module_dict.keys() | registry.module_dict.keys()
    raise ValueError(
        f'optim_wrapper.optimizer.type is {kind!r}, which neither PyTorch has nor an '
        f'installed package; to fix it: choose from {", ".join(sorted(known))}'
    )


def check_codecs(cfg: Config, parts: Sequence[str] = PARTS) -> None:
    """Compares the codec that decodes with the crops and what encodes the targets.

    A config states all of them, and one that inherits may override only some; the
    network would then train well and predict with an offset. The training's data set
    may be wrapped, as by ``RepeatDataset``, and wrappers may have own pipelines.

    Args:
        cfg: The config.
        parts: The loaders that a run uses, whose crops are compared. Defaults to all.

    Raises:
        ValueError: If they differ.
    """
    if is_ensemble(cfg):  # it is not trained
        _check_crops(cfg, parts, cfg.model.decoder, 'model.decoder')
        return
    decoder = cfg.model.get('head', {}).get('decoder')
    if not decoder or kind_of(decoder) not in _POINT_CODECS:
        return
    for dataset in datasets_of({'train_dataloader': cfg.get('train_dataloader')}):
        for encoder in _encoders(dataset.get('pipeline')):
            keys = sorted(
                key
                for key in {*encoder, *decoder}
                if encoder.get(key) != decoder.get(key)
            )
            if keys:
                raise ValueError(
                    'the codec of GenerateTarget and that of model.head.decoder differ '
                    f'in {keys}; give both the same codec'
                )
    if kind_of(cfg.model) in _SEE_THE_CROP:
        _check_crops(cfg, parts, decoder, 'model.head.decoder')


def check_states(cfg: Config) -> None:
    """Looks for steps of a training that would leave states to the wrong key points.

    Raises:
        ValueError: If the head learns states of key points, and MMPose's ``RandomFlip``
            or ``KeypointConverter`` mirrors or renumbers all else.
    """
    if ((cfg.get('model') or {}).get('head') or {}).get('states') is None:
        return
    for dataset in datasets_of({'train_dataloader': cfg.get('train_dataloader')}):
        for kind in map(kind_of, _steps(dataset.get('pipeline'))):
            if kind in _LEAVES_STATES:
                does, way_out = _LEAVES_STATES[kind]
                raise ValueError(
                    f'{kind} in the pipeline of train_dataloader {does} key points and '
                    'not their states, which model.head.states learns; to fix it: '
                    f'{way_out}'
                )


def _check_crops(
    cfg: Config, parts: Sequence[str], decoder: Mapping, place: str
) -> None:
    wanted = tuple(decoder.get('input_size') or ())
    for name in (f'{part}_dataloader' for part in parts):
        for dataset in datasets_of({name: cfg.get(name)}):
            for step in _steps(dataset.get('pipeline')):
                size = tuple(step.get('input_size') or ())
                if kind_of(step) in _CROPS and wanted and size and size != wanted:
                    raise ValueError(
                        f'the crops of {name} are {size[0]}x{size[1]}, and the codec '
                        f'of {place} is for an input of {wanted[0]}x{wanted[1]}: '
                        'points would be read at the wrong scale; give both the same '
                        'input_size'
                    )


def _encoders(steps: object) -> Iterator[Mapping]:
    """The codecs in the steps of a pipeline, also in steps that hold others."""
    for step in _steps(steps):
        if isinstance(step.get('encoder'), Mapping):
            yield step['encoder']


def _steps(part: object) -> Iterator[Mapping]:
    """All mappings in the steps of a pipeline, also in steps that hold others."""
    if isinstance(part, Mapping):
        yield part
        part = list(part.values())
    if isinstance(part, list | tuple):
        for each in part:
            yield from _steps(each)
