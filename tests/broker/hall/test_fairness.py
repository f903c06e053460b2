"""Nobody starves, however many come, and the classes have their turns: over days made up at random.

The hall is the worst for it that still serves everybody: each service is listed last somewhere, and
one is listed last wherever it is served. Its counters call without pause while more people come
than they can call, of every service and both classes, most of them for what ranks first.
"""

from collections import Counter
from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from broker.hall import setup as parts
from broker.hall.commands import CallNext
from broker.hall.events import PrintConfirmed, TicketIssued
from broker.hall.policy import next_ticket, waiting
from broker.hall.rules import Asked, decide
from broker.hall.setup import Setup
from broker.hall.ticket import Ticket, TicketState
from tests.broker.hall.given import STAFF, Story, opened, small_setup

SERVES = {1: ("ktp-el", "pajak", "kk"), 2: ("pajak", "ktp-el", "kk"), 3: ("ktp-el", "pajak")}
"""`kk` is last everywhere; `pajak` is last at 3, `ktp-el` at none but second at 2."""

RANKED_FIRST = st.sampled_from(["ktp-el"] * 4 + ["pajak"] * 4 + ["kk"])


AWAY = frozenset({TicketState.WAITING, TicketState.PARKED})


def unfair_setup(*, ratio: int, rank_wait_min: int, no_show_max: int = 0) -> Setup:
    """Return the hall of this file."""
    setup = small_setup()
    counters = {n: parts.Counter(id=n, serves=serves) for n, serves in SERVES.items()}
    return replace(
        setup,
        counters=counters,
        priority_per_normal=ratio,
        rank_wait_min=rank_wait_min,
        no_show_max=no_show_max,
    )


@dataclass
class Waited:
    """What was seen of one ticket since it could be called first.

    Attributes:
        calls: By counter, how often it called somebody else meanwhile.
        ahead: By counter, how often it called another of the same class.
    """

    calls: Counter[int]
    ahead: Counter[int]


def take(story: Story, service: str, *, priority: bool = False) -> Ticket:
    """Let somebody come; without `Story`'s own checks, which cost as much as the day holds."""
    ticket = f"t{story.hall.pos}"
    story.then(
        TicketIssued(
            ticket=ticket,
            number=f"A{story.hall.pos:03}",
            service=service,
            visit=ticket,
            issued_ms=story.at_ms,
            priority=priority,
        ),
        PrintConfirmed(ticket=ticket),
    )
    return story.hall.tickets[ticket]


class Watch:
    """Counts, at each call, for everybody who waits for that counter."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.waited: dict[str, Waited] = {}
        self.rows: dict[int, list[bool]] = {}

    def call(self, counter: int) -> None:
        """Call and check what holds of every call."""
        story = self.story
        chosen = next_ticket(story.hall, counter, story.at_ms)
        if chosen is None:
            assert waiting(story.hall, counter) == 0
            return
        others = [ticket for ticket in self.callable_at(counter) if ticket is not chosen]
        self.check(counter, chosen, others)
        for ticket in others:
            seen = self.waited.setdefault(ticket.id, Waited(Counter(), Counter()))
            seen.calls[counter] += 1
            seen.ahead[counter] += ticket.priority is chosen.priority
        self.check_bound(chosen)
        asked = Asked(origin=f"{'b' * 32}:{story.hall.pos + 1}", at_ms=story.at_ms)
        command = CallNext(counter=counter, seen=story.seen(counter))
        story.then(*decide(story.hall, command, STAFF, asked))
        assert story.hall.counters[counter].current is chosen

    def callable_at(self, counter: int) -> list[Ticket]:
        """Return who could be called there, found by looking at every ticket of the day."""
        return [
            ticket
            for ticket in self.story.hall.tickets.values()
            if ticket.line in self.story.hall.setup.counters[counter].serves
        ]

    def check(self, counter: int, chosen: Ticket, others: list[Ticket]) -> None:
        """Assert that the ratio holds, and that nobody of the class came so much earlier."""
        setup = self.story.hall.setup
        row = self.rows.setdefault(counter, [])
        newest = row[-setup.priority_per_normal :]
        due_normal = len(newest) == setup.priority_per_normal and all(newest)
        has_both = any(ticket.priority is not chosen.priority for ticket in others)
        assert not has_both or chosen.priority is not due_normal, "the class has its turn"
        row.append(chosen.priority)
        rivals = [ticket for ticket in others if ticket.priority is chosen.priority]
        wait_ms = setup.rank_wait_min * 60_000
        assert all(chosen.place[0] - rival.place[0] <= wait_ms for rival in rivals)
        line = [t for t in rivals if t.service == chosen.service]
        assert all(chosen.place < rival.place for rival in line), "first come, first served"

    def check_bound(self, ticket: Ticket) -> None:
        """Assert the bound that `policy` states, with all who ever came early enough."""
        setup = self.story.hall.setup
        seen = self.waited.get(ticket.id, Waited(Counter(), Counter()))
        latest_ms = ticket.place[0] + setup.rank_wait_min * 60_000
        early = [
            other.service
            for other in self.story.hall.tickets.values()
            if other.priority is ticket.priority and other.place[0] <= latest_ms
        ]
        per_call = 2 if ticket.priority else setup.priority_per_normal + 1
        called_max = 1 + setup.no_show_max
        for counter, calls in seen.calls.items():
            with_it = sum(service in SERVES[counter] for service in early)
            assert seen.ahead[counter] <= called_max * (with_it - 1)
            assert calls < per_call * called_max * with_it


arrivals = st.lists(st.tuples(RANKED_FIRST, st.booleans()), min_size=1, max_size=4)
steps = st.lists(
    st.tuples(st.integers(0, 240), arrivals, st.sampled_from([1, 2, 3])), min_size=40, max_size=70
)


@given(
    steps=steps,
    ratio=st.integers(1, 3),
    rank_wait_min=st.sampled_from([0, 5, 15]),
    no_show_max=st.sampled_from([0, 0, 2]),
)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_nobody_starves_and_the_ratio_holds(
    steps: list[tuple[int, list[tuple[str, bool]], int]],
    ratio: int,
    rank_wait_min: int,
    no_show_max: int,
) -> None:
    """At each call all that waits is looked at: turn, place, and the stated bound of its wait.

    Calls that follow soon after another end that one as a no-show.
    """
    setup = unfair_setup(ratio=ratio, rank_wait_min=rank_wait_min, no_show_max=no_show_max)
    story = opened(setup)
    watch = Watch(story)
    for wait_s, coming, counter in steps:
        story.after(wait_s)
        for service, priority in coming:
            take(story.after(0.001), service, priority=priority)
        watch.call(counter)
    # Whoever waits is called in the end, even if those who rank first never cease to come.
    left = [t for t in story.hall.tickets.values() if t.state in AWAY]
    bound = (1 + story.hall.setup.no_show_max) * (len(story.hall.tickets) + rank_wait_min)
    for count in range(bound * (ratio + 1)):
        if not any(ticket.state in AWAY for ticket in left):
            break
        take(story.after(60), "ktp-el", priority=count % 3 > 0)
        watch.call(1 + count % 2)
    assert not any(ticket.state in AWAY for ticket in left)


def test_the_service_listed_last_everywhere_is_served_in_a_full_hall() -> None:
    """Two people a minute for what ranks first, and one call a minute.

    By rank alone the other would wait to the end of the day.
    """
    story = opened(unfair_setup(ratio=2, rank_wait_min=15))
    watch = Watch(story)
    for _ in range(30):
        take(story.after(1), "ktp-el")
    last = take(story.after(1), "kk")
    waited_min = 0
    while last.line is not None:
        take(story, "ktp-el")
        take(story, "ktp-el", priority=True)
        watch.call(1)
        story.after(60)
        waited_min += 1

    # 30 before it, 16 in the quarter of an hour after, itself; with two priority calls for each.
    assert 15 < waited_min <= 47 * 3
