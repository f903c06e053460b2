"""Slips for tests and golden pictures. All names are made up or those of the example hall."""

from zoneinfo import ZoneInfo

from edge.slip import Slip, SlipTicket

ZONE = ZoneInfo("Asia/Jakarta")

AT_MS = 1_796_173_200_000
"""Wednesday 2 December 2026, 08.00 WIB."""

KTP = SlipTicket(
    number="A007", service="Perekaman KTP-el", agency="Disdukcapil", where="Lantai 1", ahead=12
)
NPWP = SlipTicket(
    number="B012", service="Pendaftaran NPWP", agency="KPP Pratama", ahead=0, is_priority=True
)
STNK = SlipTicket(
    number="H112",
    service="Pengesahan STNK tahunan dan perpanjangan lima tahunan",
    agency="Badan Pendapatan Daerah Provinsi Sumatera Utara (Samsat)",
    where="Lantai 2",
)
OFFLINE = SlipTicket(number="K1001", service="Perekaman KTP-el", agency="Disdukcapil")

ONE = Slip(
    hall="MPP Kota Tebing Tinggi",
    tickets=(KTP,),
    at_ms=AT_MS,
    qr="HTTP://10.78.0.1/T/A007K7QX",
)
VISIT = ONE._replace(tickets=(KTP, NPWP, STNK), is_copy=True, is_offline=True, qr="")
CUT_OFF = ONE._replace(tickets=(OFFLINE,), is_offline=True, qr="")
ENGLISH = VISIT._replace(language="en")

SLIPS = {"one": ONE, "visit": VISIT, "cut_off": CUT_OFF, "english": ENGLISH}
