"""Progress bars of training and testing."""

from contextlib import ExitStack

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.logging import MMLogger
from mmengine.runner import Runner
from mmpose.registry import HOOKS
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm


@HOOKS.register_module()
class ProgressBarHook(Hook):
    """A bar with the time left: over the whole training, and over each test.

    Shown on a terminal only, where log lines pass above it; elsewhere MMEngine's
    log lines, which carry the time left too, are all there is.
    """

    priority = 'VERY_LOW'

    def __init__(self) -> None:
        self._bars: dict[str, tqdm] = {}
        self._redirect = ExitStack()

    def _open(self, key: str, total: int, initial: int = 0) -> None:
        if not self._bars:
            logger = MMLogger.get_current_instance()
            self._redirect.enter_context(logging_redirect_tqdm([logger]))
        self._bars[key] = tqdm(
            total=total,
            initial=initial,
            desc=key,
            leave=key != 'val',
            dynamic_ncols=True,
            disable=None if is_main_process() else True,
        )

    def _close(self, key: str) -> None:
        self._bars.pop(key).close()
        if not self._bars:
            self._redirect.close()

    def before_train(self, runner: Runner) -> None:
        """Open the bar of the whole training."""
        self._open('train', runner.max_iters, runner.iter)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch=None, outputs=None
    ) -> None:
        """Advance the training bar."""
        bar = self._bars['train']
        if not bar.disable and outputs is not None and batch_idx % 10 == 0:
            loss = outputs['loss'].item()
            bar.set_postfix(epoch=runner.epoch + 1, loss=f'{loss:.4g}')
        bar.update()

    def after_train(self, runner: Runner) -> None:
        """Close the training bar."""
        self._close('train')

    def before_val(self, runner: Runner) -> None:
        """Open the bar of one validation."""
        self._open('val', len(runner.val_dataloader))

    def after_val_iter(
        self, runner: Runner, batch_idx: int, data_batch=None, outputs=None
    ) -> None:
        """Advance the validation bar."""
        self._bars['val'].update()

    def after_val(self, runner: Runner) -> None:
        """Close the validation bar."""
        self._close('val')

    def before_test(self, runner: Runner) -> None:
        """Open the test bar."""
        self._open('test', len(runner.test_dataloader))

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch=None, outputs=None
    ) -> None:
        """Advance the test bar."""
        self._bars['test'].update()

    def after_test(self, runner: Runner) -> None:
        """Close the test bar."""
        self._close('test')
