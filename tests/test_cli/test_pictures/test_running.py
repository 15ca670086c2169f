"""The inputs and the networks of the commands that look at pictures."""

import pytest

from fashion_mmpose.cli.pictures import measure, predict
from fashion_mmpose.cli.pictures.running import open_inputs


@pytest.mark.parametrize('command', [measure, predict])
def test_shares_have_no_common_lengths(command, tmp_path):
    """Those of `2 pictures` of a folder of four would be called common to all."""
    argv = [str(tmp_path), '--out-dir', 'out', '--combine', '--shard']
    more = ['--measure'] if command is predict else []
    args = command.parse_args([*argv, '1/2', *more])
    with pytest.raises(ValueError, match='--combine needs all .* --shard 1/2 takes '):
        open_inputs(args, [])
    whole = command.parse_args([*argv, '0/1', *more])
    with pytest.raises(FileNotFoundError, match='holds no picture'):
        open_inputs(whole, [])
