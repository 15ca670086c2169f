"""Try many changed files on every reader, and print a table of what came of them.

Usage:
    make fuzz ARGS='--num 100000'

Every reader has a process of its own with a limit of memory. One that dies or hangs is
noted with the number of the file, which ``--only READER --first NUMBER --num 1`` makes
again.
"""

import argparse
import json
import multiprocessing
import resource
import sys
import tempfile
import time
import traceback
from pathlib import Path
from random import Random

from fuzz_readers import core_readers, weight_readers

MEMORY = 8 * 2**30  # bytes of address space; PyTorch alone takes four
STEP_SECONDS = 60


def work(name: str, first: int, num: int, progress) -> None:
    """Try files on one reader and report, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / 'made').mkdir()
        (folder / 'tried').mkdir()
        readers = core_readers()
        if name not in readers:
            readers = weight_readers(folder / 'made')
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        counts = dict(tried=0, accepted=0, refused=0, others=0, slowest=0.0, errors=[])
        for number in range(first, first + num):
            start = time.monotonic()
            try:
                is_accepted = readers[name].try_once(folder / 'tried', Random(number))
                counts['accepted' if is_accepted else 'refused'] += 1
            except Exception as error:
                counts['others'] += 1
                where = traceback.extract_tb(error.__traceback__)[-1]
                text = f'{number}: {type(error).__name__} {where.filename}:'
                counts['errors'].append(f'{text}{where.lineno} {str(error)[:150]}')
                counts['errors'] = counts['errors'][:20]
            counts['tried'] += 1
            counts['slowest'] = max(counts['slowest'], time.monotonic() - start)
            if counts['tried'] % 100 == 0 or counts['tried'] == num:
                kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                progress.send(counts | dict(peak_mib=kib // 1024))


def campaign(name: str, first: int, num: int) -> dict:
    """What came of a reader's files; a process that dies or hangs counts as another."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    context = multiprocessing.get_context('spawn')
    process = context.Process(target=work, args=(name, first, num, sender))
    process.start()
    sender.close()
    counts = dict(tried=0, accepted=0, refused=0, others=0, slowest=0.0, errors=[])
    counts['peak_mib'] = 0
    try:
        while counts['tried'] < num and receiver.poll(STEP_SECONDS * 5):
            counts = receiver.recv()
    except EOFError:
        pass
    if counts['tried'] < num:
        process.kill()
        counts['others'] += 1
        counts['errors'].append(f'died or hung after {first + counts["tried"]}')
    process.join()
    return counts


def main() -> int:
    """Run the campaign; 1 if a reader did anything but accept or refuse."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--num', type=int, default=2000, help='files for each reader')
    parser.add_argument('--first', type=int, default=0, help='number of the first one')
    parser.add_argument('--only', nargs='+', help='names of readers')
    parser.add_argument('--json', help='file for the figures')
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        names = [*core_readers(), *weight_readers(Path(folder))]
    rows, failed = {}, False
    head = ('tried', 'accepted', 'refused', 'others', 'peak MiB', 'slowest s')
    print(f'{"reader":22}' + ''.join(f'{title:>11}' for title in head), flush=True)
    for name in args.only or names:
        found = rows[name] = campaign(name, args.first, args.num)
        cells = [found[key] for key in ('tried', 'accepted', 'refused', 'others')]
        cells += [found['peak_mib'], f'{found["slowest"]:.2f}']
        print(f'{name:22}' + ''.join(f'{cell:>11}' for cell in cells), flush=True)
        for error in found['errors']:
            print(f'  {error}', flush=True)
        failed = failed or found['others'] > 0
        if args.json:
            Path(args.json).write_text(json.dumps(rows, indent=1))
    return int(failed)


if __name__ == '__main__':
    sys.exit(main())
