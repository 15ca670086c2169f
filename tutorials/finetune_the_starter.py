# %% [markdown]
# # Finetune the starter
#
# The starter has seen garments that people wear, and drawn ones only. A shop that lays
# its shirts on a table shows it some dozen pictures of these, and it errs less. Here
# they are drawn, so that the tutorial runs anywhere; with your own, convert your labels
# (`fashion-mmpose convert labels --help`) and leave out the drawing.
#
# It needs the environment for training (`make setup`).

# %%
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

from fashion_mmpose.formats.coco.annotations import coco_categories
from fashion_mmpose.synthetic import draw_laid_flat

CATEGORY = 'long_sleeved_shirt'
NUM_PICTURES, NUM_EPOCHS = 60, 10


def run(*command):
    """A subcommand of `fashion-mmpose`; it must succeed."""
    subprocess.run([sys.executable, '-m', 'fashion_mmpose', *command], check=True)


# %% [markdown]
# ## Data
#
# COCO JSON: an annotation holds the key points of its category as x, y and v (2
# visible, 0 not there), and the garment's box.


# %%
def write_set(folder, num, seed):
    """Pictures in a folder, and their annotations in a JSON beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    images, annotations = [], []
    for number in range(num):
        drawn = draw_laid_flat(CATEGORY, seed, number)
        height, width = drawn.image.shape[:2]
        name = f'{number:04d}.jpg'
        cv2.imwrite(str(folder / name), drawn.image)
        images.append(dict(id=number, file_name=name, width=width, height=height))
        low, high = drawn.keypoints.min(axis=0), drawn.keypoints.max(axis=0)
        visible = np.full((len(drawn.keypoints), 1), 2)
        entry = dict(id=number, image_id=number, category_id=CATEGORIES[0]['id'])
        entry['bbox'] = [*low.tolist(), *(high - low).tolist()]
        entry['area'] = float(np.prod(high - low))
        entry['iscrowd'] = 0
        entry['keypoints'] = np.hstack((drawn.keypoints, visible)).ravel().tolist()
        entry['num_keypoints'] = len(visible)
        annotations.append(entry)
    content = dict(images=images, annotations=annotations, categories=CATEGORIES)
    folder.with_suffix('.json').write_text(json.dumps(content))


CATEGORIES = coco_categories('deepfashion2', CATEGORY)
data = Path('shirts')
write_set(data / 'train', NUM_PICTURES, seed=0)
write_set(data / 'held_out', NUM_PICTURES // 2, seed=1)

# %% [markdown]
# ## Before
#
# The starter as it comes, on shirts that the training will not see. `check-data` reads
# everything first, and names what is wrong with it.

# %%
settings = ['--data-root', str(data), '--cfg-options']
for part, name in dict(train='train', val='held_out', test='held_out').items():
    dataset = f'{part}_dataloader.dataset'
    settings += [f'{dataset}.ann_file={name}.json', f'{dataset}.data_prefix.img={name}']
run('check-data', 'starter/deepfashion2', *settings)


def score_of(checkpoint, folder):
    """The average precision of a checkpoint on the shirts kept aside."""
    files = ['--work-dir', folder]
    run('test', 'starter/deepfashion2', str(checkpoint), *files, *settings)
    content = json.loads(Path(folder, 'metrics.json').read_text())
    return content['metrics']['deepfashion2/AP']


before = score_of('starter://deepfashion2', 'before')

# %% [markdown]
# ## Training
#
# The config begins with the starter (`load_from = 'starter://deepfashion2'`), with a
# smaller learning rate for the features. After Ctrl-C, `--resume` goes on where it
# stopped.

# %%
epochs = [f'train_cfg.max_epochs={NUM_EPOCHS}', 'train_cfg.val_interval=5']
work_dir = ['--work-dir', 'finetuned']
run('train', 'starter/deepfashion2', *work_dir, *settings, *epochs)

# %% [markdown]
# ## After

# %%
(best,) = Path('finetuned').glob('best_*.pth')
after = score_of(best, 'after')
print(f'AP on shirts kept aside: {before:.3f} before, {after:.3f} after')

# %% [markdown]
# ## Use
#
# The finetuned network in the boxes of the starter's detector.

# %%
pose = ['--pose', 'finetuned/deepfashion2.py', str(best)]
det = ['--det', 'starter/detector', 'starter://detector']
out = ['--out-dir', 'found', '--save-vis']
run('predict', str(data / 'held_out'), *pose, *det, *out)
