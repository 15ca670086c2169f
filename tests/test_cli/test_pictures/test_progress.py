"""How far a long run is."""

from fashion_mmpose.cli.pictures import progress
from fashion_mmpose.cli.pictures.progress import Progress


def test_rate_and_time_left(monkeypatch):
    monkeypatch.setattr(progress, 'tqdm', lambda **_: None)
    known, unknown = Progress(100, 'predict'), Progress(None, 'predict')
    known._count = unknown._count = 30
    assert known.line(60) == 'predict: 30 of 100 pictures, 0.5 a second, 0:02:20 left'
    assert unknown.line(60) == 'predict: 30 pictures, 0.5 a second'


def test_a_line_a_minute_where_there_is_no_terminal(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(progress.time, 'monotonic', lambda: now[0])
    with Progress(300, 'predict') as shown:
        for second in range(1, 151):
            now[0] = second
            shown.update()
    lines = [line for line in capsys.readouterr().err.splitlines() if line]
    assert lines == [
        'predict: 60 of 300 pictures, 1.0 a second, 0:04:00 left',
        'predict: 120 of 300 pictures, 1.0 a second, 0:03:00 left',
    ]
