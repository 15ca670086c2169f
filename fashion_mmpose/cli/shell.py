"""What all commands share: their options, and how they end.

Exit codes: 0 after success, 1 after a mistake that one line on stderr names, 2 after
wrong options, 129 when the terminal is closed, 130 after Ctrl-C, 141 where nobody reads
the output any more, 143 after SIGTERM. Only an error that nobody foresaw shows its
traceback; with ``--debug`` every error does.
"""

import argparse
import os
import re
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pickle import UnpicklingError
from typing import Any

from fashion_mmpose import interrupts

FAILED, INTERRUPTED, UNREAD = 1, 130, 141

# What files, options and an environment that do not fit are reported by.
_MISTAKES = (EOFError, ImportError, OSError, RuntimeError, UnpicklingError, ValueError)
# A config that names what there is not, or gives it what it does not take, fails with
# many kinds of errors. They pass through these modules.
_CONFIG_READERS = (
    'mmengine.config.',
    'mmengine.registry.',
    'mmengine.optim.optimizer.builder.',
    'mmengine.optim.optimizer.default_constructor.',
)
# What MMEngine raises itself, it says of the run that it was asked for.
_RUNNER = 'mmengine.'


def argument_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser that shows the docstring of a command as it is written."""
    return argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def fill_in(args: argparse.Namespace, defaults: Mapping[str, Any]) -> list[str]:
    """Give the options that were not given their defaults.

    Args:
        args: The options, None where they were not given.
        defaults: By their names.

    Returns:
        list[str]: The names of those that were given, in the order of ``defaults``.
    """
    given = [name for name in defaults if getattr(args, name) is not None]
    for name in defaults.keys() - given:
        setattr(args, name, defaults[name])
    return given


def parse(
    parser: argparse.ArgumentParser, argv: Sequence[str] | None
) -> argparse.Namespace:
    """Parse the options of a command, with those that every command takes.

    Raises:
        SystemExit: After wrong options, with the code 2, and after ``--help``.
    """
    parser.add_argument(
        '--debug', action='store_true', help='show the traceback of every error'
    )
    try:
        return parser.parse_args(argv)
    except ValueError as error:  # MMEngine's --cfg-options without an equals sign
        parser.error(f'an option cannot be read ({error}); see --help for its form')


def warn(messages: Sequence[str], shown: int = 20) -> None:
    """Print the first of many warnings on stderr, and how many more there are."""
    for message in messages[:shown]:
        print(f'warning: {message}', file=sys.stderr)
    if len(messages) > shown:
        print(f'warning: ... and {len(messages) - shown} more', file=sys.stderr)


def run(
    action: Callable[[argparse.Namespace], int | None],
    args: argparse.Namespace,
    stopped: str = 'stopped',
) -> int:
    """Do what a command does, and bring it to an end.

    Args:
        action: Takes the options; returns the exit code, where None stands for 0.
        args: See :func:`parse`.
        stopped: What is said after a signal.

    Returns:
        int: The exit code, see the head of this file.

    Raises:
        Exception: What nobody foresaw; with ``--debug`` every error.
    """
    try:
        with interrupts.working():
            code = action(args) or 0
            sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:
        # Whatever fails after a signal fails because of it: a loader's process has
        # ended, too.
        asked = interrupts.exit_code() is not None and not isinstance(error, OSError)
        code = end(KeyboardInterrupt() if asked else error, args.debug, stopped)
    interrupts.said()
    return interrupts.exit_code() or code


def end(error: BaseException, debug: bool, stopped: str = 'stopped') -> int:
    """Say in one line why a command ends; the exit code.

    Raises:
        BaseException: The error itself, if nobody foresaw it or ``debug`` is set.
    """
    if isinstance(error, KeyboardInterrupt):
        print(stopped, file=sys.stderr)
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        # What is still in the buffer would fail once more when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD
    if debug or not _is_mistake(error):
        raise error
    print(f'error: {_message(error)}', file=sys.stderr)
    return FAILED


def _is_mistake(error: BaseException) -> bool:
    """Whether the error is of what the user gave, as far as can be told."""
    if isinstance(error, RecursionError):
        return False
    if isinstance(error, _MISTAKES):
        return True
    passed = [
        f'{frame.f_globals.get("__name__", "")}.'
        for frame, _ in traceback.walk_tb(error.__traceback__)
    ]
    return passed[-1].startswith(_RUNNER) or any(
        name.startswith(_CONFIG_READERS) for name in passed
    )


def _message(error: BaseException) -> str:
    # Python shows the argument of a KeyError as it would be typed, in quotes.
    text = str(error.args[0] if isinstance(error, KeyError) and error.args else error)
    if isinstance(error, KeyError) and ' ' not in text:  # the key, and nothing else
        text = f'there is no {text!r}'
    if isinstance(error, UnpicklingError):  # PyTorch goes on with advice for programs
        reason, _, _ = text.partition('\n')
        text = f'a checkpoint cannot be read: {reason}'
    # PyTorch hands over the error of a loader's process with its traceback as text.
    if in_loader := re.match(r'Caught (\w+) in DataLoader worker process', text):
        raised = re.compile(rf'^[\w.]*\b{in_loader[1]}: ', re.MULTILINE)
        text = raised.split(text)[-1]
    return text.strip() or type(error).__name__
