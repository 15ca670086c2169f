"""Small bundles that name the same bytes again and again."""

import numpy as np
import pytest
from tensorflow_bundle import (
    encode_block,
    encode_entry,
    encode_header,
    encode_table,
    join_blocks,
    masked_crc32c,
    varint,
    write_bundle,
)

from fashion_mmpose.errors import FormatError
from fashion_mmpose.weights.tensorflow.checkpoint import read_variables
from fashion_mmpose.weights.tensorflow.index import TensorflowCheckpointError
from fashion_mmpose.weights.tensorflow.sstable import read_table


def test_variables_that_share_their_bytes(tmp_path):
    prefix = tmp_path / 'm'
    write_bundle(prefix, {'a': np.ones(1000, np.float32)})
    data = np.ones(1000, '<f4').tobytes()
    entry = encode_entry(1, (1000,), size=4000, crc32c=masked_crc32c(data))
    items = [(b'', encode_header(1))]
    items += [(b'v%06d' % i, entry) for i in range(2000)]
    (tmp_path / 'm.index').write_bytes(encode_table([items]))
    with pytest.raises(TensorflowCheckpointError, match='shares its bytes'):
        read_variables(prefix)


def test_blocks_that_share_their_bytes():
    empty = bytes(4000) + (1000).to_bytes(4, 'little')  # 1000 restarts, no entry
    handle = varint(0) + varint(len(empty))
    index = encode_block([(b'%04d' % i, handle) for i in range(999)])
    with pytest.raises(FormatError, match='shares its bytes'):
        list(read_table(join_blocks([empty], [b''], index)))


@pytest.mark.slow
def test_keys_that_are_much_longer_than_their_block():
    items = [(b'k' * 5000 + b'%06d' % i, b'') for i in range(1000)]
    with pytest.raises(FormatError, match='keys are longer than 32 times'):
        list(read_table(encode_table([items], restart_interval=10**6)))
