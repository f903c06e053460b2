"""What a node does with its outbox because the hub says so: give rows back, give rows up."""

from broker.outbox import Outbox
from edge.post import Post


async def answer_hub(post: Post, outbox: Outbox) -> None:
    """Give up the stream the hub says is another node's; give the rows the hub asked for.

    Raises:
        StoreError: The disk refuses; the hub asks, and says, it again.
    """
    if (foreign := post.foreign) is not None:
        await outbox.disown(*foreign)
        post.foreign = None
    if (after := post.asked) is not None:
        post.give(*await outbox.decided_after(after), after=after)
