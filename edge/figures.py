"""What a node with pins says of itself every 15 s: its process, its parts and its machine."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from broker.clock import Clock
from broker.outbox import Outbox
from broker.vitals import rss_bytes
from broker.wire.figures import Machine
from broker.wire.messages import Health
from edge.fingers import Fingers
from edge.post import Post
from edge.printing import Printing


class Figures(NamedTuple):
    """What is asked for a health, beside the node's own parts.

    Attributes:
        look: Looks at the machine; None where there is none to look at.
        printer: What the printer says of itself; None without one.
    """

    look: Callable[[], Machine] | None = None
    printer: Callable[[], str] | None = None

    def health(  # noqa: PLR0913 - the parts that have figures, each by name
        self,
        *,
        post: Post,
        fingers: Fingers,
        printing: Printing,
        outbox: Outbox,
        counts: Mapping[str, int],
        clock: Clock,
        up_s: float,
    ) -> Health:
        """Return the figures of now.

        Args:
            counts: The node's own.
            up_s: Since the start of the process.
        """
        now_s = clock.mono_s()
        return Health(
            uptime_s=round(up_s, 1),
            outbox_depth=post.depth,
            outbox_age_s=post.oldest_age_s(now_s),
            connects=post.connects,
            rss_bytes=rss_bytes(),
            disk=outbox.room().value,
            wall_ms=clock.wall_ms(),
            boot=post.identity.boot,
            version=post.identity.version,
            machine=self.look() if self.look else None,
            buttons=fingers.figures(now_s),
            printer=printing.figures(self.printer(), now_s) if self.printer else None,
            counts={**counts, **fingers.counts, "foreign_rows": outbox.foreign},
        )


NO_FIGURES = Figures()
"""Of a node without a machine to look at, and without a printer."""
