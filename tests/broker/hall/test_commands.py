"""Commands and events as bytes: what a node sends and a journal keeps."""

import msgspec
import pytest

from broker.hall.commands import (
    AGE_MAX_MS,
    COMMANDS,
    Admit,
    CallNext,
    Cancel,
    Command,
    ConfirmPrint,
    Disrupt,
    Issue,
    OpenDay,
    Resume,
    ServedByHand,
    decode_command,
    encode_command,
    snake_case,
)
from broker.hall.events import (
    EVENTS,
    DayOpened,
    TicketCalled,
    TicketIssued,
    decode_events,
    encode_events,
)
from tests.broker.hall.given import origin


@pytest.mark.parametrize(
    ("command", "body"),
    [
        (
            CallNext(counter=3, age_ms=12),
            b'{"type":"call_next","age_ms":12,"counter":3,"seen":""}',
        ),
        (
            Issue(services=("ktp-el", "kk"), age_ms=None, code_sha256="ab" * 32),
            b'{"type":"issue","age_ms":null,"services":["ktp-el","kk"],"code_sha256":"%s",'
            b'"priority":false,"assist":false,"language":""}' % (b"ab" * 32),
        ),
        (
            ConfirmPrint(ticket=origin(7) + ".2", number="A007"),
            b'{"type":"confirm_print","age_ms":0,"ticket":"%s.2","number":"A007","service":"",'
            b'"made_age_ms":null,"priority":false,"assist":false,"code_sha256":"","print_uncertain":false}'
            % origin(7).encode(),
        ),
        (
            Admit(number="P001", service="kk", age_ms=5),
            b'{"type":"admit","age_ms":5,"number":"P001","service":"kk"}',
        ),
        (
            ServedByHand(number="K1044", counter=3),
            b'{"type":"served_by_hand","age_ms":0,"number":"K1044","counter":3,"service":""}',
        ),
        (
            Disrupt(services=("kk", "ktp-el"), why="system_down"),
            b'{"type":"disrupt","age_ms":0,"services":["kk","ktp-el"],"why":"system_down"}',
        ),
        (
            Resume(services=("kk",)),
            b'{"type":"resume","age_ms":0,"services":["kk"]}',
        ),
        (
            OpenDay(date="2026-11-25"),
            b'{"type":"open_day","age_ms":0,"date":"2026-11-25"}',
        ),
    ],
)
def test_a_command_on_the_wire(command: Command, body: bytes) -> None:
    """Its type, in snake case, then its fields; and back again."""
    assert encode_command(command) == body
    assert decode_command(body) == command
    assert decode_command(msgspec.Raw(body)) == command


def test_a_newer_nodes_field_is_ignored_and_a_missing_one_has_its_default() -> None:
    """An old hub survives a newer node, a new hub an older one."""
    assert decode_command(b'{"type":"call_next","counter":3,"mood":"good"}') == CallNext(counter=3)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"counter":3}',
        b'{"type":"dance","counter":3}',
        b'{"type":"call_next"}',
        b'{"type":"call_next","counter":0}',
        b'{"type":"call_next","counter":100}',
        b'{"type":"call_next","counter":"3"}',
        b'{"type":"call_next","counter":3.5}',
        b'{"type":"call_next","counter":NaN}',
        b'{"type":"call_next","counter":3,"age_ms":-1}',
        b'{"type":"call_next","counter":3,"age_ms":%d}' % (AGE_MAX_MS + 1),
        b'{"type":"call_next","counter":3,"seen":"%s"}' % (b"x" * 65),
        b'{"type":"call_next","counter":3,"seen":"\xff"}',
        b'{"type":"issue","services":[]}',
        b'{"type":"issue","services":["a","b","c","d","e"]}',
        b'{"type":"issue","services":["KTP"]}',
        b'{"type":"issue","services":["../etc"]}',
        b'{"type":"issue","services":["a"],"code_sha256":"O1"}',
        b'{"type":"cancel","ticket":"7"}',
        b'{"type":"cancel","ticket":"%s:0"}' % (b"a" * 32),
        b'{"type":"cancel","ticket":"%s:1.5"}' % (b"a" * 32),
        b'{"type":"confirm_print","ticket":"%s:1","number":"a007"}' % (b"a" * 32),
        b'{"type":"confirm_print","ticket":"%s:1","number":"A07"}' % (b"a" * 32),
        b'{"type":"open_day","date":"25.11.2026"}',
        b'{"type":"admit","number":"P001"}',
        b'{"type":"admit","number":"P001","service":""}',
        b'{"type":"admit","number":"p001","service":"kk"}',
        b'{"type":"served_by_hand","number":"K1044","counter":0}',
        b'{"type":"served_by_hand","counter":3}',
        b'{"type":"disrupt","services":["kk"],"why":"the printer is on fire"}',
        b'{"type":"disrupt","services":["kk"]}',
        b'{"type":"disrupt","services":[],"why":"other"}',
        b'{"type":"disrupt","services":[%s"kk"],"why":"other"}' % (b'"a",' * 64),
        b'{"type":"resume","services":["KK"]}',
    ],
)
def test_a_bad_body_is_no_command(body: bytes) -> None:
    """Wrong type, missing, too small, too big, too long, not UTF-8: an error, never a guess."""
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        decode_command(body)


def test_every_command_and_event_has_its_own_name_on_the_wire() -> None:
    """Names are the class names; commands ask, events tell."""
    names = [snake_case(kind.__name__) for kind in (*COMMANDS, *EVENTS)]

    assert snake_case("CallNext") == "call_next"
    assert [kind.__struct_config__.tag for kind in (*COMMANDS, *EVENTS)] == names
    assert len(names) == len(set(names))


def test_events_are_kept_as_one_list_a_row() -> None:
    """What was journaled is read back as it was."""
    row = (
        TicketIssued(ticket="t", number="A001", service="kk", visit="t", issued_ms=1),
        TicketCalled(ticket="t", counter=3, call_id="c"),
        DayOpened(date="2026-11-25"),
    )

    assert decode_events(encode_events(row)) == row
    assert encode_events(()) == b"[]"
    assert encode_events(row[2:]) == b'[{"type":"day_opened","date":"2026-11-25","offline":{}}]'


def test_an_event_of_a_newer_release_is_an_error() -> None:
    """A journal that this release can't read in full must not be folded in part."""
    with pytest.raises(msgspec.ValidationError, match="walked"):
        decode_events(b'[{"type":"ticket_walked"}]')


def test_a_ticket_id_is_an_origin() -> None:
    """The first ticket of an issue has its origin as id, further ones a suffix."""
    body = encode_command(Cancel(ticket=origin(12) + ".4"))

    assert decode_command(body) == Cancel(ticket=origin(12) + ".4")
