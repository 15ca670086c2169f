"""The sound and the frame times of a source, in the video drawn from it."""

import sys
from fractions import Fraction

import numpy as np
import pytest

from fashion_mmpose.inference import PicturePrediction
from fashion_mmpose.inference.outputs.names import name_sources
from fashion_mmpose.inference.outputs.saving import PredictionFiles
from fashion_mmpose.media.reading import load_pictures
from fashion_mmpose.media.sources import find_sources
from fashion_mmpose.media.videos.remux import take_times_and_sound
from fashion_mmpose.media.videos.writing import VideoFile

av = pytest.importorskip('av')
TIMES_MS = [0, 40, 80, 200, 240, 500, 540, 580]
RATE = 8000


def write_source(path, with_sound=True, ticks=1000, times=TIMES_MS):
    """Frames that are not evenly spaced, and 0.6 s of a tone of 440 Hz."""
    with av.open(str(path), 'w') as file:
        video = file.add_stream('mpeg4', rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, 'yuv420p'
        video.codec_context.time_base = video.time_base = Fraction(1, ticks)
        sound = file.add_stream('aac', rate=RATE, layout='mono') if with_sound else None
        for time_ms in times:
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8))
            frame.pts, frame.time_base = time_ms * ticks // 1000, Fraction(1, ticks)
            file.mux(video.encode(frame))
        file.mux(video.encode())
        if sound is not None:
            wave = np.sin(2 * np.pi * 440 * np.arange(int(0.6 * RATE)) / RATE)
            tone = av.AudioFrame.from_ndarray(
                wave[None].astype(np.float32), 'fltp', 'mono'
            )
            tone.sample_rate, tone.pts = RATE, 0
            file.mux(sound.encode(tone))
            file.mux(sound.encode())
    return path


def draw(path, frames):
    video = VideoFile(path, 10)
    for _ in range(frames):
        video.write(np.full((48, 64, 3), 90, np.uint8))
    video.finish()
    return path


def shown_ms(path):
    with av.open(str(path)) as file:
        return [round(1000 * frame.time) for frame in file.decode(video=0)]


def sound_of(path):
    with av.open(str(path)) as file:
        frames = [frame.to_ndarray()[0] for frame in file.decode(audio=0)]
    return np.concatenate(frames)


def test_times_and_sound_are_those_of_the_source(tmp_path):
    source = write_source(tmp_path / 'source.mp4')
    drawn = draw(tmp_path / 'drawn.mp4', len(TIMES_MS))
    out = tmp_path / 'out.mp4'
    take_times_and_sound(drawn, source, out)
    assert shown_ms(source) == TIMES_MS  # the premise
    assert shown_ms(out) == TIMES_MS
    np.testing.assert_array_equal(sound_of(out), sound_of(source))
    spectrum = np.abs(np.fft.rfft(sound_of(out)))
    assert spectrum.argmax() * RATE / len(sound_of(out)) == pytest.approx(440, abs=5)


@pytest.mark.parametrize('ticks', [600, 1000, 30000])
@pytest.mark.parametrize('frames, last_ms', [(8, 40), (1, 40)])
def test_the_last_frame_is_shown_no_longer_than_others(
    tmp_path, ticks, frames, last_ms
):
    """Whatever the time base: that of phones' MOV files is 1/600."""
    times = TIMES_MS[:frames]
    source = write_source(tmp_path / 'source.mp4', False, ticks, times)
    out = tmp_path / 'out.mp4'
    take_times_and_sound(draw(tmp_path / 'drawn.mp4', frames), source, out)
    with av.open(str(out)) as file:
        assert file.duration / 1000 == pytest.approx(times[-1] + last_ms, abs=3)


def test_a_source_without_sound_gives_its_times(tmp_path):
    source = write_source(tmp_path / 'source.mp4', with_sound=False)
    out = tmp_path / 'out.mp4'
    take_times_and_sound(draw(tmp_path / 'drawn.mp4', 5), source, out)
    assert shown_ms(out) == TIMES_MS[:5]
    with av.open(str(out)) as file:
        assert not file.streams.audio


def test_more_frames_than_times_are_refused_and_leave_nothing(tmp_path):
    source = write_source(tmp_path / 'source.mp4')
    drawn = draw(tmp_path / 'drawn.mp4', len(TIMES_MS) + 1)
    with pytest.raises(ValueError, match='frame times'):
        take_times_and_sound(drawn, source, tmp_path / 'out.mp4')
    assert not (tmp_path / 'out.mp4').exists()


def draw_results(path, out_dir, **options):
    by_name = name_sources(find_sources([str(path)]))
    with PredictionFiles(out_dir, by_name, with_drawn=True, **options) as files:
        for picture in load_pictures(by_name.values()):
            files.add(PicturePrediction(picture, ()))
    return files, out_dir / 'drawn' / 'source.mp4'


def test_drawn_results_keep_times_and_sound(tmp_path):
    source = write_source(tmp_path / 'source.mp4')
    files, drawn = draw_results(source, tmp_path / 'out')
    assert files.without_sound == []
    assert shown_ms(drawn) == TIMES_MS
    np.testing.assert_array_equal(sound_of(drawn), sound_of(source))


@pytest.mark.parametrize('suffix, keeps', [('.mkv', True), ('.avi', False)])
def test_sound_of_other_containers_is_kept_or_missed(tmp_path, suffix, keeps):
    source = write_source(
        tmp_path / f'source{suffix}', ticks=25, times=range(0, 600, 40)
    )
    by_name = name_sources(find_sources([str(source)]))
    with PredictionFiles(tmp_path / 'out', by_name, with_drawn=True) as files:
        for picture in load_pictures(by_name.values()):
            files.add(PicturePrediction(picture, ()))
    (drawn,) = (tmp_path / 'out' / 'drawn').iterdir()
    with av.open(str(drawn)) as file:
        assert bool(file.streams.audio) is keeps
    lines = [line.partition(',')[0] for line in files.without_sound]
    assert lines == ([] if keeps else ['source.avi is drawn without sound'])


def test_frames_at_a_rate_of_choice_have_no_sound(tmp_path):
    source = write_source(tmp_path / 'source.mp4')
    _, drawn = draw_results(source, tmp_path / 'out', fps=10)
    assert shown_ms(drawn) == [100 * i for i in range(len(TIMES_MS))]


def test_without_pyav_a_line_says_what_is_missing(tmp_path, monkeypatch):
    source = write_source(tmp_path / 'source.mp4')
    with monkeypatch.context() as without:
        without.setitem(sys.modules, 'av', None)
        files, drawn = draw_results(source, tmp_path / 'out')
    (line,) = files.without_sound
    assert line.startswith('source.mp4 is drawn at even times and without sound')
    assert 'fashion-mmpose[video]' in line
    assert len(shown_ms(drawn)) == len(TIMES_MS)
