"""The try-it broker's gate, and what it refuses to be. Its network side: tests/real."""

import asyncio
import logging

import pytest
from amqtt.contexts import Action

from broker.accounts import Account
from broker.embedded import Unconfirmed, _Gate, serve
from broker.mosquitto import BrokerError

ACCOUNTS = [Account("hub", "hub", "h-secret"), Account("loket-3", "counter", "c-secret")]
UP = "loket/v1/h/up/loket-3"
ACK = "loket/v1/h/ack/loket-3"


@pytest.mark.parametrize(
    ("username", "password", "client_id", "known"),
    [
        ("loket-3", "c-secret", "loket-3", True),
        ("loket-3", "c-secret", "mosq-1234", True),
        ("loket-3", "c-secret", "hub", False),
        ("loket-3", "h-secret", "loket-3", False),
        ("loket-3", "", "loket-3", False),
        ("loket-3", None, "loket-3", False),
        ("loket-9", "c-secret", "loket-9", False),
        ("", "", "", False),
        (None, None, "hub", False),
    ],
)
def test_who_is_let_in(
    username: str | None, password: str | None, client_id: str | None, *, known: bool
) -> None:
    """Only an account with its password, and never under another's client id."""
    gate = _Gate(ACCOUNTS, hall="h")

    assert known == gate.knows(username, password, client_id)


@pytest.mark.parametrize(
    ("username", "topic", "action", "allowed"),
    [
        ("loket-3", UP, Action.PUBLISH, True),
        ("loket-3", ACK, Action.PUBLISH, False),
        ("loket-3", ACK, Action.SUBSCRIBE, True),
        ("loket-3", "loket/v1/h/ack/+", Action.SUBSCRIBE, False),
        ("loket-3", UP, Action.RECEIVE, False),
        ("hub", UP, Action.RECEIVE, True),
        (None, UP, Action.RECEIVE, False),
        ("stranger", UP, Action.PUBLISH, False),
    ],
)
def test_rights_are_those_of_the_accounts(
    username: str | None, topic: str, action: Action, *, allowed: bool
) -> None:
    """Both brokers ask one table."""
    assert allowed == _Gate(ACCOUNTS, hall="h").allows(username, topic, action)


@pytest.mark.parametrize("host", ["0.0.0.0", "10.77.0.1", "::", "hub.local", ""])  # noqa: S104
async def test_it_is_no_broker_for_a_network(host: str) -> None:
    """Anything but a loopback address is refused, with what to use instead."""
    with pytest.raises(BrokerError, match="mosquitto"):
        await serve(
            accounts=ACCOUNTS,
            hall="h",
            host=host,
            port=1,
            on_ready=lambda: None,
            stopping=asyncio.Event(),
        )


def record_of(text: str, at_s: float, error: Exception | None = None) -> logging.LogRecord:
    """Return a line as amqtt logs it."""
    exc_info = (type(error), error, None) if error else None
    record = logging.LogRecord("amqtt.broker", logging.ERROR, "", 0, text, (), exc_info)
    record.created = at_s
    return record


def test_a_client_that_confirms_nothing_is_said_once_a_minute() -> None:
    """Without amqtt's traceback for each of its messages; any other error is passed on."""
    lines = [
        record_of("Timeout waiting for PUBACK for packet ID 29", 100.0),
        record_of("Timeout waiting for PUBACK for packet ID 30", 100.1),
        record_of("Task failed and will be skipped: <Task>", 101.0, TimeoutError("29")),
        record_of("Task failed and will be skipped: <Task>", 101.0, KeyError("a")),
        record_of("Received PUBACK for unknown pending message Id: '29'", 130.0),
        record_of("Timeout waiting for PUBACK for packet ID 99", 160.0),
    ]
    unconfirmed = Unconfirmed()

    said = [line.getMessage() for line in lines if unconfirmed.filter(line)]

    once = "a client confirms nothing: what it is sent is dropped after 5 s"
    assert said == [once, "Task failed and will be skipped: <Task>", once]
