"""Many people on one page, and many bad uploads: what is answered, and what it holds.

Usage:
    python benchmarks/web_load.py [--people 50] [--bad 1000] [--at-once 20]

A page is started for it, on the loopback address only. Every person opens it, sends a
picture, moves a point and saves; then come the bad uploads: no pictures, pictures that
are cut short, headers that promise too many pixels, and files that are too large. What
is lost, and the memory and the files of the server before and after, are printed.
"""

import argparse
import asyncio
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import cv2
import httpx
import numpy as np

from fashion_mmpose.synthetic import draw_deepfashion2

_API = '/gradio_api'
_PATIENCE_S = 300.0


def main(argv: list[str] | None = None) -> int:
    """Load a page; 1 if anything that was answered is lost."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, default, what in (
        ('people', 50, 'people at once'),
        ('bad', 1000, 'bad uploads'),
        ('at-once', 20, 'bad uploads at once'),
    ):
        parser.add_argument(
            f'--{name}', type=int, default=default, help=f'{what} (%(default)s)'
        )
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        server, address = start(folder)
        try:
            return asyncio.run(load(args, address, server.pid, Path(folder)))
        finally:
            server.terminate()
            server.wait(30)


def start(folder: str) -> tuple[subprocess.Popen, str]:
    """A page whose temporary files lie in a folder, and its address."""
    command = [sys.executable, '-m', 'fashion_mmpose', 'web', '--port', '0']
    server = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=dict(os.environ, TMPDIR=folder)
    )
    assert server.stdout is not None
    for line in server.stdout:
        if found := re.match(r'open (\S+)', line):
            return server, found[1]
    raise RuntimeError('the page did not start')


async def load(
    args: argparse.Namespace, address: str, process: int, folder: Path
) -> int:
    """Let people and bad uploads come, and print what became of them."""
    limits = httpx.Limits(max_connections=2 * args.people + args.at_once)
    async with httpx.AsyncClient(
        base_url=address, limits=limits, timeout=_PATIENCE_S, trust_env=False
    ) as client:
        person = await Person.meet(client)
        await person.work(picture())  # what is made once is made
        await person.leave()
        rows = [('at rest', *held(process, folder))]
        start = time.monotonic()
        people = [Person(client, person.events) for _ in range(args.people)]
        results = await asyncio.gather(*(each.work(picture()) for each in people))
        seconds = time.monotonic() - start
        good = Counter(results)
        rows.append((f'with {args.people} people', *held(process, folder)))
        await asyncio.gather(*(each.leave() for each in people))
        rows.append(('after they left', *await settled(process, folder)))
        bad = await send_bad(client, person.events, args.bad, args.at_once)
        rows.append((f'after {args.bad} bad uploads', *await settled(process, folder)))
        last = Person(client, person.events)
        alive = await last.work(picture())
        await last.leave()
    print(f'{args.people} people in {seconds:.1f} s: {dict(good)}')
    print(f'bad uploads: {dict(bad)}')
    print(f'afterwards: {alive}')
    for name, memory, files in rows:
        print(f'{name:28} {memory:7.0f} MB {files:6} files')
    is_whole = good == {'saved': args.people} and alive == 'saved'
    return 0 if is_whole and not bad.keys() - {'refused', 'too large'} else 1


class Person:
    """Somebody with a browser.

    Args:
        client: Who asks.
        events: Number of each event's handler, by the event.
    """

    def __init__(self, client: httpx.AsyncClient, events: dict[str, int]) -> None:
        self.client, self.events = client, events
        self.name = secrets.token_hex(8)
        self._heartbeat = asyncio.create_task(self._live())

    @classmethod
    async def meet(cls, client: httpx.AsyncClient) -> 'Person':
        """The first one, who reads what there is."""
        config = (await client.get('/config')).json()
        events = {
            event: entry['id']
            for entry in config['dependencies']
            for _, event in entry['targets']
        }
        return cls(client, events)

    async def work(self, data: bytes) -> str:
        """Send a picture, move a point; what became of it."""
        (await self.client.get('/')).raise_for_status()
        shown = await self.send(data, 'dress.png')
        if not isinstance(shown, dict):
            return shown
        picture = json.loads(shown['value'])['picture']
        garments = [{k: g[k] for k in ('key', 'points')} for g in picture['garments']]
        garments[0]['points'][0] = [50, 60, 2, 1]
        event = dict(picture=picture['key'], step=1, garments=garments)
        await self.do('edited', event)
        rows = (await self.do('then', None))['data'][1]['data']
        return 'saved' if rows and rows[0][3:6] == [50, 60, 'by hand'] else 'lost'

    async def send(self, data: bytes, name: str) -> dict | str:
        """Upload a file; what the editor shows then, or why there is nothing."""
        own = {'files': (f'{self.name}_{name}', data)}
        try:
            answer = await self.client.post(f'{_API}/upload', files=own)
        except httpx.TransportError as error:
            return f'cut off: {type(error).__name__}'
        if answer.status_code == 413:
            return 'too large'
        if answer.status_code != 200:
            return f'status {answer.status_code}'
        file = dict(path=answer.json()[0], name=name)
        shown = (await self.do('uploaded', file, ['']))['data']
        return shown[0] if 'value' in shown[0] else 'refused'

    async def do(
        self, event: str, content: dict | None, data: list | None = None
    ) -> dict:
        """Let an event happen; its answer."""
        body = dict(
            data=data or [],
            fn_index=self.events[event],
            session_hash=self.name,
            event_data=content,
            trigger_id=None,
        )
        answer = await self.client.post(f'{_API}/run/predict', json=body)
        answer.raise_for_status()
        return answer.json()

    async def leave(self) -> None:
        """Close the browser."""
        self._heartbeat.cancel()
        await asyncio.gather(self._heartbeat, return_exceptions=True)

    async def _live(self) -> None:
        path = f'{_API}/heartbeat/{self.name}'
        with suppress(httpx.HTTPError):
            async with self.client.stream('GET', path) as beats:
                async for _ in beats.aiter_bytes():
                    pass


def picture() -> bytes:
    """A drawn dress as a PNG."""
    drawn = draw_deepfashion2(20, 5, 'long_sleeved_dress').image
    return cv2.imencode('.png', drawn)[1].tobytes()


async def send_bad(
    client: httpx.AsyncClient, events: dict[str, int], count: int, at_once: int
) -> Counter:
    """Send bad uploads; how many of each answer there were."""
    whole = picture()
    rng = np.random.default_rng(0)
    huge = bytearray(whole)
    huge[16:24] = (60_000).to_bytes(4, 'big') * 2
    kinds = (whole[: len(whole) // 3], bytes(huge), b'', None, bytes(26 << 20))
    results: Counter = Counter()
    waiting = asyncio.Semaphore(at_once)

    async def one(number: int) -> None:
        async with waiting:
            data = kinds[number % len(kinds)]
            noise = rng.integers(0, 256, 5000, dtype=np.uint8).tobytes()
            # Many large ones would measure the loopback device.
            if data is None or len(data) > 1e7 and number % 50 != 4:
                data = noise
            person = Person(client, events)
            answer = await person.send(data, f'bad{number}.png')
            results['taken' if isinstance(answer, dict) else answer] += 1
            await person.leave()

    await asyncio.gather(*(one(number) for number in range(count)))
    return results


def held(process: int, folder: Path) -> tuple[float, int]:
    """Resident memory of a process in MB, and the files of its folder."""
    status = Path(f'/proc/{process}/status').read_text()
    memory = re.search(r'VmRSS:\s+(\d+) kB', status)
    assert memory is not None
    files = sum(len(names) for _, _, names in os.walk(folder))
    return int(memory[1]) / 1024, files


async def settled(process: int, folder: Path) -> tuple[float, int]:
    """The same, once the server has seen who left; it looks every 15 seconds."""
    for _ in range(60):
        if not held(process, folder)[1]:
            break
        await asyncio.sleep(0.5)
    return held(process, folder)


if __name__ == '__main__':
    sys.exit(main())
