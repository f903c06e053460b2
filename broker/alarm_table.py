"""PURE: the table of alarms: how bad, after how long, in which words, and what to do about it.

Few, and those a person notices first: high load of a processor is no alarm of a hall. Durations are
those of a technician's patience: raised before the front desk walks over, cleared after three good
healths. Words by language code; `{subject}` and a finding's details are filled in.
"""

from typing import Literal

from msgspec import Struct

Level = Literal["urgent", "warning", "info"]


class AlarmKind(Struct, frozen=True, kw_only=True):
    """One row.

    Attributes:
        level: urgent = visitors or staff notice it now; info = on record, nobody has to come.
        raise_s: It must hold so long without a break.
        clear_s: It must not hold so long without a break.
        what: What is wrong.
        mend: What a person does about it.
        in_hours: Only while the hall is open: at night a dark board is no fault.
    """

    level: Level
    raise_s: float
    clear_s: float
    what: dict[str, str]
    mend: dict[str, str]
    in_hours: bool = False


def _row(  # noqa: PLR0913, PLR0917 - a table is read by columns
    level: Level,
    raise_s: float,
    clear_s: float,
    what_id: str,
    what_en: str,
    mend_id: str,
    mend_en: str,
    *,
    in_hours: bool = False,
) -> AlarmKind:
    return AlarmKind(
        level=level,
        raise_s=raise_s,
        clear_s=clear_s,
        what={"id": what_id, "en": what_en},
        mend={"id": mend_id, "en": mend_en},
        in_hours=in_hours,
    )


_BACK_S = 45.0
"""Three healths: what is back stays back."""

# fmt: off
ALARMS: dict[str, AlarmKind] = {
    # Who is gone
    "node_offline": _row("urgent", 30, _BACK_S,
        "{subject} tidak terhubung", "{subject} is not heard",
        "Periksa listrik dan kabel jaringannya, lalu matikan dan nyalakan.",
        "Check its power and network cable, then switch it off and on."),
    "sensor_offline": _row("warning", 60, _BACK_S,
        "Sensor {subject} tidak terhubung", "Sensor {subject} is not heard",
        "Periksa listrik dan kabelnya.", "Check its power and cable."),
    "pi_offline": _row("urgent", 15, _BACK_S,
        "Pi {subject} mati: {count} perangkat tidak terhubung",
        "Pi {subject} is gone: {count} nodes are not heard",
        "Periksa listrik dan kabel jaringan Pi itu.", "Check that Pi's power and network cable."),
    "zone_offline": _row("urgent", 15, _BACK_S,
        "Seluruh zona {subject} terputus: {count} perangkat",
        "All of zone {subject} is cut off: {count} nodes",
        "Periksa switch jaringan dan listrik zona itu.",
        "Check the network switch and the power of that zone."),
    "switch_offline": _row("urgent", 15, _BACK_S,
        "Switch {subject} terputus: {count} perangkat", "Switch {subject} is cut off: {count} nodes",
        "Periksa listrik switch itu dan kabel ke hub.",
        "Check that switch's power and its cable to the hub."),
    "hall_offline": _row("urgent", 15, _BACK_S,
        "{count} perangkat terputus sekaligus", "{count} nodes were cut off at once",
        "Periksa switch utama, kabel hub, dan listrik gedung.",
        "Check the main switch, the hub's cable and the building's power."),
    # What visitors and staff meet
    "paper_out": _row("urgent", 5, 10,
        "Kertas {subject} habis", "{subject} is out of paper",
        "Pasang gulungan kertas baru.", "Put in a new roll of paper."),
    "printer_offline": _row("urgent", 20, 30,
        "Printer {subject} tidak menjawab", "The printer of {subject} does not answer",
        "Periksa listrik, kabel dan tutup printer.", "Check the printer's power, cable and cover."),
    "print_failing": _row("urgent", 0, 0,
        "Karcis {subject} berulang kali gagal dicetak", "Slips of {subject} fail again and again",
        "Periksa kertas macet, lalu cetak uji.", "Look for jammed paper, then test print."),
    "paper_low": _row("warning", 60, 60,
        "Kertas {subject} hampir habis", "{subject} is running out of paper",
        "Siapkan gulungan baru.", "Have a new roll ready."),
    "display_stale": _row("urgent", 15, 10,
        "Layar {subject} tertinggal dari antrean", "The screen of {subject} lags behind the queue",
        "Matikan dan nyalakan papan itu.", "Switch that board off and on.", in_hours=True),
    "display_unplugged": _row("urgent", 15, 10,
        "Layar {subject} tidak tersambung", "No screen is connected to {subject}",
        "Periksa kabel HDMI dan listrik televisi.", "Check the HDMI cable and the TV's power.",
        in_hours=True),
    "voice_silent": _row("warning", 30, 30,
        "{subject} tidak bersuara", "{subject} has no voice",
        "Periksa keluaran suara dan pengeras suara.", "Check the sound output and the speakers.",
        in_hours=True),
    "button_stuck": _row("warning", 0, 10,
        "Tombol {button} di {subject} tertekan terus", "Button {button} of {subject} is stuck",
        "Singkirkan benda di atasnya, atau ganti tombolnya.",
        "Take away what lies on it, or change the button."),
    "button_chatter": _row("info", 0, 600,
        "Tombol {subject} bergetar ({count} kali sejam)", "Buttons of {subject} bounce ({count} an hour)",
        "Ganti tombol atau kabelnya pada kunjungan berikut.",
        "Change the button or its cable at the next visit."),
    "button_silent": _row("warning", 300, 30,
        "Tombol {subject} tidak ditekan dua jam, yang lain ditekan",
        "Nobody pressed {subject} for two hours, others are pressed",
        "Tekan setiap tombolnya dan lihat lampunya.", "Press each of its buttons, watch its lamp.",
        in_hours=True),
    "outbox_stuck": _row("urgent", 0, 15,
        "{subject}: {count} tekanan belum terkirim", "{subject}: {count} presses are not sent",
        "Mulai ulang perangkat itu; tekanan tidak hilang.",
        "Restart that node; the presses are not lost."),
    # What the hall's sensors say, and of the hall itself
    "crowded": _row("warning", 60, 120,
        "Zona {subject} terlalu penuh: {count} orang, batasnya {most}",
        "Zone {subject} is too full: {count} people, {most} at most",
        "Arahkan pengunjung ke ruang lain, atau buka loket tambahan.",
        "Send visitors to another room, or open one more counter."),
    "sensor_silent": _row("warning", 0, 60,
        "Sensor {sensor} di {subject} tidak terbaca", "Sensor {sensor} of {subject} can't be read",
        "Periksa kabelnya; log perangkat itu menyebut sebabnya.",
        "Check its wires; that node's log says why."),
    "sensor_frozen": _row("warning", 0, 60,
        "Sensor {sensor} di {subject} menunjukkan nilai yang sama sejam",
        "Sensor {sensor} of {subject} says the very same for an hour",
        "Cabut dan pasang lagi sensornya; bila berulang, ganti.",
        "Unplug it and plug it in again; if it comes back, replace it."),
    "door_blocked": _row("warning", 0, 30,
        "Sensor pintu {sensor} di {subject} terhalang", "The beam of {sensor} at {subject} is blocked",
        "Singkirkan benda di pintu, bersihkan dan luruskan sensornya.",
        "Clear the door, clean and align the beam."),
    # The Pi
    "supply_low": _row("urgent", 30, 60,
        "Catu daya {subject} terlalu lemah", "The supply of {subject} is too weak",
        "Ganti catu daya atau kabelnya: resmi 5 V 3 A, Pi 5 27 W.",
        "Change supply or cable: official 5 V 3 A, Pi 5 27 W."),
    "supply_low_seen": _row("warning", 0, 0,
        "Catu daya {subject} pernah terlalu lemah sejak dinyalakan",
        "The supply of {subject} was too weak since it was switched on",
        "Ganti catu daya atau kabelnya: resmi 5 V 3 A, Pi 5 27 W.",
        "Change supply or cable: official 5 V 3 A, Pi 5 27 W."),
    "hot": _row("warning", 300, 300,
        "{subject} panas: {value} °C", "{subject} is hot: {value} °C",
        "Bebaskan lubang udara, jauhkan dari matahari.", "Free its vents, keep it out of the sun."),
    "throttled": _row("warning", 60, 60,
        "{subject} diperlambat karena panas atau daya", "{subject} is slowed down by heat or power",
        "Periksa udara dan catu dayanya.", "Check its air and its supply."),
    "memory_low": _row("warning", 300, 60,
        "Memori {subject} tinggal {value} %", "{subject} has {value} % of its memory left",
        "Mulai ulang Pi itu di luar jam buka.", "Restart that Pi outside opening hours."),
    "memory_killed": _row("warning", 0, 0,
        "Memori {subject} pernah habis sejak dinyalakan",
        "{subject} ran out of memory since it was switched on",
        "Mulai ulang Pi itu di luar jam buka; laporkan.", "Restart that Pi outside hours; report it."),
    "card_errors": _row("urgent", 0, 0,
        "Kartu SD {subject} mencatat {value} kesalahan", "The card of {subject} counts {value} errors",
        "Ganti kartu SD.", "Replace the SD card."),
    "card_read_only": _row("urgent", 0, 30,
        "Kartu SD {subject} tidak bisa ditulis lagi", "The card of {subject} takes no more writes",
        "Ganti kartu SD.", "Replace the SD card."),
    "card_failing": _row("urgent", 0, 60,
        "Kartu SD {subject} gagal diuji tulis", "The card of {subject} failed a test write",
        "Ganti kartu SD.", "Replace the SD card."),
    "card_slow": _row("warning", 0, 60,
        "Kartu SD {subject} lambat: {value} s untuk 4 KB", "The card of {subject} is slow: {value} s for 4 KB",
        "Siapkan kartu SD pengganti.", "Have a replacement card ready."),
    "disk_low": _row("warning", 60, 60,
        "Ruang disk {subject} tinggal {value} %", "{subject} has {value} % of its disk left",
        "Hapus yang tidak perlu, atau pasang kartu lebih besar.",
        "Delete what is not needed, or put in a larger card."),
    "disk_full": _row("urgent", 15, 30,
        "Disk {subject} hampir penuh: data mulai dilepas", "The disk of {subject} is nearly full: it lets go of records",
        "Hapus yang tidak perlu sekarang.", "Delete what is not needed now."),
    "clock_unsynced": _row("warning", 600, 60,
        "Jam {subject} tidak disetel", "Nothing keeps the clock of {subject}",
        "Periksa chrony dan jaringan ke hub.", "Check chrony and the network to the hub."),
    "clock_apart": _row("warning", 60, 60,
        "Jam {subject} berbeda {value} s dari hub", "The clock of {subject} is {value} s off the hub's",
        "Periksa chrony; nomor dan panggilan tidak terganggu.",
        "Check chrony; numbers and calls don't suffer."),
    "radio_weak": _row("warning", 300, 120,
        "Wi-Fi {subject} lemah: {value} dBm", "The radio of {subject} is weak: {value} dBm",
        "Pakai kabel, atau dekatkan titik akses.", "Use a cable, or bring the access point nearer."),
    "cable_slow": _row("info", 60, 60,
        "Kabel jaringan {subject} hanya {value} Mb/s", "The cable of {subject} does only {value} Mb/s",
        "Ganti kabel atau port switch.", "Change the cable or the switch's port."),
    "cable_errors": _row("warning", 60, 120,
        "Jaringan {subject} merusak {value} % paket", "The network of {subject} spoils {value} % of packets",
        "Ganti kabel atau port switch.", "Change the cable or the switch's port."),
    # Programs
    "restarting": _row("warning", 0, 600,
        "{subject} dimulai ulang {count} kali dalam sejam", "{subject} restarted {count} times in an hour",
        "Lihat lognya; ganti kartu SD bila berlanjut.", "Read its log; change the card if it goes on."),
    "reboot_loop": _row("urgent", 0, 600,
        "Pi {subject} menyala ulang {count} kali dalam sejam", "Pi {subject} booted {count} times in an hour",
        "Periksa catu daya, lalu ganti kartu SD.", "Check the supply, then change the SD card."),
    "link_flapping": _row("warning", 0, 600,
        "{subject} terputus {count} kali dalam sejam", "{subject} lost its connection {count} times in an hour",
        "Periksa kabel dan port switch.", "Check the cable and the switch's port."),
    "version_apart": _row("info", 86_400, 60,
        "{subject} memakai versi {version}, hub {hub}", "{subject} runs {version}, the hub {hub}",
        "Perbarui perangkat itu.", "Update that node."),
    # Hub and broker
    "hub_clock": _row("urgent", 60, 30,
        "Jam hub tidak dapat dipercaya", "The hub's clock can't be trusted",
        "Setel tanggal di hub, atau ganti baterai RTC.", "Set the hub's date, or change its RTC battery."),
    "rows_lost": _row("warning", 0, 0,
        "{count} celah: tekanan sebuah perangkat hilang", "{count} gaps: presses of a node were lost",
        "Lihat jurnal hub; biasanya kartu yang diganti.", "See the hub's journal; mostly a changed card."),
    "too_big": _row("warning", 0, 600,
        "{count} pesan hub terlalu besar", "{count} messages of the hub were too big",
        "Laporkan; antrean tetap berjalan.", "Report it; the queue goes on."),
    "broker_restarted": _row("info", 0, 0,
        "Broker dimulai ulang", "The broker was restarted",
        "Tidak perlu apa-apa bila hanya sekali.", "Nothing to do if it was once."),
    "broker_dropping": _row("warning", 0, 60,
        "Broker membuang {count} pesan", "The broker dropped {count} messages",
        "Cari perangkat yang tidak membaca; mulai ulang.", "Find the node that does not read; restart it."),
}
# fmt: on
