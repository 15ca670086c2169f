"""What tests of data sets share."""

import json

import pytest


@pytest.fixture
def write(tmp_path):
    def write_json(content, name='train_skirt.json'):
        path = tmp_path / name
        path.write_text(json.dumps(content))
        return str(path)

    return write_json
