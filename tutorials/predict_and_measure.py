# %% [markdown]
# # Find garments and measure them
#
# A shirt lies on a table beside a sheet of paper. The starter finds its landmarks, the
# sheet tells centimetres, and because the picture is drawn, the true lengths are known.
# No PyTorch is needed: `pip install 'fashion_mmpose[onnx]'`.
#
# With a photograph of your own: `picture = cv2.imread('shirt.jpg')`, and leave out what
# needs the truth.

# %%
import cv2

from fashion_mmpose import GarmentInferencer, garments
from fashion_mmpose.measure import find_scale, measure, sheet
from fashion_mmpose.synthetic import draw_laid_flat
from fashion_mmpose.visualization import draw_measurements

# %% [markdown]
# ## The picture
#
# Taken at an angle, by a lens that bends lines.

# %%
paper = sheet('a4')
scene = draw_laid_flat('long_sleeved_shirt', seed=1, index=2, target=paper)
picture = scene.image
cv2.imwrite('scene.jpg', picture)

# %% [markdown]
# ## Its garments
#
# The detector is asked for boxes, and the landmark network looks into each of them.

# %%
inferencer = GarmentInferencer()
found = inferencer.predict(picture)
for garment in found.garments:
    print(f'{garment.category}: {garment.score:.2f}')
shirt = max(found.garments, key=lambda garment: garment.score)
cv2.imwrite('found.jpg', shirt.draw(picture))

# %% [markdown]
# ## Centimetres
#
# The paper's corners give the table's plane, which removes the perspective. Every
# length has an interval: the errors of the landmarks, which the starter knows from
# drawn pictures, and of the corners.

# %%
scale = find_scale(picture, paper, scene.lens)
lengths = shirt.measurements(scale=scale)
truth = {
    length.name: length.value
    for length in measure(
        scene.keypoints, garments.garment('deepfashion2', scene.category), scale
    )
}
for length in lengths:
    if length.value is None:
        print(f'{length.name}: {length.reason}')
        continue
    low, high = length.interval()
    true = truth.get(length.name)
    beside = f' (true {true:.1f})' if true is not None else ''
    print(f'{length.name}: {length.value:.1f} cm, {low:.1f} to {high:.1f}{beside}')

# %% [markdown]
# ## The measuring lines

# %%
cv2.imwrite('measured.jpg', draw_measurements(picture, lengths, scale))
