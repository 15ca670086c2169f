"""Open a page in the browser: landmarks seen, corrected, measured and saved.

Usage:
    fashion-mmpose web [--host 127.0.0.1] [--port 7860]
        [--max-upload-mb 25] [--max-megapixels 50] [--max-pictures 20]
        [--annotate FOLDER --out FILE.json | --api --mcp]
        [the networks' options of `fashion-mmpose predict`]

The page takes pictures that are dropped, pasted or photographed, and draws garments and
landmarks into them. Points can be dragged, covered or removed, garments get another
category or are added by a box; lengths are measured by two clicks, a marker or a sheet
of paper. All can be saved as COCO JSON, CSV and drawn pictures. Without networks the
starter finds the garments, with onnxruntime.

With --annotate the page goes through the pictures of a folder. What is corrected is
written to FILE.json within seconds: COCO JSON, which data sets read. Its images are the
pictures that are done, so that the same command goes on where it was left.

With --api other programs may ask for the garments of a picture, with --mcp so may
assistants that speak the Model Context Protocol; docs/web.md says how.

Nothing leaves this machine. Pictures that are sent lie in a temporary folder, and are
deleted when the page is closed and when the command ends. Ctrl-C stops it.
"""

import argparse
import math
import sys
from contextlib import ExitStack

from fashion_mmpose.errors import extra_needed
from fashion_mmpose.files.writing.locks import locked_file
from fashion_mmpose.web.annotation import AnnotationFolder
from fashion_mmpose.web.desk import Desk
from fashion_mmpose.web.finding import Finder
from fashion_mmpose.web.sessions import Sessions
from fashion_mmpose.web.uploads import Limits

from .options.networks import (
    add_networks,
    build,
    check_network_options,
    warn_of_whole_pictures,
    with_pairs,
)
from .shell import argument_parser, fill_in, parse, run, warn

# Of the page of pictures, whose senders are not known.
_LIMITS = dict(max_upload_mb=25.0, max_megapixels=50.0, max_pictures=20)
# Of pictures that lie on this machine already.
_OWN_MB, _OWN_MEGAPIXELS = 1000, 178
_OPEN = (
    'who reaches {} can use the page, and nothing is encrypted; to fix it: put a web '
    'server with passwords before it'
)


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argument_parser(__doc__)
    parser.add_argument(
        '--host',
        default='127.0.0.1',
        metavar='ADDRESS',
        help='address to listen on; 0.0.0.0 lets other machines in (%(default)s)',
    )
    parser.add_argument(
        '--port',
        type=int,
        default=7860,
        metavar='N',
        help='port to listen on, 0 for a free one (%(default)s)',
    )
    for name, what in (
        ('upload-mb', 'megabytes of a picture'),
        ('megapixels', 'millions of pixels of a picture'),
        ('pictures', 'pictures that one browser may have open'),
    ):
        default = _LIMITS[f'max_{name.replace("-", "_")}']
        parser.add_argument(
            f'--max-{name}', type=type(default), metavar='N', help=f'{what} ({default})'
        )
    parser.add_argument(
        '--annotate', metavar='FOLDER', help='go through the pictures of a folder'
    )
    parser.add_argument(
        '--out', metavar='FILE.json', help='COCO file of the annotations'
    )
    parser.add_argument(
        '--api', action='store_true', help='let other programs find garments'
    )
    parser.add_argument('--mcp', action='store_true', help='be an MCP server, too')
    add_networks(parser)
    args = parse(parser, with_pairs(sys.argv[1:] if argv is None else argv))
    check_network_options(args, parser)
    for name in fill_in(args, _LIMITS):
        option, value = f'--{name.replace("_", "-")}', getattr(args, name)
        if args.annotate is not None:
            parser.error(f'{option} is of the page of pictures, not of --annotate')
        if not 0 < value < math.inf:
            parser.error(f'{option} {value}: must be positive, and a number')
    if (args.annotate is None) != (args.out is None):
        parser.error('--annotate FOLDER and --out FILE.json go together')
    if args.annotate is not None and (args.api or args.mcp):
        parser.error('--api and --mcp are of the page of pictures, not of --annotate')
    if not 0 <= args.port < 65536:
        parser.error(f'--port {args.port}: must be between 0 and 65535')
    return args


def execute(args: argparse.Namespace) -> None:
    """Open the page until a signal comes."""
    limits = Limits(args.max_upload_mb, args.max_megapixels, args.max_pictures)
    if args.annotate is not None:
        limits = Limits(_OWN_MB, _OWN_MEGAPIXELS)
    with ExitStack() as stack:
        if args.out is not None:
            stack.enter_context(locked_file(args.out))
        sessions = stack.enter_context(Sessions(limits))
        sessions.prepare_gradio()
        with extra_needed('the page is made with Gradio, which does not load', 'web'):
            from fashion_mmpose.web.pages import server
            from fashion_mmpose.web.pages.annotation_page import (
                AnnotationDesk,
                annotation_page,
            )
            from fashion_mmpose.web.pages.gate import LOOPBACK
            from fashion_mmpose.web.pages.picture_page import picture_page
            from fashion_mmpose.web.pages.programs import offer
        if args.mcp:
            with extra_needed('an MCP server needs mcp, which does not load', 'mcp'):
                import mcp  # noqa: F401  # pyright: ignore[reportMissingImports]
        bound = stack.enter_context(server.bind(args.host, args.port))
        stack.enter_context(server.swept(sessions))
        inferencer = build(args)
        warn_of_whole_pictures(inferencer, None)
        desk = Desk(Finder(inferencer), sessions)
        if args.annotate is None or args.out is None:
            is_open = args.api or args.mcp
            page = picture_page(desk, offered=offer if is_open else None)
        else:
            task = AnnotationFolder(args.annotate, args.out, desk.finder.benchmark)
            stack.enter_context(task)
            warn([f'left out: {reason}' for reason in task.left_out])
            page = annotation_page(AnnotationDesk(desk, task))
            print(f'{task.num_done} of {len(task.names)} pictures are done')
        is_own = args.host in LOOPBACK
        app = server.application(page, sessions, args.api, args.mcp, is_own)
        if not is_own:
            warn([_OPEN.format(args.host)])
        where = server.address(bound)
        print(f'open {where} in a browser; Ctrl-C stops', flush=True)
        server.serve(app, bound)


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    return run(execute, parse_args(argv))
