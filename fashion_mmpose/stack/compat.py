"""Checks and adapts the OpenMMLab stack, with torchvision's operators.

:func:`setup` runs when the package is imported, before anything of MMPose is:

- It checks that MMEngine, MMCV, MMPose and torchvision are there and load, and
  raises an ImportError that says how to fix it otherwise.
- mmcv-lite has no compiled operators, but ``mmpose.models`` and ``mmdet`` import
  ``mmcv.ops``. :mod:`fashion_mmpose.operators` answers those imports with torchvision's
  operators. Where a compiled mmcv is installed, nothing is touched.
- Since PyTorch 2.6 ``torch.load`` reads tensors and plain containers only.
  :func:`allow_checkpoints` adds the few classes that MMEngine's checkpoints hold.
- The stack imports modules that newer Pythons, setuptools or platforms lack;
  :mod:`fashion_mmpose.stand_ins` answers for them.
- A maintained fork of MMEngine reads checkpoints without limits where these are not
  enough, and takes torchvision's operators for a compiled mmcv; ``forks`` keeps
  it from both.
- mmcv gives every file to OpenCV, whose readers of rare formats crash on damaged ones.
  ``decoding.guard_decoding`` puts this package's own checks in front.
"""

import codecs
import importlib
import importlib.util
import os
import subprocess
import types
from collections.abc import Callable
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from fashion_mmpose import starter
from fashion_mmpose.operators import INSTALL_HINT, serve_operators
from fashion_mmpose.stand_ins import serve_removed_modules, serve_xtcocotools

from .decoding import guard_decoding
from .forks import keep_loading_safe, tell_of_operators

MMCV_RANGE = ('2.0.0', '3.0.0')  # of MMPose
MMCV_BEFORE = '2.2.0'  # of MMDetection up to 3.3
MMPOSE_RANGE = ('1.2.0', '2.0.0')
# What an error of something that the stack imports says, and what mends it.
_DEEPER_MENDS = {
    'pkg_resources': "pip install 'setuptools<81'",
    'numpy.dtype size changed': "pip install 'numpy<2'",
    'numpy.core.multiarray failed to import': "pip install 'numpy<2'",
    '_ARRAY_API not found': "pip install 'numpy<2'",
    'compiled using NumPy 1': "pip install 'numpy<2'",
}


def setup() -> None:
    """Check the stack and adapt it; calling it again changes nothing.

    Raises:
        ImportError: If a part is missing, too old or does not load.
    """
    serve_removed_modules()
    check_stack()
    serve_xtcocotools()
    if serve_operators():
        tell_of_operators()
    allow_checkpoints()
    keep_loading_safe()
    guard_decoding()


# ------------------------------------------------------------------------ checks


def check_stack() -> None:
    """Raise an ImportError that says what to do if the stack is not usable."""
    _require('torch', 'pip install torch torchvision')
    try:
        importlib.import_module('torchvision')
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        # A torchvision built for another torch fails in one of these ways.
        raise ImportError(
            f'torchvision does not load ({error}); install the pair that belongs '
            'together, e.g. `pip install torch==2.14.1 torchvision==0.29.1`; '
            f'{INSTALL_HINT}'
        ) from error
    _require('mmengine', 'pip install mmengine')
    _require('mmcv', 'pip install mmcv-lite==2.1.0', mmcv_range())
    _require('mmpose', 'pip install --no-deps mmpose==1.3.2', MMPOSE_RANGE)


def mmcv_range() -> tuple[str, str]:
    """Versions of mmcv, from and before, that the installed MMDetection works with.

    MMDetection itself refuses others, and its fork does not. Without either, all that
    MMPose works with.
    """
    with suppress(metadata.PackageNotFoundError):
        numbers = metadata.version('mmdet').split('.')[:2]
        if tuple(map(int, numbers)) < (3, 4):
            return MMCV_RANGE[0], MMCV_BEFORE
    return MMCV_RANGE


def require_mmdet() -> types.ModuleType:
    """MMDetection, which only the crop stage needs.

    Raises:
        ImportError: If it is missing or does not load.
    """
    return _require('mmdet', 'pip install --no-deps mmdet==3.3.0')


def require_timm() -> types.ModuleType:
    """timm, which only the backbones of ``TimmFeatures`` need.

    Raises:
        ImportError: If it is missing, too old or does not load.
    """
    return _require('timm', 'pip install -e .[timm]', ('1.0.11', '2.0.0'))


def _require(
    name: str, mend: str, version_range: tuple[str, str] | None = None
) -> types.ModuleType:
    try:
        module = importlib.import_module(name)
    # OpenMMLab asserts versions; wheels of another numpy fail in all of these ways.
    except (ImportError, AssertionError, AttributeError, ValueError) as error:
        raise ImportError(
            f'fashion_mmpose needs {name}, which does not load ({error}); '
            f'to fix it: `{_mend_of(error) or mend}`; {INSTALL_HINT}'
        ) from error
    if version_range is not None:
        from mmengine.utils import digit_version

        low, high = version_range
        version = module.__version__
        if not digit_version(low) <= digit_version(version) < digit_version(high):
            raise ImportError(
                f'fashion_mmpose needs {name} >= {low}, < {high}, but {version} is '
                f'installed; to fix it: `{mend}`; {INSTALL_HINT}'
            )
    return module


def _mend_of(error: BaseException) -> str | None:
    """The command for what the stack's own imports fail by; None if unknown."""
    text = str(error)
    return next((mend for told, mend in _DEEPER_MENDS.items() if told in text), None)


# ---------------------------------------------------------------- names of configs


def serve_configs(find: Callable[[str], Path]) -> None:
    """Let ``fashion_mmpose::NAME.py`` be a config of this package.

    As a ``_base_``, and for ``mmengine.hub.get_config``. MMEngine knows the packages of
    OpenMMLab only, and of these only what lies in a folder. As a ``_base_`` it finds
    their files sooner than without this.

    Args:
        find: The file of a config's name.
    """
    import mmengine.hub
    from mmengine.config import Config

    find_base, get_config = Config._get_cfg_path, mmengine.hub.get_config

    def own_name(path: str) -> str:
        package, _, name = path.partition('::')
        return name if package == 'fashion_mmpose' else ''

    def find_own_base(cfg_path: str, filename: str) -> tuple[str, str | None]:
        if name := own_name(cfg_path):
            return str(find(name)), None
        return _file_of_a_package(cfg_path) or find_base(cfg_path, filename)

    def get_own_config(cfg_path: str, pretrained: bool = False) -> Config:
        name = own_name(cfg_path)
        if not name:
            return get_config(cfg_path, pretrained)
        cfg = Config.fromfile(find(name))
        if pretrained:
            weights = dict(map(starter.config_and_weights, starter.every_network()))
            cfg.model_path = weights.get(name.removesuffix('.py'))
            if cfg.model_path is None:
                raise ValueError(
                    f'{cfg_path}: the package carries no weights of it, only those of '
                    f'{", ".join(weights)}'
                )
        return cfg

    Config._get_cfg_path = staticmethod(find_own_base)
    mmengine.hub.get_config = get_own_config


def _file_of_a_package(address: str) -> tuple[str, str] | None:
    """File and scope of ``mmdet::FOLDER/NAME.py``; None if there is no such file.

    MMEngine comes to the same one, after it has read all that the package says of its
    weights, in some tenths of a second.
    """
    package, mark, name = address.partition('::')
    if not mark or not package.isidentifier():
        return None
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / '.mim' / 'configs' / name
    return (str(path), package) if path.suffix == '.py' and path.is_file() else None


# ------------------------------------------------------------------- checkpoints


def allow_checkpoints() -> None:
    """Let ``torch.load(weights_only=True)`` read MMEngine's checkpoints.

    Besides tensors they hold logs (``HistoryBuffer``), numpy arrays, and of
    ``OneCycleLR`` its curve. A pickled ``HistoryBuffer`` names ``getattr`` to find its
    own statistics, and that schedule its curves; the real one could reach anything, so
    a function that knows these alone is served under that name.
    """
    import numpy as np
    import torch
    from mmengine.logging import HistoryBuffer
    from mmengine.optim import OneCycleParamScheduler

    if not hasattr(torch.serialization, 'add_safe_globals'):  # before PyTorch 2.4
        return
    # A file names numpy's functions as the numpy that wrote it did: 1 or 2.
    functions = (np.empty(0).__reduce__()[0], np.float64(0).__reduce__()[0])
    numpy_functions = [
        (function, f'numpy.{core}.multiarray.{function.__name__}')
        for function in functions  # _reconstruct and scalar
        for core in ('core', '_core')
    ]

    allowed = {
        HistoryBuffer: ('min', 'max', 'mean', 'current'),
        OneCycleParamScheduler: ('_annealing_cos', '_annealing_linear'),
    }

    def allowed_attribute(owner, name):
        for class_, names in allowed.items():
            if owner is class_ and name in names:
                return getattr(class_, name)
        known = (f'{", ".join(some)} of {c.__name__}' for c, some in allowed.items())
        raise ValueError(
            f'the checkpoint asks for getattr({owner!r}, {name!r}); only '
            f'{" and ".join(known)} are allowed'
        )

    dtypes = {type(np.dtype(code)) for code in '?bhilqBHILQefdgU'}
    torch.serialization.add_safe_globals(
        [
            *allowed,
            np.ndarray,
            np.dtype,
            *sorted(dtypes, key=lambda dtype: dtype.__name__),
            *numpy_functions,
            bytes,
            codecs.encode,
            (allowed_attribute, 'builtins.getattr'),
        ]
    )


# ------------------------------------------------------------------- distributed


def prepare_distributed(cfg, launcher: str) -> None:
    """Let MMEngine's launchers run without a GPU.

    MMEngine selects a CUDA device when it initialises the process group, and
    gives DistributedDataParallel device ids; both fail on a CPU. Here the group
    is initialised with gloo before the Runner looks, and the wrapper is told to
    use no device ids. Batch norm that is synchronised, which PyTorch has for GPUs only,
    becomes each process's own. With a GPU nothing is changed.

    Args:
        cfg (Config): The run's config; ``model``, ``model_wrapper_cfg`` and the backend
            in ``env_cfg`` are set in place.
        launcher (str): ``'none'``, ``'pytorch'`` or ``'slurm'``.

    Raises:
        RuntimeError: If the launcher has not started the process.
    """
    import torch
    import torch.distributed as dist

    if launcher == 'none' or torch.cuda.is_available():
        return
    if launcher == 'slurm' and 'SLURM_PROCID' in os.environ:
        _take_ranks_of_slurm()
    elif launcher != 'pytorch' or 'RANK' not in os.environ:
        raise RuntimeError(
            f'--launcher {launcher}, and nothing says which of the processes this is; '
            'to fix it: start `torchrun --nproc_per_node=N tools/train.py ... '
            '--launcher pytorch`, or with Slurm `srun --ntasks=N python '
            'tools/train.py ... --launcher slurm`'
        )
    if not dist.is_initialized():
        dist.init_process_group('gloo')
    cfg.merge_from_dict({'env_cfg.dist_cfg': dict(backend='gloo')})
    cfg.model_wrapper_cfg = dict(type='MMDistributedDataParallel', device_ids=None)
    _unsynchronise(cfg.get('model'))


def _take_ranks_of_slurm() -> None:
    """Name this process to PyTorch as MMEngine does where there are GPUs."""
    # The first of the job's machines, of names that Slurm writes as `node[03-05,7]`.
    names = ('scontrol', 'show', 'hostnames', os.environ['SLURM_JOB_NODELIST'])
    if 'MASTER_ADDR' not in os.environ:
        first, *_ = subprocess.check_output(names, text=True).split()
        os.environ['MASTER_ADDR'] = first
    os.environ.setdefault('MASTER_PORT', '29500')
    for name, of_slurm in dict(
        RANK='SLURM_PROCID', WORLD_SIZE='SLURM_NTASKS', LOCAL_RANK='SLURM_LOCALID'
    ).items():
        os.environ[name] = os.environ[of_slurm]


def _unsynchronise(part) -> None:
    """Replace SyncBN by BN in the settings of a network, in place."""
    if isinstance(part, dict):
        if part.get('type') == 'SyncBN':
            part['type'] = 'BN'
        part = part.values()
    elif not isinstance(part, (list, tuple)):
        return
    for each in part:
        _unsynchronise(each)
