"""The model card of a folder of networks."""

from .index import Index

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
for predicted in inferencer('shop/*.jpg'):
    for garment in predicted.garments:
        print(garment.category, garment.score, garment.keypoints)
```

`pip install 'fashion-mmpose[onnx]'` is all that it needs. Nothing in this folder is
executed: weights and graphs are data, and the rest is JSON.
"""


def write_card(index: Index) -> str:
    """The text, in Markdown: what the networks find, and what they reach."""
    rows = [
        ('key points of', index.benchmark),
        *(
            ('pose network', f'`{e.graph}`: {", ".join(e.categories)}')
            for e in index.pose
        ),
    ]
    if index.detector is not None:
        found = ', '.join(index.detector.categories)
        rows.append(('detector', f'`{index.detector.graph}`: {found}'))
    rows.append(('written by', f'fashion-mmpose {index.version}'))
    parts = [_HEAD, _table(('', ''), rows)]
    if index.figures:
        figures = [(name, f'{value:.4g}') for name, value in index.figures.items()]
        parts += ['## What it reaches\n', _table(('metric', 'figure'), figures)]
    else:
        parts.append('No figures were given when this folder was written.\n')
    return '\n'.join(parts)


def _table(head: tuple[str, str], rows: list[tuple[str, str]]) -> str:
    lines = [head, ('---', '---'), *rows]
    return '\n'.join(f'| {first} | {second} |' for first, second in lines) + '\n'
