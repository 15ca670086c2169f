"""From one config to a training and a test for each FashionAI category."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config

from fashion_mmpose import garments
from fashion_mmpose.commands.runs.running import argument_parser, set_training
from fashion_mmpose.config.dataset_settings import ann_file_of, fill_category
from fashion_mmpose.config.described_data import LOADERS
from fashion_mmpose.config.loading import CATEGORY, load_config
from fashion_mmpose.config.overrides import quoted
from fashion_mmpose.config.parts import is_ensemble
from fashion_mmpose.engine.work_folder import checkpoint_file


@dataclass(frozen=True)
class CategoryRun:
    """What is to be run for one category.

    Attributes:
        category: Name of the category.
        config: Path or name of the config, as the tools take it.
        cfg_options: ``KEY=VALUE`` entries for the tools' ``--cfg-options``.
        folder: Work directory of the training.
        cfg: The config with all options applied.
    """

    category: str
    config: str
    cfg_options: tuple[str, ...]
    folder: Path
    cfg: Config

    @property
    def test_folder(self) -> Path:
        """Work directory of the test."""
        return self.folder / 'test'

    @property
    def predictions(self) -> Path:
        """The COCO result list that the test writes."""
        return self.test_folder / 'predictions.json'

    @property
    def ann_file(self) -> Path:
        """The annotations that are tested on, where the dataset finds them."""
        return ann_file_of(self._test_dataset)

    @property
    def bbox_file(self) -> Path | None:
        """The detector boxes that are tested on, if any."""
        # MMPose's datasets take it as it is, not from data_root.
        dataset = self._test_dataset
        path = dataset.get('bbox_file')
        return path and Path(fill_category(path, dataset.get('category')))

    @property
    def _test_dataset(self) -> dict:
        return self.cfg.test_dataloader.dataset


def plan_runs(
    config: str,
    categories: Sequence[str] | None = None,
    work_dir: str | os.PathLike | None = None,
    cfg_options: Sequence[str] = (),
    *,
    test_only: bool = False,
    amp: bool = False,
    auto_scale_lr: bool = False,
    finetune: str | None = None,
) -> tuple[Path, list[CategoryRun]]:
    """What is to be run, in the benchmark's order of the categories.

    Args:
        config: Path or name of a config with ``{category}`` in it, or of a recipe:
            a config for which only the category is missing.
        categories: By default all five.
        work_dir: See :func:`run_folders`.
        cfg_options: ``KEY=VALUE``; ``{category}`` is filled in.
        test_only: Whether nothing is trained.
        amp: Train in mixed precision.
        auto_scale_lr: Scale the learning rate to the real batch size.
        finetune: Checkpoint, or work folder, of a network for all categories, which is
            trained on for each of them; the config is one for all categories then.

    Returns:
        tuple[Path, list[CategoryRun]]: The folder of the results, and the runs.

    Raises:
        FileNotFoundError: If a base of the config, or the checkpoint, does not exist.
        RuntimeError: If mixed precision is asked for without a GPU.
        ValueError: If a category or config is unknown, an option is not
            ``KEY=VALUE``, or the config does not fit the category.
    """
    chosen = check_categories(categories)
    if finetune is not None:
        finetune = checkpoint_file(finetune)
    root, folders = run_folders(config, chosen, work_dir)
    runs = []
    for category in chosen:
        name = config.replace(CATEGORY, category)
        options = [option.replace(CATEGORY, category) for option in cfg_options]
        folder = folders[category]
        cfg = load_config(name, str(folder), parse_options(options), members=False)
        if CATEGORY in config and finetune is None:
            check_entry(cfg, name, category)
        else:
            added = (
                recipe_options(cfg, name, category)
                if finetune is None
                else finetuning_options(cfg, name, category, finetune)
            )
            cfg.merge_from_dict(parse_options(added))
            options += added
        if is_ensemble(cfg) and not test_only:
            raise ValueError(
                f'{name} is an ensemble, which is not trained: train the configs of '
                'its members, then give --test-only'
            )
        if not test_only:
            set_training(cfg, amp=amp, auto_scale_lr=auto_scale_lr)
        runs.append(CategoryRun(category, name, tuple(options), folder, cfg))
    return root, runs


def check_categories(names: Sequence[str] | None) -> list[str]:
    """The categories in the benchmark's order; all for None.

    Raises:
        ValueError: If there is none, one is unknown or occurs twice.
    """
    known = garments.categories('fashionai')
    if names is None:
        return list(known)
    unknown = [name for name in names if name not in known]
    if unknown or not names or len(set(names)) < len(names):
        raise ValueError(
            f'categories {",".join(names)!r}: expected names out of '
            f'{",".join(known)}, each once'
        )
    return [name for name in known if name in names]


def run_folders(
    config: str, categories: Sequence[str], work_dir: str | os.PathLike | None = None
) -> tuple[Path, dict[str, Path]]:
    """Where results and trainings go.

    A category's training is in ``<work_dir>/<category>``, ``work_dir`` being
    ``work_dirs/<name of the config>`` by default. The exception are configs whose name
    says the category: they are trained where ``tools/train.py`` trains them and
    ensembles look for them, in ``work_dirs/<name with the category>``; the results of
    ``cpn_{category}`` are then in ``work_dirs/cpn``.

    Args:
        config: Path or name, with or without ``{category}``.
        categories: Names.
        work_dir: A folder for everything.

    Returns:
        tuple[Path, dict[str, Path]]: Folder of the results, and by category that of
        the training.
    """
    stem = os.path.basename(config).removesuffix('.py')
    if work_dir is None and CATEGORY in stem:
        parts = [part.strip('_-.') for part in stem.split(CATEGORY)]
        root = Path('work_dirs', '_'.join(filter(None, parts)) or 'fashionai')
        return root, {
            name: Path('work_dirs', stem.replace(CATEGORY, name)) for name in categories
        }
    root = Path('work_dirs', stem) if work_dir is None else Path(work_dir)
    return root, {name: root / name for name in categories}


def parse_options(options: Sequence[str]) -> dict:
    """``KEY=VALUE`` entries as the tools read them.

    Raises:
        ValueError: If an entry is not of that form.
    """
    for option in options:
        if not option.partition('=')[0] or '=' not in option:
            raise ValueError(f'--cfg-options {option}: expected KEY=VALUE')
    if not options:
        return {}
    arguments = ['config', '--cfg-options', *options]
    return argument_parser('').parse_args(arguments).cfg_options


def loader_categories(cfg: Config, name: str) -> set[str | None]:
    """The categories that the loaders' datasets are for; None where one is missing.

    Raises:
        ValueError: If a dataset takes no category.
    """
    found = set()
    for loader in LOADERS:
        dataset = (cfg.get(loader) or {}).get('dataset', {})
        if 'category' not in dataset:
            raise ValueError(
                f'{name}: {loader}.dataset has no category; five networks in turn are '
                'for configs of FashionAIDataset, such as cpn_r152_fashionai_{category}'
            )
        found.add(dataset.category)
    return found


def check_entry(cfg: Config, name: str, category: str) -> None:
    """Check that a config is for the category that its name says.

    Raises:
        ValueError: If it is not.
    """
    found = loader_categories(cfg, name)
    if is_ensemble(cfg):
        found.add(cfg.model.get('category'))
    if found != {category}:
        raise ValueError(f'{name} is for {_names(found)}, not for {category}')


def _names(categories: set[str | None]) -> str:
    return ' and '.join(sorted(category or 'all' for category in categories))


def recipe_options(cfg: Config, name: str, category: str) -> list[str]:
    """What a recipe needs to become the config of a category, as ``KEY=VALUE``.

    Raises:
        ValueError: If the config is not a recipe.
    """
    found = loader_categories(cfg, name) - {None}
    if found:
        raise ValueError(
            f'{name} is for {_names(found)} only: write {CATEGORY} where its name '
            'says the category, or give a recipe, whose category is None'
        )
    if is_ensemble(cfg):
        network = f'model.category={category}'
    elif cfg.model.get('head', {}).get('out_channels') is None:
        num_keypoints = len(garments.keypoints('fashionai', category))
        network = f'model.head.out_channels={num_keypoints}'
    else:
        raise ValueError(
            f'{name} is for all categories at once (out_channels='
            f'{cfg.model.head.out_channels}): train it with tools/train.py, then its '
            'copies with --finetune; or give a recipe, whose out_channels is None'
        )
    return [network, *(f'{loader}.dataset.category={category}' for loader in LOADERS)]


def finetuning_options(
    cfg: Config, name: str, category: str, checkpoint: str
) -> list[str]:
    """What lets a network for all categories be trained on for one, as ``KEY=VALUE``.

    It keeps the channels of all categories, which its weights have.

    Raises:
        ValueError: If the config is not one for all categories.
    """
    head = {} if is_ensemble(cfg) else cfg.model.get('head', {})
    if loader_categories(cfg, name) != {None} or head.get('out_channels') is None:
        raise ValueError(
            f'{name} is not for all categories at once, as --finetune wants it: give '
            'a config whose category is None and whose out_channels is 24, such as '
            'recipes/hrnet_w48_fashionai_finetuned'
        )
    chosen = [f'{loader}.dataset.categories=[{category}]' for loader in LOADERS]
    return [f'load_from={quoted(checkpoint)}', *chosen]
