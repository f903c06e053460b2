"""Loudness by the standard's own signals, and clips brought to one level."""

import math
from array import array

import pytest

from displays.loudness import (
    CHIME_LUFS,
    CLIP_LUFS,
    PEAK_DBFS,
    chime,
    levelled,
    loudness_lufs,
    peak_dbfs,
    trimmed,
)

RATE_HZ = 22_050


def sine(
    dbfs: float, length_s: float, *, pitch_hz: float = 1000.0, rate_hz: int = RATE_HZ
) -> "array[int]":
    """Return a tone whose peaks are so high."""
    high = 32_767 * 10 ** (dbfs / 20)
    step = 2 * math.pi * pitch_hz / rate_hz
    return array("h", [round(high * math.sin(step * i)) for i in range(round(length_s * rate_hz))])


# EBU Tech 3341, cases 1 to 5, for one channel: one of two equal channels is 3.01 LU lower.
ONE_OF_TWO = 10 * math.log10(2)
EBU = [
    ("case 1", ((-23.0, 20.0),), -23.0),
    ("case 2", ((-33.0, 20.0),), -33.0),
    ("case 3", ((-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)), -23.0),
    ("case 4", ((-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)), -23.0),
    ("case 5", ((-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)), -23.0),
]


@pytest.mark.parametrize(("tones", "lufs"), [row[1:] for row in EBU], ids=[row[0] for row in EBU])
def test_it_measures_what_ebu_tech_3341_says(
    tones: tuple[tuple[float, float], ...], lufs: float
) -> None:
    """Within the 0.1 LU the paper allows; a fifth of each length, gates and all."""
    samples: array[int] = array("h")
    for dbfs, length_s in tones:
        samples += sine(dbfs, length_s / 5)

    assert loudness_lufs(samples, RATE_HZ) == pytest.approx(lufs - ONE_OF_TWO, abs=0.1)


@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 44_100, 48_000])
def test_a_full_tone_of_997_hz_is_three_below(rate_hz: int) -> None:
    """BS.1770-4, annex 1: 0 dB FS in one channel reads -3.01, at every rate."""
    tone = sine(0.0, 2.0, pitch_hz=997.0, rate_hz=rate_hz)

    assert loudness_lufs(tone, rate_hz) == pytest.approx(-3.01, abs=0.05)


def test_low_notes_count_less_and_high_ones_more() -> None:
    """K-weighting: what a small loudspeaker rumbles with is not heard as loud."""
    low, high = (loudness_lufs(sine(-20, 1.0, pitch_hz=hz), RATE_HZ) for hz in (40.0, 4000.0))

    assert low < -26
    assert high == pytest.approx(-20 - 3.01 - 0.69 + 4.0, abs=0.2)


@pytest.mark.parametrize("length_s", [0.08, 0.25, 0.39])
def test_a_clip_shorter_than_a_block_is_measured_whole(length_s: float) -> None:
    """A letter takes a quarter of a second."""
    assert loudness_lufs(sine(-20, length_s), RATE_HZ) == pytest.approx(-23, abs=0.4)


def test_silence_has_no_loudness() -> None:
    """Nor is it made louder."""
    nothing = array("h", bytes(2 * RATE_HZ))

    assert loudness_lufs(nothing, RATE_HZ) == -math.inf
    assert loudness_lufs(array("h"), RATE_HZ) == -math.inf
    assert peak_dbfs(nothing) == -math.inf
    assert levelled(nothing, RATE_HZ) == nothing
    assert trimmed(nothing, RATE_HZ) == array("h")


@pytest.mark.parametrize("dbfs", [-45.0, -20.0, -3.0])
def test_a_clip_is_brought_to_one_level(dbfs: float) -> None:
    """A soft speaker and a loud one sound alike."""
    clip = levelled(sine(dbfs, 1.0), RATE_HZ)

    assert loudness_lufs(clip, RATE_HZ) == pytest.approx(CLIP_LUFS, abs=0.1)


def test_a_peak_stays_below_its_limit() -> None:
    """A clap in a soft recording: it stays softer rather than being cut off."""
    clap = sine(-40, 1.0)
    clap[5000] = 20_000
    clip = levelled(clap, RATE_HZ)

    assert PEAK_DBFS - 2 < peak_dbfs(clip) <= PEAK_DBFS
    assert loudness_lufs(clip, RATE_HZ) < -25


def test_a_plosive_is_rounded_off_and_the_clip_comes_to_its_level() -> None:
    """3 dB over for a moment: heard by nobody, and the word is as loud as the others."""
    word = sine(-23, 1.0)
    word[5000:5100] = array("h", [3 * sample for sample in word[5000:5100]])
    clip = levelled(word, RATE_HZ)

    assert peak_dbfs(clip) <= PEAK_DBFS
    assert loudness_lufs(clip, RATE_HZ) == pytest.approx(CLIP_LUFS, abs=0.2)


def test_silence_at_both_ends_goes() -> None:
    """But for a hundredth of a second, so that no sound is cut into."""
    silence = array("h", bytes(2 * RATE_HZ))
    clip = trimmed(silence + sine(-20, 0.5) + silence, RATE_HZ)

    assert len(clip) / RATE_HZ == pytest.approx(0.52, abs=0.01)


def test_the_chime_is_softer_than_speech_and_ends_in_silence() -> None:
    """0.9 s, no click at its ends."""
    bell = chime(RATE_HZ)

    assert len(bell) == round(0.9 * RATE_HZ)
    assert loudness_lufs(bell, RATE_HZ) == pytest.approx(CHIME_LUFS, abs=0.2)
    assert abs(bell[0]) < 20
    assert abs(bell[-1]) < 20
