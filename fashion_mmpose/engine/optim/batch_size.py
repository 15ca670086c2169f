"""Learning rates for another number of pictures a step than a config was made for."""

from collections.abc import Iterator, Mapping

from mmengine.logging import print_log
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner

from fashion_mmpose.config.parts import kind_of
from fashion_mmpose.engine.resuming import named_wrappers, parts_of_a_step

_ONE_CYCLE = ('OneCycleLR', 'OneCycleParamScheduler')


def fit_rates(runner: Runner, wrapper: OptimWrapper, auto_scale_lr: Mapping) -> None:
    """Scale the rates to the pictures of a step, if the config says so.

    Args:
        runner: Of the training, before schedules are built.
        wrapper: Of its optimizer, or of several; the groups of parameters are changed
            in place.
        auto_scale_lr: ``enable`` and ``base_batch_size``, the number of pictures for
            which the rates are.

    Raises:
        ValueError: If a schedule would set rates of its own in their place.
    """
    is_scaled = auto_scale_lr.get('enable', False)
    wrappers = named_wrappers(wrapper)
    for name, each in wrappers:
        for schedule in _one_cycles(runner, name):
            _check_peak(schedule, each, is_scaled)
    if is_scaled:
        loader = runner._train_dataloader  # its settings, unless it came built
        built = not isinstance(loader, dict)
        pictures = loader.batch_size if built else loader['batch_size']
        base = auto_scale_lr['base_batch_size']
        for name, each in wrappers:
            _scale_rates(each, runner.world_size * pictures, base, name)


def _scale_rates(
    wrapper: OptimWrapper, batch_size: int, base_batch_size: int, name: str = ''
) -> None:
    """Scale the rates of all groups of parameters in proportion, in place.

    MMEngine leaves out the optimizer's own rate, ``base_lr`` in its logs, of which the
    groups have shares. Of gradients that are accumulated it sees the last batch only,
    though a step is the mean of all of them.

    Args:
        wrapper: Of the optimizer, before schedules are built.
        batch_size: Pictures of a batch, of all processes together.
        base_batch_size: Pictures of a step for which the rates are.
        name: Of the optimizer, if there are several.
    """
    pictures = batch_size * parts_of_a_step(wrapper)
    ratio = pictures / base_batch_size
    # Of several groups the last one is the optimizer's own.
    for group in wrapper.param_groups:
        group['lr'] *= ratio
    of_one = f'{name}: ' if name else ''
    print_log(
        f'{of_one}a step sees {pictures} pictures, and the learning rates of the '
        f'config are for {base_batch_size}: they are multiplied by {ratio:g}',
        logger='current',
    )


def _one_cycles(runner: Runner, name: str) -> Iterator[Mapping]:
    """The settings of schedules that set rates, and do not multiply those there are.

    Args:
        runner: The run.
        name: Of the optimizer whose schedules they are, if there are several.
    """
    schedules = runner.param_schedulers or []
    if isinstance(schedules, Mapping) and 'type' not in schedules:
        schedules = schedules.get(name, ())
    for schedule in [schedules] if isinstance(schedules, Mapping) else schedules:
        if isinstance(schedule, Mapping) and kind_of(schedule) in _ONE_CYCLE:
            yield schedule


def _check_peak(schedule: Mapping, wrapper: OptimWrapper, is_scaled: bool) -> None:
    """Refuse one peak for all groups of parameters where their rates differ."""
    peak = schedule.get('eta_max')
    if is_scaled:
        raise ValueError(
            f'--auto-scale-lr has no effect on OneCycleLR, whose eta_max, {peak}, is '
            'the rate whatever optim_wrapper says; to fix it: leave the option out, '
            'and set eta_max for the pictures of a step'
        )
    rates = sorted({group['lr'] for group in wrapper.param_groups})
    if len(rates) > 1 and not isinstance(peak, list | tuple):
        raise ValueError(
            f'OneCycleLR would lead all parameters to one rate, eta_max={peak}, though '
            f'optim_wrapper gives them rates from {rates[0]:g} to {rates[-1]:g}; to '
            'fix it: take LinearLR and then CosineAnnealingLR, which keep to them, or '
            'take the shares (lr_mult, layer-wise rates) out of optim_wrapper'
        )
