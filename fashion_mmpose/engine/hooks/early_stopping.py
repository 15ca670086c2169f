"""Early stop that a resumed run remembers."""

from math import isfinite

from mmengine.hooks import EarlyStoppingHook
from mmengine.runner import Runner
from mmpose.registry import HOOKS

from fashion_mmpose.engine.resuming import EARLY_STOPPING
from fashion_mmpose.evaluation.functional.directions import rule_of_score


@HOOKS.register_module()
class PersistentEarlyStoppingHook(EarlyStoppingHook):
    """MMEngine's ``EarlyStoppingHook`` whose state survives an interruption.

    MMEngine keeps the best score and the number of validations without a better one in
    memory, so a run that is resumed starts to count anew. This hook keeps them, and the
    last score, in the message hub, which every checkpoint carries. A run that had
    stopped, for whichever of MMEngine's reasons, does not go on when it is resumed,
    unless the arguments are such by then that it would not have stopped.

    Arguments are those of :class:`mmengine.hooks.EarlyStoppingHook`. The ``rule`` of
    this package's scores need not be given.
    """

    # Before the hook that writes the epoch's checkpoint again after validation.
    priority = 'LOW'

    def _init_rule(self, monitor: str) -> str:
        """As MMEngine, which cannot tell the rules of this package's scores."""
        return rule_of_score(monitor) or super()._init_rule(monitor)

    @property
    def _key(self) -> str:
        return f'{EARLY_STOPPING}{self.monitor}'

    def before_train(self, runner: Runner) -> None:
        """Take up the state of the run that is resumed."""
        if self._key not in runner.message_hub.runtime_info:
            return
        state = runner.message_hub.get_info(self._key)
        self.wait_count = state['wait_count']
        self.best_score = state['best_score']
        reason = self._reason_to_stop(state['last_score'])
        if reason is not None:
            runner.logger.info(
                f'stop: {reason}; best score: {self.best_score:.4f}; the run that is '
                'resumed had come to its end'
            )
            runner.train_loop.stop_training = True

    def after_val_epoch(self, runner: Runner, metrics: dict) -> None:
        """Decide as MMEngine does, and leave the state to the next checkpoint."""
        super().after_val_epoch(runner, metrics)
        if self.monitor not in metrics:
            return
        state = dict(
            wait_count=self.wait_count,
            best_score=float(self.best_score),
            last_score=float(metrics[self.monitor]),
        )
        runner.message_hub.update_info(self._key, state)

    def _reason_to_stop(self, last_score: float) -> str | None:
        """MMEngine's reasons in its order, without counting the score once more."""
        if self.check_finite and not isfinite(last_score):
            return f'{self.monitor} is {last_score}'
        threshold = self.stopping_threshold
        if threshold is not None and self.rule_map[self.rule](last_score, threshold):
            return f'{self.monitor} has reached {last_score:.4f}'
        if self.wait_count >= self.patience:
            return f'no better {self.monitor} in {self.wait_count} validations'
        return None
