"""Train and test the five FashionAI categories in turn, and merge their predictions.

Usage:
    fashion-mmpose train-all CONFIG [--categories blouse,skirt,...] [--work-dir DIR]
        [--out submission.csv] [--test-only] [--restart] [--finetune CKPT] [--nproc N]
        [--amp] [--auto-scale-lr] [--skip-bad] [--cfg-options KEY=VALUE ...]

CONFIG is the path or name of a config with {category} in it, such as
'cpn_r152_fashionai_{category}', or of a recipe, for which only the category is missing,
such as configs/small/cpn_r18.py. With --finetune it is one for all categories, such as
recipes/hrnet_w48_fashionai_finetuned: a copy of the network in CKPT, which was trained
for all of them, is trained on for each category.

The same command goes on where it was stopped: finished trainings are not repeated, a
half-trained network goes on from its last checkpoint, and a test is repeated only if
its config, weights or annotations have changed, or if --skip-bad has left out pictures
of it. If a category fails, the others are run all the same. At the end there are a
table, also as summary.json and summary.md in the work directory, and one CSV in the
challenge's form; with --categories, both keep what earlier calls with the same settings
have done of the other categories.
"""

import argparse
import sys
from pathlib import Path

from fashion_mmpose import garments
from fashion_mmpose.cli.shell import argument_parser, parse, run
from fashion_mmpose.commands.runs.data_root import add_data_root, data_root_options
from fashion_mmpose.commands.runs.running import add_skip_bad
from fashion_mmpose.config.dataset_settings import check_files
from fashion_mmpose.config.loading import config_root
from fashion_mmpose.files.writing.locks import locked_file, locked_folder

from .commands import tail
from .plan import CategoryRun, plan_runs, run_folders
from .state import JOURNAL, check_unchanged
from .steps import Options, kept_result, merge, run_category
from .summary import CategoryResult, common_rule, rule_of, summary_table, write_summary

_ORDER = garments.categories('fashionai')


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument('config', help='config with {category} in its name, or recipe')
    parser.add_argument(
        '--categories',
        metavar='NAMES',
        type=lambda text: text.split(','),
        help='names of categories with commas between them; what is done of others '
        'with the same settings stays in the table and the CSV (all five)',
    )
    parser.add_argument(
        '--work-dir',
        metavar='DIR',
        help='folder of the results, and of the trainings in <category>/; by default '
        'work_dirs/<name of the config>',
    )
    parser.add_argument(
        '--out',
        metavar='FILE.csv',
        help='file to write the merged predictions to; by default submission.csv among '
        'the results',
    )
    parser.add_argument(
        '--test-only',
        action='store_true',
        help='test only: the checkpoints in the work directory, or an ensemble',
    )
    parser.add_argument(
        '--restart',
        action='store_true',
        help='train anew what was trained with another config; the old folder is kept '
        'as <folder>.old1',
    )
    parser.add_argument(
        '--finetune',
        metavar='CKPT',
        help='checkpoint, or work folder, of a network for all categories, which is '
        'trained on for each of them',
    )
    parser.add_argument(
        '--nproc',
        type=int,
        choices=range(1, 65),
        default=1,
        metavar='N',
        help='number of processes of a training, one a GPU, by torchrun (1)',
    )
    parser.add_argument('--amp', action='store_true', help='train in mixed precision')
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate to the real batch size',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        default=[],
        metavar='KEY=VALUE',
        help='override entries of the config; {category} is filled in',
    )
    add_data_root(parser)
    add_skip_bad(parser)
    return parse(parser, argv)


def execute(args: argparse.Namespace) -> int:
    """Train, test, merge and report; the exit code."""
    flags = [
        flag
        for flag, given in (
            ('--amp', args.amp),
            ('--auto-scale-lr', args.auto_scale_lr),
        )
        if given
    ]
    folder, runs = plan(args, args.categories)
    rule = common_rule([run.cfg for run in runs])
    for each in runs:  # before hours of training, which look for their own files
        check_files(each.cfg, ('test',))
    if not args.test_only and not args.restart:
        check_unchanged(runs)
    # A wheel and a checkout have the scripts beside the configs.
    scripts = config_root().parent
    options = Options(
        scripts, args.test_only, args.restart, flags, args.skip_bad, args.nproc
    )
    with locked_folder(folder):
        done = kept(args, runs, options)
        for each in runs:
            done.append((each, run_category(each, options)))
            done.sort(key=lambda pair: _ORDER.index(pair[0].category))
            write_summary(folder, [result for _, result in done], rule, args.config)
        results = [result for _, result in done]
        submission = submit(
            [each for each, _ in done], results, args.out, folder, args.skip_bad
        )
        write_summary(folder, results, rule, args.config, submission)
    print(f'\n{summary_table(results, rule)}')
    print(f'written to {folder}/summary.json and summary.md')
    print_failures(results)
    print(f'submission: {submission or "none was written"}')
    return 0 if submission and all(result.succeeded for result in results) else 1


def plan(
    args: argparse.Namespace, categories: list[str] | None
) -> tuple[Path, list[CategoryRun]]:
    """What is to be run for some categories; see :func:`.plan.plan_runs`."""
    return plan_runs(
        args.config,
        categories,
        args.work_dir,
        [*data_root_options(args.data_root), *args.cfg_options],
        test_only=args.test_only,
        amp=args.amp,
        auto_scale_lr=args.auto_scale_lr,
        finetune=args.finetune,
    )


def kept(
    args: argparse.Namespace, runs: list[CategoryRun], options: Options
) -> list[tuple[CategoryRun, CategoryResult]]:
    """What earlier calls with the same settings have made of the other categories.

    It stays in the summary and the submission, which are those of the folder.
    """
    asked = {each.category for each in runs}
    _, folders = run_folders(args.config, _ORDER, args.work_dir)
    found = []
    for category, folder in folders.items():
        if category in asked or not (folder / JOURNAL).is_file():
            continue
        try:
            _, (other,) = plan(args, [category])
        except (OSError, ValueError):  # of other settings then
            continue
        result = kept_result(other, options)
        if result is not None and rule_of(other.cfg) == rule_of(runs[0].cfg):
            found.append((other, result))
    return found


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    stopped = '\nstopped; what is done is kept, and the same command goes on'
    return run(execute, parse_args(argv), stopped)


def submit(
    runs: list[CategoryRun],
    results: list[CategoryResult],
    out: str | None,
    folder: Path,
    skip_bad: bool,
) -> str | None:
    """Merge the categories that succeeded; the file, or None if that failed."""
    succeeded = [run for run, result in zip(runs, results) if result.succeeded]
    out = str(out or folder / 'submission.csv')
    if not succeeded:
        return None
    try:
        with locked_file(out):
            merge(succeeded, out, skip_bad)
    except (OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return None
    return out


def print_failures(results: list[CategoryResult]) -> None:
    """Say what failed and why, below the table."""
    failed = [result for result in results if not result.succeeded]
    for result in failed:
        print(f'\n{result.category}: {result.status}: {result.error}')
        if result.log:
            print(f'the end of {result.log}:\n{tail(result.log)}')
    if failed:
        names = ', '.join(result.category for result in failed)
        print(f'\nThe table and the submission are without {names}.')
