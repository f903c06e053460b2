"""PURE: the one catalogue of what the pages say when something is not done, in every language.

The rules refuse in codes (`broker.hall.refusals`), the routes in English for programs. Here are
the sentences for whoever pressed: what is so, and what to do now.
"""

from collections.abc import Iterable

from displays.phrases import Phrase, known, say

REFUSED: dict[str, Phrase] = {
    "not_allowed": Phrase(
        id="Perangkat ini tidak berhak melakukannya. Hubungi teknisi.",
        en="This device may not do that. Call the technician.",
    ),
    "unknown_service": Phrase(
        id="Layanan ini tidak dikenal. Hubungi teknisi.",
        en="This service is not known. Call the technician.",
    ),
    "unknown_counter": Phrase(
        id="Loket ini tidak dikenal. Hubungi teknisi.",
        en="This counter is not known. Call the technician.",
    ),
    "unknown_ticket": Phrase(
        id="Nomor ini tidak ada hari ini. Lihat sekali lagi.",
        en="There is no such number today. Look again.",
    ),
    "unknown_number": Phrase(
        id="Nomor ini tidak dikeluarkan hari ini. Baca sekali lagi.",
        en="Nobody gave out this number today. Read it again.",
    ),
    "service_needed": Phrase(
        id="Sebutkan layanan untuk nomor ini.", en="Say for which service this number is."
    ),
    "stale": Phrase(
        id="Tekanan terlambat, atau sambungan baru pulih. Lihat dulu, lalu tekan lagi.",
        en="Too late, or the connection has just come back. Look, then press again.",
    ),
    "seen_other": Phrase(
        id="Loket sudah berganti nomor. Lihat dulu, lalu tekan lagi.",
        en="The counter has moved on. Look first, then press again.",
    ),
    "day_not_open": Phrase(
        id="Hari layanan belum dibuka. Tunggu sebentar.",
        en="The day is not open yet. Wait a moment.",
    ),
    "day_already_open": Phrase(id="Hari ini sudah dibuka.", en="This day is open already."),
    "numbers_used_up": Phrase(
        id="Nomor hari ini sudah habis. Lapor ke meja informasi.",
        en="Today's numbers are used up. Ask at the information desk.",
    ),
    "disrupted": Phrase(
        id="Layanan sedang terganggu. Lapor ke meja informasi.",
        en="The service is disrupted. Ask at the information desk.",
    ),
    "nobody_waiting": Phrase(id="Belum ada yang menunggu.", en="Nobody is waiting."),
    "nobody_called": Phrase(
        id="Belum ada nomor yang dipanggil di loket ini.",
        en="No number is called at this counter.",
    ),
    "nobody_to_rate": Phrase(
        id="Belum ada yang dapat menilai di loket ini.",
        en="There is nobody at this counter to rate it.",
    ),
    "counter_closed": Phrase(
        id="Loket tutup. Buka dulu, atau pilih loket lain.",
        en="The counter is closed. Open it, or choose another.",
    ),
    "moved_on": Phrase(
        id="Nomor ini sudah berpindah. Lihat sekali lagi.",
        en="The number has moved on. Look again.",
    ),
    "not_on_paper": Phrase(
        id="Slip nomor ini belum keluar. Tunggu sebentar.",
        en="Its slip is not out yet. Wait a moment.",
    ),
    "visit_busy": Phrase(
        id="Pengunjung ini sedang di loket lain.", en="The visitor is at another counter."
    ),
    "not_served_here": Phrase(
        id="Loket ini tidak melayani nomor itu.", en="This counter does not serve that number."
    ),
    "held_out": Phrase(
        id="Nomor ini tidak dapat ditunda lagi.", en="This number can't be held any more."
    ),
    "not_general": Phrase(
        id="Nomor ini bukan untuk layanan umum. Alihkan ke loket lain.",
        en="Not a number of the general service. Transfer it.",
    ),
    "already_known": Phrase(
        id="Nomor ini sudah terdaftar hari ini.", en="This number is known already today."
    ),
    "at_counter": Phrase(
        id="Nomor ini sedang di loket lain. Selesaikan di sana.",
        en="Another counter has this number. End it there.",
    ),
    "closed": Phrase(
        id="Di luar jam pengambilan nomor.", en="Outside the hours in which numbers are given out."
    ),
    "past_cutoff": Phrase(
        id="Pengambilan nomor untuk hari ini sudah ditutup.",
        en="It is too short before closing time for a new number.",
    ),
    "quota_reached": Phrase(
        id="Kuota hari ini sudah habis.", en="All numbers of today are given out."
    ),
    "rejected": Phrase(
        id="Perangkat mengirim sesuatu yang tidak dimengerti. Hubungi teknisi.",
        en="The device sent something nobody understands. Call the technician.",
    ),
}
"""By the code of a refusal; `rejected` is the hub's own."""

REFUSED_SO = Phrase(id="Ditolak: {code}.", en="Refused: {code}.")
"""A code of a newer hub than this page."""

NOT_RUNNING = Phrase(
    id="Perangkat {node} tidak menjawab. Lihat dulu hasilnya, lalu tekan lagi.",
    en="Device {node} does not answer. See first what came of it, then press again.",
)
NOT_TAKEN = Phrase(
    id="Tekanan di {node} tidak diterima. Lihat lampunya, lalu tekan lagi.",
    en="The press at {node} was not taken. See its lamp, then press again.",
)
TOO_MANY = Phrase(
    id="Terlalu banyak tombol ditekan. Tunggu sebentar, lalu tekan lagi.",
    en="Too many buttons are being pressed. Wait a moment, then press again.",
)

Texts = list[dict[str, str]]
"""One text in some languages, the first to be read first: `[{"lang": "id", "text": "…"}]`."""


def texts(phrase: Phrase, languages: Iterable[str], **values: object) -> Texts:
    """Return the text in those of a hall's languages the catalogue has, in their order."""
    return [{"lang": lang, "text": say(phrase, lang, **values)} for lang in known(languages)]


def refused(code: str, languages: Iterable[str]) -> Texts:
    """Return what to say of a refusal."""
    phrase = REFUSED.get(code)
    return texts(phrase, languages) if phrase else texts(REFUSED_SO, languages, code=code)
