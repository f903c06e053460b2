"""PURE: every node of the hall file, as its births and healths tell it, and the open alarms.

What is retained by the broker says what a node once said, not that it is there: a node is here when
a health of it has arrived, and how long that is ago is measured where it arrives.
"""

from collections.abc import Iterable
from typing import NamedTuple

from broker.watch import Contact, Presence, Seen
from broker.wire.messages import Alarm, HubState, read_alarm, read_birth, read_health, read_hub
from broker.wire.topics import Kind, Topic
from firmware_config.schema import (
    BoardNode,
    CounterNode,
    HallFile,
    HubNode,
    Node,
    SignNode,
    WebNode,
    role_of,
)

HUB = "hub"
"""It has no birth: its heartbeat says that it is there."""

HUB_SILENT_S = 10.0


class Member(NamedTuple):
    """One node of the hall file.

    Attributes:
        place: Id of its zone; empty = none, as a kiosk at the entrance.
        counters: Those it stands at, or whose calls it shows.
    """

    id: str
    role: str
    place: str = ""
    counters: tuple[int, ...] = ()


def members_of(file: HallFile) -> tuple[Member, ...]:
    """Return the nodes that run, in the hall file's order; the pages themselves are none."""
    return tuple(_member(file, node) for node in file.nodes if not isinstance(node, WebNode))


def _member(file: HallFile, node: Node) -> Member:
    match node:
        case HubNode():
            return Member(node.id, HUB)
        case CounterNode(counters=counters) | SignNode(counters=counters):
            zones = [counter.zone for counter in file.counters if counter.id in counters]
            return Member(node.id, role_of(node), zones[0] or "", counters)
        case BoardNode(zone=zone):
            shown = tuple(c.id for c in file.counters if zone in {None, c.zone})
            return Member(node.id, "board", zone or "", shown)
        case _:
            return Member(node.id, role_of(node))


class Roster:
    """What is known of them.

    Attributes:
        alarms: The open ones, by id.
        hub: Its newest heartbeat; retained ones too.
        hub_heard_s: When a live one came; None = not since these pages began.
        linked: The broker is reached.
    """

    def __init__(self, members: Iterable[Member]) -> None:
        self.members = tuple(members)
        self.alarms: dict[str, Alarm] = {}
        self.hub: HubState | None = None
        self.hub_heard_s: float | None = None
        self.linked = False
        self._presence = Presence()
        self._ids = frozenset(member.id for member in self.members)

    def take(self, topic: Topic, payload: bytes, now_s: float, *, retained: bool) -> None:
        """Take a message of the hall; those of nodes the hall file doesn't name are ignored.

        Raises:
            WireError: Not what belongs on this topic.
        """
        match topic.kind:
            case Kind.BIRTH if topic.id in self._ids:
                self._presence.birth(topic.id, read_birth(payload), now_s, retained=retained)
            case Kind.HEALTH if topic.id in self._ids and not retained:
                self._presence.health(topic.id, read_health(payload), now_s)
            case Kind.HUB:
                self.hub = read_hub(payload)
                if not retained:
                    self.hub_heard_s = now_s
            case Kind.ALARM if not payload:
                self.alarms.pop(topic.id, None)
            case Kind.ALARM:
                self.alarms[topic.id] = read_alarm(payload)
            case _:
                pass

    def seen(self, node: str, now_s: float) -> Seen | None:
        """Return what is known of a node; None = nothing was heard since these pages began."""
        self._presence.due(now_s)
        return self._presence.nodes.get(node)

    def is_here(self, node: str, now_s: float) -> bool:
        """Return whether the node was heard lately."""
        if node == HUB:
            return self.is_hub_heard(now_s)
        seen = self.seen(node, now_s)
        return seen is not None and seen.health is not None and seen.contact is Contact.HERE

    def is_hub_heard(self, now_s: float) -> bool:
        """Return whether the hub's heart beats."""
        heard_s = self.hub_heard_s
        return self.linked and heard_s is not None and now_s < heard_s + HUB_SILENT_S
