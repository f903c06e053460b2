"""PURE: the one catalogue of all texts people read or hear of a call, in every language it knows.

A text is changed here and nowhere else. `say` fills it in; times are written as 08.00 and the day
as people say it. Sentences of the strip must be true in every hall that runs this release.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple


class Phrase(NamedTuple):
    """One text in every language; a language more is a field more, so none can be forgotten."""

    id: str
    en: str


COUNTER = Phrase(id="LOKET", en="COUNTER")
GO_TO = Phrase(id="Silakan menuju", en="Please go to")
GO_TO_COUNTER = Phrase(id="Silakan ke loket", en="Go to counter")
HEAD_NUMBER = Phrase(id="Nomor", en="Number")
HEAD_COUNTER = Phrase(id="Loket", en="Counter")
HEAD_AGENCY = Phrase(id="Layanan di sini", en="Services here")
WAITING = Phrase(id="{count} menunggu", en="{count} waiting")
RECALL = Phrase(id="PANGGILAN KE-{repeat}", en="CALL NO. {repeat}")
RECALL_SHORT = Phrase(id="KE-{repeat}", en="{repeat}x")
LOST = Phrase(
    id="Sambungan terputus sejak {time} – dengarkan panggilan petugas",  # noqa: RUF001 - DESIGN §4
    en="Connection lost since {time} – please listen for the staff",  # noqa: RUF001 - as above
)
WELCOME = Phrase(id="Selamat datang", en="Welcome")
TAKE_A_NUMBER = Phrase(
    id="Ambil nomor antrean, lalu tunggu nomor Anda dipanggil di layar ini.",
    en="Take a number, then wait until it is called on this screen.",
)
STARTING = Phrase(id="Layar sedang disiapkan.", en="This screen is getting ready.")
FOLLOW_STAFF = Phrase(id="Ikuti petunjuk petugas", en="Please follow the staff")
NUMBER_STAYS = Phrase(id="Nomor Anda tetap berlaku.", en="Your number stays valid.")

SIGN_READY = Phrase(id="SIAP", en="READY")
SIGN_PAUSED = Phrase(id="ISTIRAHAT", en="ON A BREAK")
SIGN_CLOSED = Phrase(id="TUTUP", en="CLOSED")
SIGN_GO = Phrase(id="Silakan", en="Please come")
SIGN_SERVING = Phrase(id="Sedang dilayani", en="Now serving")
"""What stands above a counter: its state in one word; above a number what it asks of its holder."""

SAY_NUMBER = Phrase(id="Nomor antrean", en="Ticket")
SAY_GO = Phrase(id="silakan menuju loket", en="please go to counter")
SAY_COUNTER = Phrase(id="loket", en="counter")
SAY_AGAIN = Phrase(id="Panggilan ulang", en="Calling again")
"""What a voice says beside the number's letters and digits and the counter's number: `spoken.py`
joins them."""

CLOSED = Phrase(id="Tutup", en="Closed")
CLOSED_UNTIL = Phrase(
    id="Tutup – buka kembali {opens}",  # noqa: RUF001 - DESIGN §4
    en="Closed – opens again {opens}",  # noqa: RUF001 - as above
)
ISSUE_FROM = Phrase(id="Pengambilan nomor mulai {opens}", en="First numbers {opens}")
AT_TIME = Phrase(id="pukul {time} {zone}", en="at {time} {zone}")
SEE_YOU = Phrase(id="Terima kasih atas kunjungan Anda.", en="Thank you for coming.")

SENTENCES = (
    Phrase(
        id="Perhatikan nomor dan loket Anda di layar ini.",
        en="Watch this screen for your number and counter.",
    ),
    Phrase(
        id="Siapkan berkas Anda sebelum dipanggil.",
        en="Have your papers ready before you are called.",
    ),
    Phrase(
        id="Nomor terlewat? Lapor ke meja informasi.",
        en="Missed your call? Ask at the information desk.",
    ),
    Phrase(
        id="Butuh bantuan? Lapor ke meja informasi.",
        en="Need help? Ask at the information desk.",
    ),
    Phrase(
        id="Simpan slip nomor Anda sampai selesai dilayani.",
        en="Keep your slip until you have been served.",
    ),
)
"""The strip's whole sentences, shown one at a time in every language of the hall."""

# A kiosk's touch screen.
CHOOSE_AGENCY = Phrase(id="Pilih instansi", en="Choose an office")
SEARCH = Phrase(id="Cari layanan", en="Search")
SEARCH_HINT = Phrase(id="Ketik huruf pertama layanan", en="Type the first letters of the service")
NOTHING_FOUND = Phrase(
    id="Tidak ada yang cocok. Hapus satu huruf, atau lapor ke meja informasi.",
    en="Nothing fits. Erase a letter, or ask at the information desk.",
)
ERASE = Phrase(id="Hapus", en="Erase")
BACK = Phrase(id="Kembali", en="Back")
HOME = Phrase(id="Awal", en="Start")
PRIORITY = Phrase(id="Prioritas", en="Priority")
PRIORITY_FOR = Phrase(
    id="Lansia (60+), ibu hamil atau menyusui, penyandang disabilitas, membawa anak kecil,"
    " korban bencana",
    en="Aged 60+, pregnant or nursing, with a disability, with small children, disaster victims",
)
BRING = Phrase(id="Bawa", en="Bring")
FEE = Phrase(id="Biaya", en="Fee")
FREE = Phrase(id="Gratis", en="Free")
FINISH = Phrase(id="Selesai", en="Ready")
NOBODY_WAITS = Phrase(id="Belum ada yang menunggu", en="Nobody is waiting")
TAKE_NUMBER = Phrase(id="Ambil nomor", en="Take a number")
TAKEN = Phrase(id="Sudah dipilih", en="Chosen already")
TAKES: dict[str, Phrase] = {
    "closed": Phrase(id="Tutup saat ini", en="Closed now"),
    "quota": Phrase(id="Kuota hari ini habis", en="No more numbers today"),
    "cutoff": Phrase(
        id="Pengambilan nomor hari ini sudah ditutup", en="No more numbers today: closing soon"
    ),
    "disrupted": Phrase(id="Sedang ada gangguan", en="Out of order for now"),
}
"""Why a service gives no numbers now."""
ANOTHER = Phrase(id="Tambah layanan lain?", en="Another service?")
ANOTHER_YES = Phrase(id="Ya, tambah", en="Yes, add one")
PRINT_NOW = Phrase(id="Cetak nomor", en="Print my number")
PRINT_IN = Phrase(id="Dicetak dalam {count} detik", en="Prints in {count} seconds")
PRINTING = Phrase(id="Nomor sedang dicetak", en="Printing your number")
TAKE_SLIP = Phrase(id="Ambil slip Anda", en="Take your slip")
NO_PAPER = Phrase(
    id="Kertas habis. Foto atau catat nomor ini; nomor tetap berlaku.",
    en="Out of paper. Take a photo or note this number; it stays valid.",
)
PERHAPS = Phrase(
    id="Jika slip sudah keluar, ambil: nomornya berlaku.",
    en="If your slip has come out, take it: its number is valid.",
)
PERHAPS_NOT = Phrase(
    id="Jika tidak keluar, lapor ke meja informasi.",
    en="If it has not, please ask at the information desk.",
)
NO_NUMBER = Phrase(id="Nomor tidak dapat diberikan", en="No number could be given")
ASK_DESK = Phrase(id="Lapor ke meja informasi", en="Please ask at the information desk")
NOT_READY = Phrase(
    id="Mesin belum siap. Lapor ke meja informasi.",
    en="This machine is not ready. Please ask at the information desk.",
)
LANGUAGE_NAMES = {"id": "Bahasa Indonesia", "en": "English"}
"""Each in its own language: who can't read this one finds theirs."""

DAYS_OF_A_WEEK = 7

LANGUAGES = Phrase._fields
"""The catalogue's languages; the first one stands for a language it does not know."""

_DAYS = {
    "id": ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_MONTHS = {
    "id": (
        *("Januari", "Februari", "Maret", "April", "Mei", "Juni"),
        *("Juli", "Agustus", "September", "Oktober", "November", "Desember"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}


def known(languages: Iterable[str]) -> tuple[str, ...]:
    """Return those of a hall's languages the catalogue has, in their order; at least one."""
    return tuple(code for code in languages if code in LANGUAGES) or LANGUAGES[:1]


def say(phrase: Phrase, language: str, **values: object) -> str:
    """Return the text with its values filled in.

    Raises:
        AttributeError: A language that is not in `LANGUAGES`.
        KeyError: A value that was not given.
    """
    text: str = getattr(phrase, language)
    return text.format(**values)


def say_time(at: datetime) -> str:
    """Return hours and minutes as 08.00."""
    return f"{at:%H.%M}"


def say_day(at: datetime, language: str, *, is_short: bool = False) -> str:
    """Return the day as `Rabu, 25 November`, or short as `Rab 25 Nov`."""
    day, month = _DAYS[language][at.weekday()], _MONTHS[language][at.month - 1]
    return f"{day[:3]} {at.day} {month[:3]}" if is_short else f"{day}, {at.day} {month}"


def say_opening(opens: datetime, at: datetime, language: str) -> str:
    """Return when something opens as `pukul 08.00 WIB`, with its day when that is another.

    Within a week the day's name will do: `Senin pukul 08.00 WIB`.
    """
    time = say(AT_TIME, language, time=say_time(opens), zone=opens.tzname() or "")
    days = (opens.date() - at.date()).days
    if days == 0:
        return time
    day = say_day(opens, language)
    return f"{day.split(',')[0] if days < DAYS_OF_A_WEEK else day} {time}"
