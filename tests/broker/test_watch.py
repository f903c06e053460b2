"""Which nodes are here, silent or gone, whatever order their messages come in."""

import pytest

from broker.watch import SILENT_AFTER_S, Change, Contact, Presence
from broker.wire.messages import Birth, Health

NODE = "kiosk-1"
HERE, SILENT, GONE = Contact.HERE, Contact.SILENT, Contact.GONE
HEALTH = Health(uptime_s=15.0)


def born(session: str) -> Birth:
    """Return the birth of a session."""
    return Birth(session=session, online=True, role="kiosk", version="0.1.0")


def will(session: str) -> Birth:
    """Return the will of a session."""
    return Birth(session=session, online=False)


def kept(birth: Birth) -> tuple[Birth]:
    """Return a birth or will as the broker's store brings it."""
    return (birth,)


Message = Birth | tuple[Birth] | Health | float
"""A live birth or will, one from the broker's store, a health, or seconds that pass."""

HISTORIES: dict[str, tuple[list[Message], Contact]] = {
    "born": ([born("a")], HERE),
    "born, from the store": ([kept(born("a"))], HERE),
    "only its health": ([HEALTH], HERE),
    "its will": ([born("a"), will("a")], GONE),
    "its will, twice": ([born("a"), will("a"), kept(will("a"))], GONE),
    "only its will, from the store": ([kept(will("a"))], GONE),
    "a new session": ([born("a"), born("b")], HERE),
    "a late will of the old session": ([born("a"), born("b"), will("a")], HERE),
    "a late will, then its own": ([born("a"), born("b"), will("a"), will("b")], GONE),
    "back after its will": ([born("a"), will("a"), born("b")], HERE),
    "its birth twice around its will": ([born("a"), will("a"), born("a")], GONE),
    "its health after a late will was all that was kept": ([kept(will("a")), HEALTH], HERE),
    "its will after that": ([kept(will("a")), HEALTH, will("b")], GONE),
    "health, then its will": ([HEALTH, will("a")], GONE),
    "44 s of silence": ([born("a"), 44.0], HERE),
    "45 s of silence": ([born("a"), 45.0], SILENT),
    "health every 15 s": ([born("a"), 15.0, HEALTH, 15.0, HEALTH, 15.0, HEALTH, 15.0], HERE),
    "three healths lost": ([born("a"), 15.0, HEALTH, 45.0], SILENT),
    "health after silence": ([born("a"), 45.0, HEALTH], HERE),
    "its birth again, live": ([born("a"), 40.0, born("a"), 40.0], HERE),
    "its birth again, from the store": ([born("a"), 40.0, kept(born("a")), 5.0], SILENT),
    "silent, and the store says born": ([born("a"), 45.0, kept(born("a"))], SILENT),
    "silent, then its will": ([born("a"), 45.0, will("a")], GONE),
    "gone is not silent": ([born("a"), will("a"), 100.0], GONE),
}


def tell(presence: Presence, messages: list[Message], now_s: float = 1000.0) -> list[Change]:
    """Tell it everything in turn; return the changes."""
    changes: list[Change | None] = []
    for message in messages:
        match message:
            case float():
                now_s += message
                changes += presence.due(now_s)
            case Health():
                changes.append(presence.health(NODE, message, now_s))
            case Birth():
                changes.append(presence.birth(NODE, message, now_s))
            case (birth,):
                changes.append(presence.birth(NODE, birth, now_s, retained=True))
    return [change for change in changes if change is not None]


@pytest.mark.parametrize(("messages", "contact"), HISTORIES.values(), ids=HISTORIES)
def test_contact_after(messages: list[Message], contact: Contact) -> None:
    """Each history ends in one contact, and its changes form one chain to it."""
    presence = Presence()

    changes = tell(presence, messages)

    assert presence.nodes[NODE].contact is contact
    assert [change.was for change in changes] == [None, *[change.now for change in changes[:-1]]]
    assert changes[-1].now is contact
    assert all(change.was is not change.now for change in changes)


def test_a_change_is_told_once() -> None:
    """Here, silent and here again are three changes, however often they are shown."""
    changes = tell(Presence(), [born("a"), HEALTH, 45.0, 1.0, HEALTH, HEALTH])

    assert changes == [
        Change(NODE, None, HERE),
        Change(NODE, HERE, SILENT),
        Change(NODE, SILENT, HERE),
    ]


def test_since_is_the_last_change_and_heard_the_last_word() -> None:
    """A technician reads both: silent since when, and last heard when."""
    presence = Presence()
    tell(presence, [born("a"), 10.0, HEALTH, 50.0])
    seen = presence.nodes[NODE]

    assert (seen.since_s, seen.heard_s) == (1060.0, 1010.0)


def test_a_will_leaves_what_is_known() -> None:
    """Its role, version and last health stay; a will is not a word of its own."""
    presence = Presence()
    tell(presence, [born("a"), HEALTH, 5.0, will("a")])
    seen = presence.nodes[NODE]

    assert (seen.birth, seen.health, seen.heard_s) == (born("a"), HEALTH, 1000.0)


def test_only_who_is_here_becomes_silent() -> None:
    """Each at its own time; not those that are gone or silent already."""
    presence = Presence()
    presence.birth("a", born("1"), 1000.0)
    presence.birth("b", born("2"), 1001.0)
    assert presence.due(1000.0 + SILENT_AFTER_S - 0.1) == []
    assert presence.due(1000.0 + SILENT_AFTER_S) == [Change("a", HERE, SILENT)]

    presence.birth("b", will("2"), 1010.0)
    assert presence.due(1001.0 + SILENT_AFTER_S) == []
