"""A kiosk's slips in its outbox: on disk before they are printed, and until nothing can follow."""

from pathlib import Path

from broker.hall.commands import ConfirmPrint, Issue
from broker.outbox import Key, Outbox, Promise
from broker.wire.messages import Result

A, B = "a" * 32, "b" * 32
ISSUE = Issue(services=("kk",))
CONFIRM = ConfirmPrint(ticket=f"{A}:1", number="K1001", service="kk", priority=True)
PROMISE = Promise(key=Key(A, 1), made_s=7.5, confirms=(CONFIRM,), offline={"K1001": 1000})
RESULT = Result(seq=1, pos=1, at_ms=1)


async def promises_of(
    path: Path, *, boot: str = "b", node: str = "kiosk-1", stream: str = B
) -> list[Promise]:
    """Return what a start finds."""
    async with Outbox.open(path, boot=boot, stream=stream, node=node) as outbox:
        return list(outbox.promises)


async def test_a_promise_outlives_the_process(tmp_path: Path) -> None:
    """With all that is needed to confirm it, and the numbers that are given."""
    path = tmp_path / "outbox.db"
    async with Outbox.open(path, boot="b", stream=A, node="kiosk-1") as outbox:
        await outbox.append_all((ISSUE,), made_s=7.5)
        await outbox.append_all((), made_s=8.0, promise=PROMISE)
        assert outbox.offline == {"K1001": 1000}

    async with Outbox.open(path, boot="b", stream=B, node="kiosk-1") as outbox:
        assert outbox.promises == [PROMISE._replace(offline={})]
        assert outbox.offline == {"K1001": 1000}


async def test_after_a_reboot_nobody_knows_how_old_the_press_is(tmp_path: Path) -> None:
    """The monotonic clock began anew."""
    path = tmp_path / "outbox.db"
    async with Outbox.open(path, boot="b", stream=A, node="kiosk-1") as outbox:
        await outbox.append_all((ISSUE,), made_s=7.5)
        await outbox.append_all((), made_s=8.0, promise=PROMISE)

    (promise,) = await promises_of(path, boot="c")
    assert promise.made_s is None


async def test_a_moved_card_does_not_confirm_another_nodes_slips(tmp_path: Path) -> None:
    """The hub would not take them from it; put back, the card has them still."""
    path = tmp_path / "outbox.db"
    async with Outbox.open(path, boot="b", stream=A, node="kiosk-1") as outbox:
        await outbox.append_all((ISSUE,), made_s=7.5)
        await outbox.append_all((), made_s=8.0, promise=PROMISE)

    assert await promises_of(path, node="kiosk-2") == []
    assert len(await promises_of(path, stream="c" * 32)) == 1


async def test_a_slip_that_has_ended_stays_until_its_issue_has_its_result(tmp_path: Path) -> None:
    """The result may come after the next start, and must print nothing."""
    path = tmp_path / "outbox.db"
    async with Outbox.open(path, boot="b", stream=A, node="kiosk-1") as outbox:
        (issue,) = await outbox.append_all((ISSUE,), made_s=7.5)
        await outbox.append_all((), made_s=8.0, promise=PROMISE)
        await outbox.append_all((CONFIRM,), made_s=9.0, out=Key(A, 1))
    (promise,) = await promises_of(path)
    assert promise.is_out

    async with Outbox.open(path, boot="b", stream="c" * 32, node="kiosk-1") as outbox:
        outbox.note(issue, RESULT)
    assert await promises_of(path, stream="d" * 32) == []


async def test_a_slip_with_the_hubs_number_ends_with_its_confirm(tmp_path: Path) -> None:
    """Its issue had its result in the commit of the promise."""
    path = tmp_path / "outbox.db"
    async with Outbox.open(path, boot="b", stream=A, node="kiosk-1") as outbox:
        (issue,) = await outbox.append_all((ISSUE,), made_s=7.5)
        await outbox.append_all((), made_s=8.0, decided=[(issue, RESULT)], promise=PROMISE)
        await outbox.append_all((CONFIRM,), made_s=9.0, out=Key(A, 1))

    assert await promises_of(path) == []


async def test_the_number_given_last_is_the_last(tmp_path: Path) -> None:
    """Also when the ring has come round."""
    path = tmp_path / "outbox.db"
    async with Outbox.open(path, boot="b", stream=A, node="kiosk-1") as outbox:
        for seq, number in enumerate(("K1001", "K1999", "K1001"), start=1):
            promise = PROMISE._replace(key=Key(A, seq), offline={number: seq})
            await outbox.append_all((), made_s=8.0, promise=promise)
        assert list(outbox.offline.items()) == [("K1999", 2), ("K1001", 3)]

    async with Outbox.open(path, boot="b", stream=B, node="kiosk-1") as outbox:
        assert list(outbox.offline.items()) == [("K1999", 2), ("K1001", 3)]
