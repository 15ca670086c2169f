"""Learning rates for another number of pictures a step than a config was made for."""

from mmengine.logging import print_log
from mmengine.optim import OptimWrapper

from fashion_mmpose.engine.resuming import parts_of_a_step


def scale_rates(wrapper: OptimWrapper, batch_size: int, base_batch_size: int) -> None:
    """Scale the rates of all groups of parameters in proportion, in place.

    MMEngine leaves out the optimizer's own rate, ``base_lr`` in its logs, of which the
    groups have shares. Of gradients that are accumulated it sees the last batch only,
    though a step is the mean of all of them.

    Args:
        wrapper: Of the optimizer, before schedules are built.
        batch_size: Pictures of a batch, of all processes together.
        base_batch_size: Pictures of a step for which the rates are.
    """
    pictures = batch_size * parts_of_a_step(wrapper)
    ratio = pictures / base_batch_size
    # Of several groups the last one is the optimizer's own.
    for group in wrapper.param_groups:
        group['lr'] *= ratio
    print_log(
        f'a step sees {pictures} pictures, and the learning rates of the config are '
        f'for {base_batch_size}: they are multiplied by {ratio:g}',
        logger='current',
    )
