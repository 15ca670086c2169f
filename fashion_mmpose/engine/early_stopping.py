"""Early stop that a resumed run remembers."""

from mmengine.hooks import EarlyStoppingHook
from mmengine.runner import Runner
from mmpose.registry import HOOKS


@HOOKS.register_module()
class PersistentEarlyStoppingHook(EarlyStoppingHook):
    """MMEngine's ``EarlyStoppingHook`` whose count survives an interruption.

    MMEngine keeps the best score and the number of validations without a better one in
    memory, so a run that is resumed starts to count anew. This hook keeps them in the
    message hub, which every checkpoint carries. A run that had stopped does not go on
    when it is resumed, unless ``patience`` is larger then.

    Arguments are those of :class:`mmengine.hooks.EarlyStoppingHook`.
    """

    # Before the hook that writes the epoch's checkpoint again after validation.
    priority = 'LOW'

    @property
    def _key(self) -> str:
        return f'early_stopping/{self.monitor}'

    def before_train(self, runner: Runner) -> None:
        """Take up the count of the run that is resumed."""
        if self._key not in runner.message_hub.runtime_info:
            return
        state = runner.message_hub.get_info(self._key)
        self.wait_count = state['wait_count']
        self.best_score = state['best_score']
        if self.wait_count >= self.patience:
            runner.logger.info(
                f'stop: {self.monitor} had not improved in {self.wait_count} '
                f'validations; best score: {self.best_score:.4f}'
            )
            runner.train_loop.stop_training = True

    def after_val_epoch(self, runner: Runner, metrics: dict) -> None:
        """Decide as MMEngine does, and leave the count to the next checkpoint."""
        super().after_val_epoch(runner, metrics)
        state = dict(wait_count=self.wait_count, best_score=float(self.best_score))
        runner.message_hub.update_info(self._key, state)
