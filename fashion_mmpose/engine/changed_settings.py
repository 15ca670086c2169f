"""Settings of a resumed run that its checkpoint overrules, and how they are obeyed."""

import warnings
from collections.abc import Mapping, Sequence
from copy import deepcopy

from mmengine.runner import EpochBasedTrainLoop, Runner

from .resuming import groups_of

_OF_A_SCORE = {'best', 'num_bad_epochs'}
# What counts the steps of a schedule; everything else in its state is a setting.
_PROGRESS = {
    'last_step',
    '_global_step',
    '_last_value',
    'base_values',
    'cooldown_counter',
    *_OF_A_SCORE,
}
# What a run without an interruption changes by itself.
_SCHEDULED = ('lr', 'momentum')


class Settings:
    """The optimizer's settings and the schedules that a config asks for.

    Args:
        runner: A run that has built them, and has not loaded a checkpoint yet.
    """

    def __init__(self, runner: Runner) -> None:
        self.groups = [_settings(group) for group in _groups(runner)]
        self._initial = [
            {key: value for key, value in group.items() if key != 'params'}
            for group in map(dict, _groups(runner))
        ]
        self.schedules = [deepcopy(s.state_dict()) for s in _schedules(runner)]
        self._seed = runner._randomness_cfg.get('seed')

    def check(self, runner: Runner, checkpoint: Mapping, filename: str) -> None:
        """Stop at a checkpoint with other settings, unless the run overrides them.

        Args:
            runner: The run, which has built its loaders.
            checkpoint: See :meth:`overruled`.
            filename: The checkpoint's, for messages.

        Raises:
            ValueError: If there are some, and ``override`` is not set.
        """
        changes = self.overruled(runner, checkpoint)
        if not changes:
            return
        listed = '\n  '.join(changes)
        if not runner.override:
            raise ValueError(
                f'{filename} was trained with other settings, and --resume would go on '
                f'with those:\n  {listed}\nto fix it: give the old settings, or '
                '--override, which takes the new ones from here on'
            )
        runner.logger.warning(f'from here on, other than in {filename}:\n  {listed}')

    def overruled(self, runner: Runner, checkpoint: Mapping) -> list[str]:
        """What the checkpoint has otherwise, as ``'<setting> was <old>, is <new>'``.

        Args:
            runner: The run, which has built its loaders.
            checkpoint: The checkpoint that it goes on from, as PyTorch loads it.
        """
        lines = []
        old = [_settings(group) for group in _stored_groups(checkpoint)]
        if old:
            lines += _compare_all('optim_wrapper.optimizer', old, self.groups)
        stored = checkpoint.get('param_schedulers')
        if isinstance(stored, Sequence):
            lines += _compare_all('param_scheduler', stored, self.schedules, True)
        meta = checkpoint['meta']
        seed = meta.get('seed')
        if None not in (seed, self._seed) and seed != self._seed:
            lines.append(f'randomness.seed was {seed}, is {self._seed}')
        new = len(runner.train_dataloader)
        if 'position' in meta:
            old = meta['position']['batches']
        else:
            old = meta['iter'] / meta['epoch'] if meta['epoch'] else new
        by_epoch = isinstance(runner.train_loop, EpochBasedTrainLoop)
        if by_epoch and old != new:
            lines.append(
                f'the batches of an epoch were {old:g}, are {new} (of the batch size, '
                'the number of processes or the pictures)'
            )
        return lines

    def enforce(self, runner: Runner) -> None:
        """Put the config's settings in place of the checkpoint's.

        The state of the optimizer stays, such as its momentum, and so do the epochs
        that are done. The schedules are taken through those epochs anew, as if the run
        had had them from its beginning; what a schedule has learnt from scores stays,
        but for the best one if it goes by another score from here on.
        """
        loop, batches = runner.train_loop, len(runner.train_dataloader)
        learnt = self._learnt(runner)
        if isinstance(loop, EpochBasedTrainLoop):
            loop._iter = loop.epoch * batches
            if position := getattr(loop, 'position', None):
                if position['batches'] == batches:
                    loop._iter += position['iterations']
                else:
                    loop.position = None  # the epoch is repeated
        if self._seed is not None and runner.seed != self._seed:
            runner._randomness_cfg.update(seed=self._seed)
            runner.set_randomness(**runner._randomness_cfg)
        for group, initial in zip(_groups(runner), self._initial):
            group.update(deepcopy(initial))
        schedules = _schedules(runner)
        stepped = []
        for schedule, fresh in zip(schedules, self.schedules):
            if hasattr(schedule, 'monitor'):  # it goes by scores, not by time
                old = vars(schedule)
                kept = _PROGRESS & old.keys() - {'base_values'}
                if any(old[key] != fresh[key] for key in ('monitor', 'rule')):
                    kept -= _OF_A_SCORE  # another one
                progress = {key: old[key] for key in kept}
                schedule.load_state_dict(deepcopy(fresh) | progress)
            else:
                schedule.load_state_dict(deepcopy(fresh))
                stepped.append(schedule)
        _advance(stepped, loop.iter, batches)
        for group, factors in zip(_groups(runner), learnt):
            for key, factor in factors.items():
                group[key] *= factor

    def _learnt(self, runner: Runner) -> list[dict[str, float]]:
        """What schedules that go by scores have made of the rates of each group.

        That is what the schedules that go by time have not: they are taken to where the
        loop is once more, as the checkpoint has them.
        """
        pairs = list(zip(_schedules(runner), self.schedules))
        timed = [pair for pair in pairs if not hasattr(pair[0], 'monitor')]
        if len(timed) == len(pairs):
            return [{} for _ in _groups(runner)]
        loop = runner.train_loop
        reached = []
        for group, first in zip(_groups(runner), self._initial):
            reached.append({key: group[key] for key in _rates(group)})
            for key in reached[-1]:
                begin = f'initial_{key}'
                group[key] = group[begin] * first[key] / first[begin]
        for schedule, fresh in timed:
            begun = {key: v for key, v in fresh.items() if key in _PROGRESS}
            schedule.load_state_dict(deepcopy(schedule.state_dict() | begun))
        epochs = getattr(loop, 'epoch', 0)
        batches = loop.iter // epochs if epochs else len(runner.train_dataloader)
        _advance([schedule for schedule, _ in timed], loop.iter, max(1, batches))
        return [
            {key: rate / group[key] for key, rate in rates.items() if group[key]}
            for group, rates in zip(_groups(runner), reached)
        ]


def _advance(schedules: Sequence, iterations: int, batches: int) -> None:
    """Take schedules through so many iterations from the beginning."""
    by_epoch = [each for each in schedules if each.by_epoch]
    by_batch = [each for each in schedules if not each.by_epoch]
    with warnings.catch_warnings():
        # The optimizer makes no steps meanwhile, which the schedules expect.
        warnings.filterwarnings('ignore', 'Detected call of `scheduler.step')
        for number in range(1, iterations + 1):
            for schedule in by_batch:
                schedule.step()
            if number % batches == 0:
                for schedule in by_epoch:
                    schedule.step()


def _groups(runner: Runner) -> list[dict]:
    return groups_of(runner.optim_wrapper)


def _stored_groups(checkpoint: Mapping) -> list[Mapping]:
    """The groups of all optimizers of a checkpoint, in their order."""
    stored = checkpoint.get('optimizer', {})
    optimizers = [stored] if 'param_groups' in stored else stored.values()
    groups = []
    for each in optimizers:
        groups += each['param_groups']
        # What the groups of paramwise_cfg differ from stands behind them.
        if base := each.get('base_param_settings'):
            groups.append(base)
    return groups


def _schedules(runner: Runner) -> list:
    schedules = runner.param_schedulers or []
    if isinstance(schedules, Mapping):
        return [each for some in schedules.values() for each in some]
    return list(schedules)


def _rates(group: Mapping) -> list[str]:
    return [k for k in _SCHEDULED if group.get(f'initial_{k}')]


def _settings(group: Mapping) -> dict:
    """What a config sets of a group: of what is scheduled, where it began."""
    settings = {
        key: group.get(f'initial_{key}', value)
        for key, value in group.items()
        if key != 'params' and not key.startswith('initial_')
    }
    # A schedule of Adam's momentum keeps that beside the betas, and changes both.
    if 'betas' in settings and 'initial_momentum' in group:
        settings['betas'] = (group['initial_momentum'], *settings['betas'][1:])
    return settings


def _compare_all(
    name: str, old: Sequence[Mapping], new: Sequence[Mapping], numbered: bool = False
) -> list[str]:
    if len(old) != len(new):
        return [f'{name} had {len(old)} parts, has {len(new)}']
    lines = []
    for index, (before, now) in enumerate(zip(old, new)):
        prefix = f'{name}.{index}' if numbered else name
        for key in before.keys() & now.keys() - _PROGRESS:
            if _plain(before[key]) != _plain(now[key]):
                lines.append(
                    f'{prefix}.{key} was {_plain(before[key])}, is {_plain(now[key])}'
                )
    # Groups of parameters mostly differ from each other in one setting only.
    return sorted(set(lines))


def _plain(value):
    """Milestones are kept as a counter, betas as a list or a tuple."""
    if isinstance(value, Mapping):
        return sorted(value.items()) if set(value.values()) != {1} else sorted(value)
    return list(value) if isinstance(value, tuple) else value
