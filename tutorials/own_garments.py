# %% [markdown]
# # Garments that no benchmark knows
#
# Caps: a description of a few lines makes them a benchmark, with data sets, networks,
# scores and drawings as FashionAI and DeepFashion2 have them.
#
# It needs the environment for training (`make setup`).

# %%
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

from fashion_mmpose import GarmentInferencer, garments

NUM_PICTURES, NUM_EPOCHS = 160, 8
SIZE = 128


def run(*command):
    """A subcommand of `fashion-mmpose`; it must succeed."""
    subprocess.run([sys.executable, '-m', 'fashion_mmpose', *command], check=True)


# %% [markdown]
# ## The description
#
# Key points by name, the outline that drawings show, the two points whose distance is
# the garment's width, and what is measured. Names that differ in left and right are
# each other's mirror image.

# %%
folder = Path('caps')
folder.mkdir(exist_ok=True)
description = folder / 'caps.json'
description.write_text(
    json.dumps(
        dict(
            name='caps',
            categories=dict(cap=['top', 'rim_left', 'rim_right', 'peak']),
            outline=[['rim_left', 'top', 'rim_right'], ['rim_right', 'peak']],
            normalizer=['rim_left', 'rim_right'],
            measurements=dict(rim=['rim_left', 'rim_right']),
        )
    )
)
caps = garments.read_benchmark(description)

# %% [markdown]
# ## Pictures
#
# Drawn ones, with exact points; yours come from an annotation tool
# (`fashion-mmpose convert labels --help`). They are written as COCO JSON.

# %%
rng = np.random.default_rng(0)
KEYPOINTS = np.array([(0.45, 0.1), (0.1, 0.6), (0.75, 0.6), (0.98, 0.72)])


def draw_cap():
    """A picture and the four key points in it, in the description's order."""
    size = rng.uniform(50, 90)
    points = KEYPOINTS * size + rng.uniform(4, SIZE - size - 4, 2)
    picture = np.full((SIZE, SIZE, 3), rng.integers(150, 250, 3), np.uint8)
    top, left, right, peak = np.rint(points).astype(int).tolist()
    colour = rng.integers(20, 140, 3).tolist()
    middle = ((left[0] + right[0]) // 2, left[1])
    axes = ((right[0] - left[0]) // 2, left[1] - top[1])
    cv2.ellipse(picture, middle, axes, 0, 180, 360, colour, -1, cv2.LINE_AA)
    cv2.line(picture, right, peak, colour, 5, cv2.LINE_AA)
    return picture, points


def write_set(name, num):
    """Pictures in `caps/NAME/`, and their annotations in `caps/NAME.json`."""
    images, annotations = [], []
    (folder / name).mkdir(exist_ok=True)
    for number in range(num):
        picture, points = draw_cap()
        file_name = f'{number:03d}.png'
        cv2.imwrite(str(folder / name / file_name), picture)
        images.append(dict(id=number, file_name=file_name, width=SIZE, height=SIZE))
        low, high = points.min(axis=0), points.max(axis=0)
        entry = dict(id=number, image_id=number, category_id=1, iscrowd=0)
        entry['bbox'] = [*low.tolist(), *(high - low).tolist()]
        entry['area'] = float(np.prod(high - low))
        entry['keypoints'] = np.insert(points, 2, 2, axis=1).ravel().tolist()
        entry['num_keypoints'] = len(points)
        annotations.append(entry)
    category = dict(id=1, name='cap', keypoints=list(caps.garments['cap'].keypoints))
    content = dict(images=images, annotations=annotations, categories=[category])
    (folder / f'{name}.json').write_text(json.dumps(content))


write_set('train', NUM_PICTURES)
write_set('held_out', 40)

# %% [markdown]
# ## A config
#
# The description, the data, and as many channels as there are key points.

# %%
config = folder / 'res18_caps.py'
config.write_text("""
_base_ = 'fashion_mmpose::small/res18_deepfashion2.py'

caps = dict(type='GarmentDataset', benchmark='caps/caps.json', data_root='caps/')
held_out = dict(caps, ann_file='held_out.json', data_prefix=dict(img='held_out/'))
train_set = dict(caps, ann_file='train.json', data_prefix=dict(img='train/'))
model = dict(head=dict(out_channels=4))
train_dataloader = dict(batch_size=16, dataset=train_set)
val_dataloader = dict(dataset=held_out)
test_dataloader = dict(dataset=held_out)
val_evaluator = dict(type='NormalizedError')
test_evaluator = dict(type='NormalizedError')
default_hooks = dict(checkpoint=dict(save_best='caps/NE', rule='less'))
""")
run('check-data', str(config))

# %% [markdown]
# ## Training and testing

# %%
epochs = [f'train_cfg.max_epochs={NUM_EPOCHS}', 'train_cfg.val_interval=4']
run('train', str(config), '--work-dir', 'trained', '--cfg-options', *epochs)
(best,) = Path('trained').glob('best_*.pth')
run('test', str(config), str(best), '--work-dir', 'tested')
metrics = json.loads(Path('tested/metrics.json').read_text())['metrics']
print(f'normalized error: {metrics["caps/NE"]:.1%} of the width of a rim')

# %% [markdown]
# ## Use
#
# Checkpoints hold the description: whoever gets one, and the config that the training
# has saved, needs no other file.

# %%
inferencer = GarmentInferencer('trained/res18_caps.py', best)
found = inferencer.predict('caps/held_out/000.png', 'cap')
for cap in found.garments:
    for name, (x, y) in zip(cap.names, cap.keypoints):
        print(f'{name}: {x:.1f}, {y:.1f}')
    for length in cap.measurements():
        measured = length.value is not None
        value = f'{length.value:.1f} {length.unit}' if measured else length.reason
        print(f'{length.name}: {value}')
