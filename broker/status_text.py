"""PURE: the hall at a glance, for a terminal of 80 columns: what is wrong first, then every node.

What a colour says, a sign and a word say too.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from broker.wire.messages import Alarm, Fleet, NodeStatus

COLUMNS = 80

_RESET = "\x1b[0m"
_COLOURS = {"urgent": "\x1b[1;31m", "warning": "\x1b[33m", "info": "\x1b[36m"} | {
    "here": "\x1b[32m",
    "gone": "\x1b[1;31m",
    "silent": "\x1b[1;31m",
    "unknown": "\x1b[90m",
}
_SIGNS = {"urgent": "✖", "warning": "▲", "info": "·"} | {
    "here": "●",
    "gone": "✖",
    "silent": "✖",
    "unknown": "?",
}
_RANK = {"gone": 0, "silent": 0, "unknown": 1, "here": 2}
_LEVELS = {"urgent": 0, "warning": 1, "info": 2}

WORDS: dict[str, dict[str, str]] = {
    "id": {
        "urgent": "MENDESAK",
        "warning": "perhatian",
        "info": "catatan",
        "here": "ada",
        "gone": "putus",
        "silent": "diam",
        "unknown": "belum tahu",
        "well": "Semua {count} perangkat baik.",
        "more": "(dan {count} lagi)",
        "unheard": "{count} perangkat belum terdengar.",
        "hub_dead": "Hub tidak terdengar: yang di bawah ini lama.",
        "broker_dead": "Broker tidak terjangkau: {why}.",
        "nodes": "{here} dari {count} perangkat ada",
        "printed": "cetak",
        "pressed": "tekan",
        "shown": "gambar",
        "ago": "lalu",
        "seen": "dilihat {by}",
    },
    "en": {
        "urgent": "URGENT",
        "warning": "warning",
        "info": "note",
        "here": "here",
        "gone": "gone",
        "silent": "silent",
        "unknown": "unknown",
        "well": "All {count} nodes are well.",
        "more": "(and {count} more)",
        "unheard": "{count} nodes were not heard yet.",
        "hub_dead": "The hub is not heard: what is below is old.",
        "broker_dead": "The broker can't be reached: {why}.",
        "nodes": "{here} of {count} nodes here",
        "printed": "printed",
        "pressed": "pressed",
        "shown": "drew",
        "ago": "ago",
        "seen": "seen by {by}",
    },
}


UNITS = {"id": ("hr", "jam", "mnt", "dtk"), "en": ("d", "h", "min", "s")}


class Glance(NamedTuple):
    """All that could be learned of a hall.

    Attributes:
        fleet: None when nobody tells.
        alarms: Open ones.
        is_hub_heard: It lives now.
        now_ms: The hub's wall clock; of the newest that is known when it is dead.
        why: Why the broker could not be reached; empty = it was.
    """

    fleet: Fleet | None
    alarms: Sequence[Alarm]
    is_hub_heard: bool
    now_ms: int
    why: str = ""


def sorted_alarms(alarms: Sequence[Alarm]) -> list[Alarm]:
    """Return them worst first, those nobody has seen before the others, then the oldest."""
    return sorted(
        alarms, key=lambda a: (bool(a.acknowledged_by), _LEVELS[a.level], a.since_ms, a.id)
    )


def sentence(glance: Glance, lang: str) -> str:
    """Return the one sentence that says what is wrong."""
    words = WORDS[lang]
    if glance.why:
        return words["broker_dead"].format(why=glance.why)
    if not glance.is_hub_heard:
        return words["hub_dead"]
    alarms = sorted_alarms(glance.alarms)
    if alarms:
        more = words["more"].format(count=len(alarms) - 1) if len(alarms) > 1 else ""
        return f"{alarms[0].what.get(lang, alarms[0].id)}. {more}".rstrip()
    nodes = glance.fleet.nodes if glance.fleet else ()
    unheard = sum(node.contact == "unknown" for node in nodes)
    if unheard:
        return words["unheard"].format(count=unheard)
    return words["well"].format(count=len(nodes))


def render(glance: Glance, *, lang: str, colour: bool) -> str:
    """Return the whole text; no line is longer than `COLUMNS`, colours not counted."""
    return "\n".join(_lines(glance, lang, colour=colour)) + "\n"


def _lines(glance: Glance, lang: str, *, colour: bool) -> Iterator[str]:
    words = WORDS[lang]
    alarms = sorted_alarms(glance.alarms)
    level = "urgent" if glance.why or not glance.is_hub_heard else None
    level = level or (alarms[0].level if alarms else "here")
    yield _paint(_cut(f"{_SIGNS[level]} {sentence(glance, lang)}"), level, colour=colour)
    nodes = glance.fleet.nodes if glance.fleet else ()
    if nodes:
        here = sum(node.contact == "here" for node in nodes)
        yield "  " + words["nodes"].format(here=here, count=len(nodes))
    if alarms:
        yield ""
    for alarm in alarms:
        yield from _alarm(alarm, glance.now_ms, lang, colour=colour)
    by_place = sorted(nodes, key=lambda node: (node.place, _RANK[node.contact], node.id))
    worst = {
        place: min(_RANK[node.contact] for node in of)
        for place, of in groupby(by_place, key=lambda node: node.place)
    }
    by_place.sort(key=lambda n: (worst[n.place], n.place, _RANK[n.contact], n.id))
    for place, of in groupby(by_place, key=lambda node: node.place):
        yield ""
        yield _cut(place)
        # Ages are of the instant at which the fleet was told.
        past_s = max(0.0, (glance.now_ms - (glance.fleet.at_ms if glance.fleet else 0)) / 1000)
        for node in of:
            yield _node(node, past_s, lang, colour=colour)


def _alarm(alarm: Alarm, now_ms: int, lang: str, *, colour: bool) -> Iterator[str]:
    words = WORDS[lang]
    age = span((now_ms - alarm.since_ms) / 1000, lang)
    seen = f", {words['seen'].format(by=alarm.acknowledged_by)}" if alarm.acknowledged_by else ""
    what = alarm.what.get(lang, alarm.id)
    head = f"{_SIGNS[alarm.level]} {words[alarm.level]:9} {what} ({age}{seen})"
    yield _paint(_cut(head), alarm.level, colour=colour)
    if mend := alarm.mend.get(lang):
        yield _cut(f"{'':12}{mend}")


def _node(node: NodeStatus, past_s: float, lang: str, *, colour: bool) -> str:
    words = WORDS[lang]
    since = "" if node.since_s is None else span(node.since_s + past_s, lang)
    contact = _paint(
        f"{_SIGNS[node.contact]} {words[node.contact]:10} {since:>6}", node.contact, colour=colour
    )
    act = ""
    if node.act_age_s is not None:
        act = (
            f"{words.get(node.act, node.act)} {span(node.act_age_s + past_s, lang)} {words['ago']}"
        )
    return f"  {node.id[:22]:22} {contact}  {act[:24]:24} {node.version[:9]}".rstrip()


def span(seconds: float, lang: str) -> str:
    """Return a length of time as people say it: 40 s, 3 min, 2 h, 5 d."""
    whole = max(0, round(seconds))
    for size, unit in zip((86_400, 3600, 60), UNITS[lang], strict=False):
        if whole >= size:
            return f"{whole // size} {unit}"
    return f"{whole} {UNITS[lang][-1]}"


def _cut(line: str) -> str:
    return line if len(line) <= COLUMNS else line[: COLUMNS - 1] + "…"


def _paint(text: str, name: str, *, colour: bool) -> str:
    return f"{_COLOURS[name]}{text}{_RESET}" if colour else text
