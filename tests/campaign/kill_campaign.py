"""Kills commands at random moments, runs them again, and compares with whole runs.

Usage:
    python tests/campaign/kill_campaign.py [--kills N] [--seed S] [--work-dir DIR]
        [--only NAME ...] [--warm]

Every command is run to its end once. Then, N times, it is killed and begun again as a
user would, and what it leaves must be what the whole run has left, to the bit. Kills
come by the clock or at an event of the command's files, to the process or to its whole
group, as SIGKILL, SIGTERM or SIGINT. After a kill no process of the command may live
on, and after the next run no temporary file may be left. SIGTERM and SIGINT must end a
command in one line, with 143 and 130, but while Python itself starts or ends.

With --warm the commands are forked from this process, which has imported PyTorch and
MMPose: more kills in the same time, and all of them in the work itself.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from forked import ForkedScript, preload
from scenarios import SCENARIOS, Scenario, make_data
from victim import MARK

HERE = Path(__file__).resolve().parent
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
CODES = {signal.SIGTERM: (143, 0), signal.SIGINT: (130, 0)}
LEFT_OVERS = ('.*.tmp', '*.partial*', '*.unfinished', '.moving.*')
SECONDS_TO_END = 40
SECONDS = 3600  # for one run, on a busy machine too


def start(
    command: list[str], folder: Path, warm: bool
) -> subprocess.Popen | ForkedScript:
    """Run Python in a group of its own, with a terminal's handler of Ctrl-C."""
    if warm:
        return ForkedScript(command, folder)
    return subprocess.Popen(
        [sys.executable, '-W', 'ignore', *command],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=open(folder / 'stderr.txt', 'w'),
        start_new_session=True,
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def living(session: int) -> list[int]:
    """Processes of a command that still do anything.

    They are those of its session, and those that have :data:`MARK` from it, as what it
    starts in sessions of their own.
    """
    found = []
    mark = f'{MARK}={session}\0'.encode()
    for folder in Path('/proc').glob('[0-9]*'):
        try:
            text = (folder / 'stat').read_text()
            environment = (folder / 'environ').read_bytes()
        except OSError:  # it has ended, or is of another user
            continue
        state, _, _, own_session = text.rpartition(')')[2].split()[:4]
        if state != 'Z' and (int(own_session) == session or mark in environment):
            found.append(int(folder.name))
    return found


def wait_for_the_end(session: int) -> list[int]:
    """Those of a command that do not end; they are killed."""
    deadline = time.monotonic() + SECONDS_TO_END
    while (left := living(session)) and time.monotonic() < deadline:
        time.sleep(0.2)
    for number in left:
        os.kill(number, signal.SIGKILL)
    return left


def one_kill(
    scenario: Scenario,
    data: Path,
    folder: Path,
    whole: dict,
    rng: random.Random,
    warm: bool,
) -> list[str]:
    """Kill once and run again; what was wrong."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    number = rng.choice(SIGNALS)
    whom = rng.choice(('process', 'group'))
    by_clock = rng.random() < 0.5
    event = 0 if by_clock else rng.randint(1, whole['events'])
    moment = rng.uniform(0.1, whole['seconds']) if by_clock else None
    said = f'{number.name} to the {whom}, '
    said += f'after {moment:.2f} s' if by_clock else f'at file event {event}'
    out = folder / 'out'
    watched = [HERE / 'victim.py', event, number.value, whom, out, folder / 'count']
    process = start([*map(str, watched), *scenario.command(data, out)], folder, warm)
    if by_clock:
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            (os.killpg if whom == 'group' else os.kill)(process.pid, number)
    process.wait(SECONDS)
    faults = [f'process {each} lives on' for each in wait_for_the_end(process.pid)]
    # Else Python itself starts or ends, and the system's own way is all there is.
    is_guarded = (folder / 'guarded').exists()
    if number in CODES and (is_guarded or process.returncode != -number):
        error = (folder / 'stderr.txt').read_text()
        if process.returncode not in CODES[number]:
            faults.append(f'exit code {process.returncode}')
        if 'Traceback' in error:
            faults.append(f'a traceback: {error[-1000:]}')
    again = start(scenario.command(data, out, again=True), folder, warm)
    if again.wait(SECONDS):
        error = (folder / 'stderr.txt').read_text()
        faults.append(f'the next run ends with {again.returncode}: {error[-500:]}')
    for pattern in LEFT_OVERS:
        faults += [f'{path} is left' for path in out.rglob(pattern)]
    if not faults and scenario.state(out) != whole['state']:
        faults.append('the result is not that of a whole run')
    return [f'{said}: {fault}' for fault in faults]


def whole_run(scenario: Scenario, data: Path, folder: Path, warm: bool) -> dict:
    """Run once without a kill: the result, the seconds and the number of events."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    out = folder / 'out'
    watched = [HERE / 'victim.py', 0, 0, 'process', out, folder / 'count']
    begin = time.monotonic()
    process = start([*map(str, watched), *scenario.command(data, out)], folder, warm)
    if process.wait(SECONDS):
        raise RuntimeError((folder / 'stderr.txt').read_text())
    seconds = time.monotonic() - begin
    events = int((folder / 'count').read_text())
    return dict(state=scenario.state(out), seconds=seconds, events=events)


def campaign(
    names: list[str], kills: int, seed: int, work_dir: Path, warm: bool = False
) -> dict:
    """Kill every command; for each the number of kills and what was wrong."""
    data = make_data(work_dir / 'data')
    report = {}
    for name in names:
        rng = random.Random(f'{seed} {name}')
        whole = whole_run(SCENARIOS[name], data, work_dir / name / 'whole', warm)
        faults = []
        for number in range(1, kills + 1):
            folder = work_dir / name / 'killed'
            found = one_kill(SCENARIOS[name], data, folder, whole, rng, warm)
            for fault in found:
                print(f'{name} {number}: {fault}', flush=True)
            if found:
                shutil.copytree(
                    folder, work_dir / name / f'fault-{number}', dirs_exist_ok=True
                )
            faults += found
            report[name] = dict(kills=number, faults=faults)
            (work_dir / 'report.json').write_text(json.dumps(report, indent=2))
        print(f'{name}: {kills} kills, {len(faults)} faults', flush=True)
    return report


def main() -> int:
    """The campaign; 1 if anything was wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--kills', type=int, default=100, help='of each (%(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='of the moments (0)')
    parser.add_argument('--work-dir', type=Path, default='work_dirs/campaign')
    parser.add_argument('--only', nargs='+', choices=SCENARIOS, default=[*SCENARIOS])
    parser.add_argument('--warm', action='store_true', help='fork the commands')
    args = parser.parse_args()
    if args.warm:
        preload()
    work_dir = args.work_dir.resolve()
    report = campaign(args.only, args.kills, args.seed, work_dir, args.warm)
    counts = Counter({name: len(each['faults']) for name, each in report.items()})
    print(f'{counts.total()} faults: {args.work_dir}/report.json')
    return int(counts.total() > 0)


if __name__ == '__main__':
    sys.exit(main())
