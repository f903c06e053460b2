"""The spoken menu by its three buttons: every service is reached, and every press is answered."""

from pathlib import Path

import pytest

from broker.hall.setup import Setup
from displays.menu import (
    LEAVE_S,
    REPEAT_S,
    Ask,
    Given,
    GivenTicket,
    HelpPress,
    Level,
    Menu,
    text_of,
)
from displays.touch import LOST_AFTER_S, Offer, Take, Taking
from firmware_config.load import load_hall
from firmware_config.schema import BANTUAN, CHOOSE, NEXT, setup_of

EXAMPLES = Path(__file__).parents[2] / "firmware_config" / "examples"
SETUP = setup_of(load_hall(EXAMPLES / "demo.toml"))
T = 100.0
NO_PAPER = "Nomor antrean Anda A 0 0 7 Kertas habis. Ingat nomor ini; nomor tetap berlaku."


class Visitor:
    """Somebody who hears and presses, and sees nothing."""

    def __init__(self, setup: Setup = SETUP, *, says_numbers: bool = True, **offers: Offer) -> None:
        self.menu = Menu(setup=setup, says_numbers=says_numbers)
        self.offers = offers
        self.presses: list[HelpPress] = []
        self.asked: list[Ask] = []
        self.heard: list[str] = []
        self.tongue = ""
        self.now_s = T
        self.tell()

    def tell(
        self, taking: Taking | None = None, given: Given | None = None, calling: str = ""
    ) -> None:
        """Let the node tell its panel."""
        told = self.menu.told(
            offers=self.offers,
            presses=tuple(self.presses[-16:]),
            taking=taking,
            given=given,
            calling=calling,
            now_s=self.now_s,
        )
        self.take(told)

    def take(self, wishes: tuple[object, ...]) -> None:
        """Note what is asked, hear what is said."""
        for wish in wishes:
            if isinstance(wish, Ask):
                self.asked.append(wish)
            else:
                assert isinstance(wish, tuple)
                self.heard.append(text_of(wish))
                self.tongue = wish[-1].language

    def press(self, *buttons: str, moment: str = "pressed") -> str:
        """Press these; return what is said after the last one."""
        for button in buttons:
            self.presses.append(HelpPress(n=len(self.presses) + 1, button=button, moment=moment))
            self.tell()
        return self.heard[-1]

    def listen(self) -> None:
        """Hear it to its end."""
        self.menu.silent(self.now_s)

    def wait(self, seconds: float) -> list[str]:
        """Press nothing for so long, hearing all to its end; return what was said meanwhile."""
        before, ends_s = len(self.heard), self.now_s + seconds
        while self.now_s < ends_s:
            self.now_s = min(ends_s, self.now_s + 0.5)
            count = len(self.heard)
            self.take(self.menu.due(self.now_s))
            if len(self.heard) > count:
                self.listen()
        return self.heard[before:]

    def seek(self, text: str, *, at_most: int = 60) -> None:
        """Press NEXT until the choice says so."""
        for _ in range(at_most):
            if self.heard[-1].endswith(text):
                return
            self.press(NEXT)
        raise AssertionError(f"{text!r} was never said: {self.heard[-at_most:]}")


def test_every_service_of_the_big_hall_is_reached_by_ear() -> None:
    """All 121: the menu says its agency, then its name, and takes just that one."""
    setup = setup_of(load_hall(EXAMPLES / "tebing_tinggi.toml"))
    assert len(setup.services) == 121
    for service in setup.services.values():
        visitor = Visitor(setup)
        visitor.press(BANTUAN)
        visitor.seek(setup.agencies[service.agency].name)
        visitor.press(CHOOSE)
        visitor.seek(service.name["id"])
        visitor.press(CHOOSE, CHOOSE)

        assert visitor.asked == [Ask(Take((service.id,), is_priority=False), "id")]


def test_it_begins_by_saying_how_it_works() -> None:
    """What the buttons do, how staff are called, English in English, and the first choice."""
    said = Visitor().press(BANTUAN)

    assert said == (
        "Bantuan suara. Tekan lanjut untuk pilihan berikutnya. Tekan pilih untuk memilih."
        " Tahan tombol bantuan dua detik untuk memanggil petugas."
        " For English, press the help button again."
        " Instansi mana? Dinas Kependudukan dan Pencatatan Sipil"
    )


@pytest.mark.parametrize("button", [NEXT, CHOOSE])
def test_any_button_begins_it(button: str) -> None:
    """Who finds another first is not left in silence, and takes nothing by it."""
    visitor = Visitor()

    assert visitor.press(button).startswith("Bantuan suara.")
    assert visitor.menu.level is Level.AGENCIES


def test_pressed_again_it_speaks_the_other_language() -> None:
    """There and back; where one is, it stays."""
    visitor = Visitor()
    visitor.press(BANTUAN, CHOOSE)

    assert visitor.press(BANTUAN) == "English. Which service? Civil registry, other"
    assert visitor.tongue == "en"
    assert visitor.press(BANTUAN).startswith("Bahasa Indonesia. Layanan mana?")


def test_choices_go_round() -> None:
    """After the last one comes the first."""
    visitor = Visitor()
    first = visitor.press(BANTUAN)
    said = [visitor.press(NEXT) for _ in SETUP.agencies]

    assert said == [*[each.name for each in SETUP.agencies.values()][1:], said[-1]]
    assert first.endswith(said[-1])


def test_a_service_is_told_before_a_number_is_taken() -> None:
    """Its name, who waits, what to bring, the cost; then how to take it."""
    visitor = Visitor(**{"ktp-el": Offer(waiting=3)})
    visitor.press(BANTUAN, CHOOSE, NEXT)

    assert visitor.press(CHOOSE) == (
        "Perekaman dan cetak KTP-el 3 orang menunggu. Bawa Fotokopi Kartu Keluarga Gratis"
        " Ambil nomor. Tekan pilih, atau lanjut untuk pilihan lain."
    )


@pytest.mark.parametrize(
    ("takes", "words"),
    [
        ("closed", "Tutup saat ini"),
        ("quota", "Kuota hari ini habis"),
        ("cutoff", "Pengambilan nomor hari ini sudah ditutup"),
        ("disrupted", "Sedang ada gangguan"),
    ],
)
def test_a_service_that_gives_no_numbers_says_so_before(takes: str, words: str) -> None:
    """And offers nothing but the way back."""
    visitor = Visitor(adminduk=Offer(takes=takes))
    visitor.press(BANTUAN, CHOOSE)
    said = visitor.press(CHOOSE)

    assert said == f"Layanan kependudukan lainnya {words} Lapor ke meja informasi Kembali."
    assert visitor.press(CHOOSE) == "Layanan mana? Layanan kependudukan lainnya"
    assert visitor.asked == []


def test_priority_and_company_are_chosen_and_taken_back() -> None:
    """On the honour system, asked for no reason; what is chosen is said."""
    visitor = Visitor()
    visitor.press(BANTUAN, CHOOSE, CHOOSE)
    visitor.seek("korban bencana.")
    assert visitor.press(CHOOSE).startswith("Prioritas dipilih. Ambil nomor.")
    visitor.seek("Minta didampingi petugas.")
    assert visitor.press(CHOOSE).startswith("Prioritas dipilih. Petugas akan mendampingi.")
    visitor.seek("Batalkan prioritas.")
    visitor.press(CHOOSE, CHOOSE)

    take = Take(("adminduk",), is_priority=False, is_assisted=True)
    assert visitor.asked == [Ask(take, "id")]


def test_one_person_takes_several_services_in_one_visit() -> None:
    """The one chosen already is not offered twice."""
    visitor = Visitor()
    visitor.press(BANTUAN, CHOOSE, CHOOSE, NEXT)
    assert visitor.heard[-1] == "Tambah layanan lain."
    assert visitor.press(CHOOSE).startswith("Instansi mana?")
    assert "Sudah dipilih." in visitor.press(CHOOSE, CHOOSE)
    visitor.press(CHOOSE)
    visitor.seek("Kartu Keluarga")
    visitor.press(CHOOSE, CHOOSE)

    assert visitor.asked == [Ask(Take(("adminduk", "kk"), is_priority=False), "id")]


def test_four_services_are_as_many_as_a_visit_has() -> None:
    """At the fourth there is nothing to add."""
    visitor = Visitor()
    visitor.press(BANTUAN)
    for service in ("adminduk", "ktp-el", "kk"):
        visitor.press(CHOOSE)
        visitor.seek(SETUP.services[service].name["id"])
        visitor.press(CHOOSE, NEXT, CHOOSE)
    visitor.press(NEXT, CHOOSE, CHOOSE)

    assert visitor.press(NEXT).startswith("Antrean prioritas")


def printing(visitor: Visitor) -> Visitor:
    """Take the first service."""
    visitor.press(BANTUAN, CHOOSE, CHOOSE, CHOOSE)
    visitor.take(visitor.menu.taken("p:1"))
    return visitor


def given(*numbers: str, where: str = "Lantai 1", is_lost: bool = False) -> Given:
    """Return a slip of these numbers."""
    tickets = tuple(GivenTicket(number=number, where=where) for number in numbers)
    return Given(id="p:1", language="id", tickets=tickets, is_lost=is_lost)


@pytest.mark.parametrize(
    ("slip", "said"),
    [
        (
            given("A007"),
            "Nomor antrean Anda A 0 0 7 Ambil slip Anda, lalu tunggu di Lantai 1",
        ),
        (
            given("A007", "B012"),
            "Nomor antrean Anda A 0 0 7 dan B 0 1 2 Ambil slip Anda, lalu tunggu di Lantai 1",
        ),
        (
            given("A007", where=""),
            "Nomor antrean Anda A 0 0 7 Ambil slip Anda, lalu dengarkan panggilan.",
        ),
        (
            given("A007", is_lost=True),
            f"{NO_PAPER} Nomor antrean Anda A 0 0 7 Tunggu di Lantai 1",
        ),
        (
            given("A007", where="", is_lost=True),
            f"{NO_PAPER} Nomor antrean Anda A 0 0 7 Dengarkan panggilan.",
        ),
    ],
)
def test_the_number_and_its_place_are_said_once(slip: Given, said: str) -> None:
    """Twice without paper, for then nobody can read it; then the menu is over."""
    visitor = printing(Visitor())
    visitor.tell(given=slip)
    visitor.tell(given=slip)

    assert visitor.heard[-2:] == ["Nomor sedang dicetak.", said]
    assert visitor.menu.level is Level.OFF


def test_every_number_of_this_kiosk_is_said() -> None:
    """Also to who pressed a button, or touched; in the language of the slip."""
    visitor = Visitor()
    slip = Given(id="q:5", language="en", tickets=(GivenTicket(number="B003"),))
    visitor.tell(given=slip)

    assert visitor.heard == [
        "Your ticket number is B 0 0 3 Take your slip, and listen for your call."
    ]
    assert visitor.tongue == "en"


def test_a_quiet_kiosk_says_numbers_to_who_asked_by_ear_only() -> None:
    """Others read theirs; who can't is still told."""
    visitor = Visitor(says_numbers=False)
    visitor.tell(given=Given(id="q:5", language="id", tickets=(GivenTicket(number="B003"),)))
    assert visitor.heard == []
    printing(visitor).tell(given=given("A007"))

    assert visitor.heard[-1].startswith("Nomor antrean Anda A 0 0 7")


def test_what_was_before_is_not_answered() -> None:
    """Neither a number nor a press that the panel shows when it is first heard, or heard again."""
    visitor = Visitor()
    visitor.menu.lost()
    visitor.presses.append(HelpPress(n=1, button=BANTUAN, moment="pressed"))
    visitor.tell(given=given("A007"))
    assert visitor.heard == []

    assert visitor.press(BANTUAN).startswith("Bantuan suara.")


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("closed", "Tutup saat ini "),
        ("past_cutoff", "Pengambilan nomor hari ini sudah ditutup "),
        ("quota_reached", "Kuota hari ini habis "),
        ("disrupted", "Sedang ada gangguan "),
        ("no_number", ""),
    ],
)
def test_a_refusal_is_said_with_its_reason(why: str, words: str) -> None:
    """And where to go."""
    visitor = printing(Visitor())
    visitor.tell(taking=Taking(id="p:1", state="refused", why=why))

    assert visitor.heard[-1] == f"Nomor tidak dapat diberikan {words}Lapor ke meja informasi"
    assert visitor.menu.level is Level.OFF


def test_a_node_that_does_not_take_it_is_said() -> None:
    """Nobody waits for a slip that was never asked for."""
    visitor = Visitor()
    visitor.press(BANTUAN, CHOOSE, CHOOSE, CHOOSE)
    visitor.take(visitor.menu.taken(None))

    assert visitor.heard[-1] == "Mesin belum siap. Lapor ke meja informasi."


def test_a_node_that_falls_silent_while_it_prints_is_said() -> None:
    """The slip may be out: it is valid then."""
    visitor = printing(Visitor())
    visitor.menu.lost()
    said = visitor.wait(LOST_AFTER_S + 1)

    assert said[0].startswith("Jika slip sudah keluar, ambil")
    assert visitor.menu.level is Level.OFF


def test_a_press_while_it_prints_takes_nothing_twice() -> None:
    """It says that it is at it."""
    visitor = printing(Visitor())

    assert visitor.press(CHOOSE) == "Nomor sedang dicetak."
    assert len(visitor.asked) == 1


def test_silence_repeats_the_choice_then_ends_it() -> None:
    """The choice alone, every 8 s; after 30 s it says that it ends, and is silent."""
    visitor = Visitor()
    visitor.press(BANTUAN, NEXT)
    visitor.listen()
    said = visitor.wait(LEAVE_S + 60)

    assert said[:-1] == ["Kantor Imigrasi"] * round(LEAVE_S / REPEAT_S - 0.5)
    assert said[-1].startswith("Bantuan suara selesai.")
    assert visitor.menu.level is Level.OFF


def test_nothing_is_repeated_while_it_speaks() -> None:
    """However long that takes."""
    visitor = Visitor()
    visitor.press(BANTUAN)

    assert visitor.wait(120) == []


def test_who_comes_next_hears_the_hall_s_own_language() -> None:
    """And no choice of who left."""
    visitor = Visitor()
    visitor.press(BANTUAN, BANTUAN, CHOOSE)
    visitor.listen()
    visitor.wait(LEAVE_S + 1)

    assert visitor.press(BANTUAN).startswith("Bantuan suara. Tekan lanjut")
    assert visitor.tongue == "id"


def test_a_held_press_takes_nothing() -> None:
    """Its second meaning is the node's."""
    visitor = Visitor()
    visitor.press(BANTUAN)
    visitor.press(BANTUAN, moment="held")

    assert len(visitor.heard) == 1


def test_all_it_may_say_is_made_ready() -> None:
    """Each agency and service, and each sentence, in each language."""
    ready = {text_of(said) for said in Menu(setup=SETUP).every_text()}

    assert {"Kantor Imigrasi", "New passport", "Paspor baru", "Nomor antrean Anda"} <= ready
