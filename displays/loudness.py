"""PURE: how loud speech sounds (ITU-R BS.1770-4), and bringing a clip to one level.

Own code, since the kept libraries (pyloudnorm) need numpy and scipy: 158 MB on a Pi's card for what
runs once a clip, when it is rendered. Mono, 16 bit. Tested against the signals of EBU Tech 3341.
"""

import math
from array import array
from collections.abc import Iterator, Sequence
from typing import NamedTuple

FULL_SCALE = 32_768
BLOCK_HOPS = 4
HOPS_A_SECOND = 10
"""A gating block is 400 ms, a new one begins every 100 ms (BS.1770-4, annex 1)."""

OFFSET_LUFS = -0.691
GATE_LUFS = -70.0
GATE_BELOW_LU = 10.0

SPEECH_LUFS = -20.0
"""Of a whole sentence."""

CLIP_LUFS = -19.0
"""Of one clip: the breaths between them take 1 LU from a sentence (measured, 0.6 to 1.3)."""

CHIME_LUFS = -23.0
"""The chime lies 3 dB below speech: it wakes, it does not startle."""

PEAK_DBFS = -1.5
"""Of samples: what lies between them may stand over by a little, and true peaks end at -1 dBFS."""

ROUNDED_DB = 4.0
TOP = FULL_SCALE * 10 ** (PEAK_DBFS / 20)
KNEE = FULL_SCALE / 2

SILENCE_DBFS = -50.0
KEEP_S = 0.01
"""Silence before and after a clip goes, but for so much."""


class _Filter(NamedTuple):
    b0: float
    b1: float
    b2: float
    a1: float
    a2: float


def loudness_lufs(samples: Sequence[int], rate_hz: int) -> float:
    """Return the integrated loudness; minus infinity for silence.

    What is shorter than a block of 400 ms is one block of its own length.
    """
    hop = rate_hz // HOPS_A_SECOND
    energies = list(_energies(samples, rate_hz, hop))
    whole = len(samples) // hop
    if whole < BLOCK_HOPS:
        return _lufs(sum(energies) / max(1, len(samples)))
    starts = range(whole - BLOCK_HOPS + 1)
    blocks = [sum(energies[at : at + BLOCK_HOPS]) / (BLOCK_HOPS * hop) for at in starts]
    loud = [power for power in blocks if _lufs(power) > GATE_LUFS]
    if not loud:
        return -math.inf
    gate = _lufs(sum(loud) / len(loud)) - GATE_BELOW_LU
    kept = [power for power in loud if _lufs(power) > gate]
    return _lufs(sum(kept) / len(kept))


def peak_dbfs(samples: Sequence[int]) -> float:
    """Return the highest sample, dB below full scale; minus infinity for silence."""
    peak = max(map(abs, samples), default=0)
    return 20 * math.log10(peak / FULL_SCALE) if peak else -math.inf


def levelled(samples: "array[int]", rate_hz: int, lufs: float = CLIP_LUFS) -> "array[int]":
    """Return it at this loudness, or as near as `PEAK_DBFS` lets it come.

    Peaks that would stand over by up to `ROUNDED_DB` are rounded off, as every PA's limiter does:
    plosives do so in short words. A clip with higher ones stays softer.
    """
    measured = loudness_lufs(samples, rate_hz)
    if math.isinf(measured):
        return samples
    gain = 10 ** (min(lufs - measured, PEAK_DBFS + ROUNDED_DB - peak_dbfs(samples)) / 20)
    return array("h", (round(_rounded(sample * gain)) for sample in samples))


def _rounded(sample: float) -> float:
    high = abs(sample)
    if high <= KNEE:
        return sample
    return math.copysign(KNEE + (TOP - KNEE) * math.tanh((high - KNEE) / (TOP - KNEE)), sample)


def trimmed(samples: "array[int]", rate_hz: int) -> "array[int]":
    """Return it without the silence at both ends."""
    least = FULL_SCALE * 10 ** (SILENCE_DBFS / 20)
    ends = range(len(samples)), range(len(samples) - 1, -1, -1)
    first, last = (next((i for i in end if abs(samples[i]) > least), None) for end in ends)
    if first is None or last is None:
        return array("h")
    keep = round(KEEP_S * rate_hz)
    return samples[max(0, first - keep) : last + keep]


def faded(samples: "array[int]") -> "array[int]":
    """Return it with its last third fading to nothing, so that it doesn't end in a click."""
    length = max(1, len(samples) // 3)
    start = len(samples) - length
    tail = (round(s * (length - i) / length) for i, s in enumerate(samples[start:]))
    return samples[:start] + array("h", tail)


def chime(rate_hz: int) -> "array[int]":
    """Return two falling notes of a bell, 0.9 s, at `CHIME_LUFS`."""
    length_s, notes = 0.9, ((0.0, 659.26), (0.35, 523.25))  # e2 and c2
    parts, scale = ((1, 1.0), (2, 0.3), (3, 0.1)), 9_000
    samples = array("h", bytes(2 * round(length_s * rate_hz)))
    for begin_s, pitch_hz in notes:
        begin = round(begin_s * rate_hz)
        for index in range(begin, len(samples)):
            at_s = (index - begin) / rate_hz
            # 4 ms to rise, then dying away; the last 50 ms fade to nothing.
            fade = min(1.0, at_s / 0.004, (len(samples) - index) / (0.05 * rate_hz))
            swing = 2 * math.pi * pitch_hz * at_s
            tone = sum(share * math.sin(part * swing) for part, share in parts)
            samples[index] += round(scale * fade * math.exp(-5 * at_s) * tone)
    return levelled(samples, rate_hz, CHIME_LUFS)


def _energies(samples: Sequence[int], rate_hz: int, hop: int) -> Iterator[float]:
    """Yield the energy of each 100 ms after K-weighting, and of what is left at the end."""
    first, second = _shelf(rate_hz), _high_pass(rate_hz)
    b0, b1, b2, a1, a2 = first
    c0, c1, c2, d1, d2 = second
    x1 = x2 = y1 = y2 = z1 = z2 = 0.0
    for start in range(0, len(samples), hop):
        energy = 0.0
        for sample in samples[start : start + hop]:
            x = sample / FULL_SCALE
            y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
            z = c0 * y + c1 * y1 + c2 * y2 - d1 * z1 - d2 * z2
            x2, x1, y2, y1, z2, z1 = x1, x, y1, y, z1, z
            energy += z * z
        yield energy


def _lufs(power: float) -> float:
    return OFFSET_LUFS + 10 * math.log10(power) if power > 0 else -math.inf


# The standard gives the filters for 48 kHz; these are the analogue ones they stand for, so that
# any rate can be had by the bilinear transform (as libebur128 does it).
def _shelf(rate_hz: int) -> _Filter:
    at_hz, gain_db, quality = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    k = math.tan(math.pi * at_hz / rate_hz)
    high = 10 ** (gain_db / 20)
    band = high**0.4996667741545416
    a0 = 1 + k / quality + k * k
    return _Filter(
        (high + band * k / quality + k * k) / a0,
        2 * (k * k - high) / a0,
        (high - band * k / quality + k * k) / a0,
        2 * (k * k - 1) / a0,
        (1 - k / quality + k * k) / a0,
    )


def _high_pass(rate_hz: int) -> _Filter:
    at_hz, quality = 38.13547087602444, 0.5003270373238773
    k = math.tan(math.pi * at_hz / rate_hz)
    a0 = 1 + k / quality + k * k
    return _Filter(1.0, -2.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / quality + k * k) / a0)
