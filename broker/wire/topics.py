"""Every topic of the hall, in one table: build, parse, qos, retain. `loket/v1/<hall>/...`."""

import functools
from enum import StrEnum
from typing import NamedTuple

ROOT = "loket/v1"


class Kind(StrEnum):
    """What a topic carries; the value is its path below the hall, unless its rule has another."""

    UP = "up"
    ACK = "ack"
    BIRTH = "birth"
    HEALTH = "health"
    BOARD = "state/board"
    COUNTER = "state/counter"
    QUEUE = "state/queue"
    CODED = "state/queue/+"
    HUB = "state/hub"
    ALARM = "alarm"
    FLEET = "state/fleet"


class Rule(NamedTuple):
    """How a kind travels.

    Attributes:
        named: The topic ends in an id: a node's, a counter's number, a page of a service.
        path: Below the hall; empty = the kind's value.
    """

    named: bool
    qos: int
    retain: bool
    path: str = ""


RULES: dict[Kind, Rule] = {
    Kind.UP: Rule(named=True, qos=1, retain=False),
    Kind.ACK: Rule(named=True, qos=1, retain=False),
    Kind.BIRTH: Rule(named=True, qos=1, retain=True),
    Kind.HEALTH: Rule(named=True, qos=0, retain=False),
    Kind.BOARD: Rule(named=False, qos=1, retain=True),
    Kind.COUNTER: Rule(named=True, qos=1, retain=True),
    Kind.QUEUE: Rule(named=False, qos=1, retain=True),
    Kind.CODED: Rule(named=True, qos=1, retain=True, path="state/queue"),
    Kind.HUB: Rule(named=False, qos=1, retain=True),
    Kind.ALARM: Rule(named=True, qos=1, retain=True),
    Kind.FLEET: Rule(named=False, qos=1, retain=True),
}


class Topic(NamedTuple):
    """A parsed topic: which hall, what it carries, of whom (empty when the kind has no id)."""

    hall: str
    kind: Kind
    id: str = ""

    def __str__(self) -> str:
        """Return the topic as published."""
        tail = f"/{self.id}" if self.id else ""
        return f"{ROOT}/{self.hall}/{path_of(self.kind)}{tail}"


def path_of(kind: Kind) -> str:
    """Return a kind's path below the hall, without the id."""
    return RULES[kind].path or kind.value


@functools.lru_cache(maxsize=1024)  # a process hears the same few hundred topics all day
def parse_topic(text: str) -> Topic | None:
    """Return the topic, or None when it is none of ours."""
    if not text.startswith(ROOT + "/"):
        return None
    hall, _, path = text[len(ROOT) + 1 :].partition("/")
    if not hall:
        return None
    for kind, rule in RULES.items():
        base = path_of(kind)
        if not rule.named and path == base:
            return Topic(hall, kind)
        name = path.removeprefix(base + "/")
        if rule.named and name and name != path and "/" not in name:
            return Topic(hall, kind, name)
    return None


def every(hall: str, kind: Kind) -> str:
    """Return the filter for all topics of a kind in a hall."""
    return f"{ROOT}/{hall}/{path_of(kind)}" + ("/+" if RULES[kind].named else "")


def covers(wide: str, narrow: str) -> bool:
    """Return whether the filter `wide` takes all that `narrow`, a topic or a filter, stands for."""
    levels = narrow.split("/")
    for at, level in enumerate(wide.split("/")):
        if level == "#":
            return True
        if at == len(levels):
            return False
        # "+" is one level, so it covers "+" and a name, but not all the levels of "#".
        if levels[at] == "#" or level not in {"+", levels[at]}:
            return False
    return len(levels) == at + 1
