"""Which nodes are here, silent or gone (DESIGN §5.10). Pure: messages and instants in."""

from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from broker.wire.messages import Birth, Health

SILENT_AFTER_S = 45.0
"""Three healths of 15 s: the embedded broker sends no will for a frozen client."""


class Contact(StrEnum):
    """How the hub stands with a node.

    Attributes:
        HERE: It was heard lately.
        SILENT: Nothing said it left, but it isn't heard.
        GONE: Its will came.
    """

    HERE = "here"
    SILENT = "silent"
    GONE = "gone"


class Seen(Struct, frozen=True, kw_only=True):
    """What is known of one node.

    Attributes:
        since_s: Since when it is in this contact, by the hub's monotonic clock.
        heard_s: When it last said something itself.
        birth: The newest birth (its will, when only that was heard); None = only its health.
        health: The newest.
        health_s: When that came.
    """

    contact: Contact
    since_s: float
    heard_s: float
    birth: Birth | None = None
    health: Health | None = None
    health_s: float | None = None


class Change(NamedTuple):
    """A node's contact became another; `was` is None the first time it is heard of."""

    node: str
    was: Contact | None
    now: Contact


class Presence:
    """The contact with every node heard of."""

    def __init__(self) -> None:
        self.nodes: dict[str, Seen] = {}
        self._look_s = float("inf")
        """Before this nobody becomes silent."""

    def birth(
        self, node: str, birth: Birth, now_s: float, *, retained: bool = False
    ) -> Change | None:
        """Take a birth or a will. A late will of an old session changes nothing.

        A retained one comes from the broker's store: it says nothing new of a known session.
        """
        seen = self.nodes.get(node)
        known = seen.birth if seen else None
        is_known = known is not None and known.session == birth.session
        if not birth.online:
            return self._will(node, birth, now_s)
        # A session never comes back after its will: that is a birth delivered twice.
        if seen and is_known and (retained or seen.contact is Contact.GONE):
            return None
        seen = seen or Seen(contact=Contact.HERE, since_s=now_s, heard_s=now_s)
        return self._note(node, replace(seen, birth=birth, heard_s=now_s), Contact.HERE, now_s)

    def health(self, node: str, health: Health, now_s: float) -> Change | None:
        """Take a health: whoever sends one is here, also after a will.

        A late will of an earlier session may be all the broker retained when the hub started.
        """
        seen = self.nodes.get(node) or Seen(contact=Contact.HERE, since_s=now_s, heard_s=now_s)
        return self._note(
            node, replace(seen, health=health, heard_s=now_s, health_s=now_s), Contact.HERE, now_s
        )

    def due(self, now_s: float) -> list[Change]:
        """Return who became silent by now."""
        if now_s < self._look_s:
            return []
        changes = [
            self._note(node, seen, Contact.SILENT, now_s)
            for node, seen in list(self.nodes.items())
            if seen.contact is Contact.HERE and now_s >= seen.heard_s + SILENT_AFTER_S
        ]
        here_s = (seen.heard_s for seen in self.nodes.values() if seen.contact is Contact.HERE)
        self._look_s = min(here_s, default=float("inf")) + SILENT_AFTER_S
        return [change for change in changes if change]

    def _will(self, node: str, will: Birth, now_s: float) -> Change | None:
        seen = self.nodes.get(node)
        if seen is None:
            seen = Seen(contact=Contact.GONE, since_s=now_s, heard_s=now_s, birth=will)
        elif seen.birth and seen.birth.online and seen.birth.session != will.session:
            return None
        return self._note(node, seen, Contact.GONE, now_s)

    def _note(self, node: str, seen: Seen, now: Contact, now_s: float) -> Change | None:
        before = self.nodes.get(node)
        was = before.contact if before else None
        since_s = before.since_s if before and was is now else now_s
        self.nodes[node] = replace(seen, contact=now, since_s=since_s)
        self._look_s = min(self._look_s, seen.heard_s + SILENT_AFTER_S)
        return None if was is now else Change(node, was, now)
