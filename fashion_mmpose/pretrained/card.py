"""The model card of a folder of networks."""

from .index import Index, StoredNetwork, networks_of

CARD = 'README.md'

_HEAD = """---
library_name: fashion-mmpose
tags:
- keypoint-detection
- garments
---

# Landmarks of garments

```python
from fashion_mmpose import GarmentInferencer

inferencer = GarmentInferencer.from_pretrained('FOLDER')  # this one, or its id
for predicted in inferencer('shop/*.jpg'{category}):
    for garment in predicted.garments:
        print(garment.category, garment.score, garment.keypoints)
```

Nothing in this folder is executed: weights and graphs are data, and the rest is JSON.
"""
_WITHOUT = """
`pip install 'fashion-mmpose[onnx]'` is all that it needs.
"""
_WITH = """
In an environment with PyTorch and MMPose, the weights are tested and trained further:

```bash
fashion-mmpose test FOLDER --data-root DATA
fashion-mmpose train CONFIG --cfg-options load_from=FOLDER
```
"""


def write_card(index: Index) -> str:
    """The text, in Markdown: what the networks find, and what they reach."""
    rows = [
        ('key points of', index.benchmark),
        *(('pose network', _files(each)) for each in index.pose),
    ]
    if index.detector is not None:
        rows.append(('detector', _files(index.detector)))
    rows.append(('written by', f'fashion-mmpose {index.version}'))
    networks = networks_of(index)
    head = _HEAD.format(category=_category(index))
    if all(each.graph for each in networks):
        head += _WITHOUT
    if all(each.weights for each in networks):
        head += _WITH
    parts = [head, _table(('', ''), rows)]
    if index.figures:
        figures = [(name, f'{value:.4g}') for name, value in index.figures.items()]
        parts += ['## What it reaches\n', _table(('metric', 'figure'), figures)]
    else:
        parts.append('No figures were given when this folder was written.\n')
    return '\n'.join(parts)


def _category(index: Index) -> str:
    """What a call must say of the garments, if nothing else tells which they are."""
    names = [name for each in index.pose for name in each.categories]
    if index.detector is not None or len(names) == 1:
        return ''
    return f', category={names[0]!r}'


def _files(network: StoredNetwork) -> str:
    files = ', '.join(f'`{name}`' for name in network.files)
    return f'{files}: {", ".join(network.categories)}'


def _table(head: tuple[str, str], rows: list[tuple[str, str]]) -> str:
    lines = [head, ('---', '---'), *rows]
    return '\n'.join(f'| {first} | {second} |' for first, second in lines) + '\n'
