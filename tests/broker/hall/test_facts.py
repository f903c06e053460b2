"""Any facts in any order: several nodes' journals are put together, and the fold takes them all."""

from hypothesis import given, settings
from hypothesis import strategies as st

from broker.hall.events import (
    AssistAsked,
    AssistAttended,
    CounterClosed,
    CounterOpened,
    CounterPaused,
    DayOpened,
    HallEvent,
    NumbersMoved,
    PrintConfirmed,
    PrioritySet,
    ServiceDisrupted,
    ServiceResumed,
    ServiceSet,
    ServingStarted,
    StreamGap,
    TicketCalled,
    TicketClosed,
    TicketCorrected,
    TicketIssued,
    TicketParked,
    TicketRated,
    TicketRecalled,
    TicketReinstated,
    TicketReopened,
    TicketReturned,
    TicketTransferred,
)
from broker.hall.policy import next_ticket, waiting
from broker.hall.views import queue_view
from tests.broker.hall.given import (
    START_MS,
    Story,
    check_changed,
    check_counters,
    check_queues,
    small_setup,
    views,
)

tickets = st.sampled_from(["t1", "t2", "t3", "t4", "t5"])
numbered_counters = st.sampled_from([1, 2, 3, 77])
call_ids = st.sampled_from(["", "c1", "c2", "c3"])

facts = st.one_of(
    st.builds(DayOpened, date=st.sampled_from(["", "2026-11-25", "2026-11-24"])),
    st.builds(
        TicketIssued,
        ticket=tickets,
        number=st.sampled_from(["A001", "A001", "A999", "B002", "K1044", "?", "A-01"]),
        service=st.sampled_from(["ktp-el", "kk", "pajak", "gone"]),
        visit=tickets,
        issued_ms=st.integers(-5, 5),
        priority=st.booleans(),
    ),
    st.builds(PrioritySet, ticket=tickets, priority=st.booleans()),
    st.builds(TicketRated, ticket=tickets, counter=numbered_counters, score=st.integers(-1, 9)),
    st.builds(PrintConfirmed, ticket=tickets),
    st.builds(PrintConfirmed, ticket=tickets),
    st.builds(
        TicketCorrected,
        ticket=tickets,
        number=st.sampled_from(["A001", "K1044", "K1045", "?"]),
        service=st.sampled_from(["kk", "gone"]),
        issued_ms=st.integers(-5, 5),
    ),
    st.builds(TicketReopened, ticket=tickets),
    st.builds(TicketCalled, ticket=tickets, counter=numbered_counters, call_id=call_ids),
    st.builds(TicketCalled, ticket=tickets, counter=numbered_counters, call_id=call_ids),
    st.builds(
        TicketRecalled,
        ticket=tickets,
        counter=numbered_counters,
        call_id=call_ids,
        repeat=st.integers(-1, 3),
    ),
    st.builds(
        TicketClosed,
        ticket=tickets,
        outcome=st.sampled_from(["served", "no_show", "cancelled", "expired"]),
        by_hand=st.booleans(),
        counter=st.none() | numbered_counters,
    ),
    st.builds(ServingStarted, ticket=tickets),
    st.builds(
        TicketParked,
        ticket=tickets,
        why=st.sampled_from(["park", "hold", "no_show"]),
        back_ms=st.sampled_from([-1, 0, 10**6]),
        places=st.integers(-1, 3),
    ),
    st.builds(TicketReturned, ticket=tickets),
    st.builds(
        TicketTransferred,
        ticket=tickets,
        service=st.sampled_from(["", "kk", "pajak", "gone"]),
        counter=st.none() | numbered_counters,
    ),
    st.builds(ServiceSet, ticket=tickets, service=st.sampled_from(["kk", "pajak", "gone"])),
    st.builds(TicketReinstated, ticket=tickets, behind=st.just("") | tickets),
    st.builds(NumbersMoved, numbers=st.just({"A": 99, "B": 0})),
    st.builds(
        ServiceDisrupted,
        service=st.sampled_from(["kk", "gone"]),
        why=st.sampled_from(["no_staff", "other"]),
    ),
    st.builds(AssistAsked, node=st.sampled_from(["kiosk-1", "gone"])),
    st.builds(AssistAttended, node=st.sampled_from(["kiosk-1", "gone"])),
    st.builds(ServiceResumed, service=st.sampled_from(["kk", "gone"])),
    st.builds(CounterOpened, counter=numbered_counters),
    st.builds(CounterPaused, counter=numbered_counters),
    st.builds(CounterClosed, counter=numbered_counters),
    st.builds(StreamGap, stream=st.just("0" * 32), seq_from=st.just(1), seq_upto=st.just(2)),
)

rows = st.lists(
    st.tuples(st.integers(1, 3), st.integers(-100, 100), st.lists(facts, max_size=4).map(tuple)),
    max_size=30,
)


@given(rows=rows)
@settings(max_examples=300, deadline=None)
def test_any_facts_in_any_order_are_taken(
    rows: list[tuple[int, int, tuple[HallEvent, ...]]],
) -> None:
    """The fold never raises, every view can be made, and nobody is in two places."""
    story = Story()
    for steps, at_ms, events in rows:
        shown = views(story.hall)
        changed = story.hall.apply(story.hall.pos + steps - 1, at_ms, events)

        check_changed(shown, views(story.hall), changed)
        check_counters(story.hall)
        check_queues(story.hall)
        for counter in small_setup().counters:
            ticket = next_ticket(story.hall, counter, 0)
            assert (ticket is None) == (waiting(story.hall, counter) == 0)
            assert ticket is None or ticket.printed
        queue_view(story.hall, gen="", at_ms=START_MS)
