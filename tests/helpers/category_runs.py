"""A category's run, and what a training leaves in its folder, without a training."""

import os
import zipfile

from fashion_mmpose.commands.categories.plan import plan_runs

RECIPE = 'small/cpn_r18'


def planned(folder, *options, config=RECIPE, **kwargs):
    """The run of the skirts with this work directory."""
    _, (run,) = plan_runs(config, ['skirt'], folder, options, **kwargs)
    return run


def write_weights(path):
    """A file that PyTorch's format makes of a checkpoint: an archive."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('data', 'weights of a network')


def begin(run, **changes):
    """Leave in the run's folder what MMEngine leaves there after an epoch."""
    write_weights(run.folder / 'epoch_1.pth')
    (run.folder / 'last_checkpoint').write_text(str(run.folder / 'epoch_1.pth'))
    cfg = run.cfg.copy()
    cfg.merge_from_dict(changes)
    cfg.dump(run.folder / os.path.basename(run.cfg.filename))
