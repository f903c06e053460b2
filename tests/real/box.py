"""A third party's button box: README's wire format and paho, and no code of Loket's.

    python box.py LINK.json HALL DISK.db

One command a line on standard input, e.g. {"type":"issue","services":["kk"]}; it is on disk when
"kept" is said on standard output. Each result is a line there, too. What an `issue` gave counts as
printed at once, and is confirmed. Killed at any moment and started again, it goes on.
"""

import json
import queue
import secrets
import sqlite3
import sys
import threading
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt

UP_BYTES_MAX, COMMANDS_MAX, GIVEN_MAX, ENVELOPE_BYTES = 8192, 16, 64, 400
HEALTH_EVERY_S, RESEND_S, RESEND_MAX_S = 15.0, 2.0, 60.0


def text(body: Any) -> str:
    """Return JSON without a space, as a seal wants it back."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def order(gen: str, pos: int) -> tuple[int, str, int]:
    """Return what sorts places in the hub's journals."""
    return (int(gen.partition("-")[0]) if gen else 0, gen, pos)


class Box:
    """One box; all of it runs in `run`'s thread but the two that fill its inbox."""

    def __init__(self, link: dict[str, Any], hall: str, disk: Path) -> None:
        self.inbox: queue.Queue[tuple[str, Any]] = queue.Queue()
        self.node, self.below = link["username"], f"loket/v1/{hall}"
        self.boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        self.db = sqlite3.connect(disk, isolation_level=None)
        self.db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
        self.db.executescript(
            "CREATE TABLE IF NOT EXISTS rows (place INTEGER PRIMARY KEY, stream, seq, command,"
            " boot, made_s, result); CREATE TABLE IF NOT EXISTS obeyed (gen)"
        )
        newest = self.db.execute("SELECT gen FROM obeyed ORDER BY rowid DESC").fetchone()
        self.gen: str = newest[0] if newest else ""
        self.stream, self.seq = secrets.token_hex(16), 0
        self.beat, self.hub_start, self.window, self.wait_s = 0, "", COMMANDS_MAX, RESEND_S
        self.answered = False
        self.due_s = {"birth": float("inf"), "resend": float("inf"), "health": float("inf")}
        self.client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, self.node, protocol=mqtt.MQTTv311
        )
        self.client.username_pw_set(self.node, link["password"])
        self.client.on_connect = lambda *_: self.inbox.put(("connected", self.session))
        self.client.on_disconnect = lambda *_: self.new_session()
        self.client.on_message = lambda _c, _u, m: self.inbox.put(("message", m))
        self.new_session()
        self.client.reconnect_delay_set(1, 15)
        self.client.connect_async(link["addresses"][0], link["port"], keepalive=10)

    def new_session(self) -> None:
        """Name the next connection, and leave its will."""
        self.session = secrets.token_hex(8)
        will = text({"v": 1, "session": self.session, "online": False})
        self.client.will_set(f"{self.below}/birth/{self.node}", will, qos=1, retain=True)

    def run(self) -> None:
        """Work until standard input ends and every row has its result."""
        threading.Thread(target=self.read_presses, daemon=True).start()
        self.client.loop_start()
        is_over = False
        while not (is_over and not self.pending()):
            wait_s = max(0.0, min(self.due_s.values()) - time.monotonic())
            try:
                what, value = self.inbox.get(timeout=min(wait_s, 60.0))
            except queue.Empty:
                what, value = "time", None
            is_over = is_over or what == "end"
            self.take(what, value)
            self.do_due()
        self.client.disconnect()

    def read_presses(self) -> None:
        """Put each line of standard input into the inbox."""
        for line in sys.stdin:
            self.inbox.put(("press", json.loads(line)))
        self.inbox.put(("end", None))

    def take(self, what: str, value: Any) -> None:
        """Take one thing from the inbox."""
        match what:
            case "press":
                was_idle = not self.pending()
                self.keep([value])
                say({"kept": self.seq})
                if was_idle:
                    self.send()
            case "connected":
                for topic in (f"{self.below}/ack/{self.node}", f"{self.below}/state/hub"):
                    self.client.subscribe(topic, qos=1)
                self.answered = False
                self.due_s |= {"birth": 0.0, "health": 0.0, "resend": float("inf")}
            case "message" if value.topic.endswith("/state/hub"):
                if not value.retain:
                    self.heard(json.loads(value.payload))
            case "message":
                self.acked(json.loads(value.payload))

    def do_due(self) -> None:
        """Send what time asks for."""
        now_s = time.monotonic()
        if self.due_s["birth"] <= now_s:
            self.publish("birth", self.birth(), retain=True)
            self.due_s["birth"] = now_s + 2.0
        if self.due_s["resend"] <= now_s:
            self.wait_s = min(RESEND_MAX_S, 2 * self.wait_s)
            self.send()
        if self.due_s["health"] <= now_s:
            self.publish("health", {"v": 1, "uptime_s": now_s, "outbox_depth": len(self.pending())})
            self.due_s["health"] = now_s + HEALTH_EVERY_S

    def keep(self, commands: list[Any], place: int = 0, result: Any = None) -> None:
        """Commit commands as rows, in one transaction with the result that led to them."""
        self.db.execute("BEGIN IMMEDIATE")
        if place:
            self.db.execute("UPDATE rows SET result = ? WHERE place = ?", (text(result), place))
        for command in commands:
            self.seq += 1
            row = (self.stream, self.seq, text(command), self.boot, time.monotonic())
            self.db.execute(
                "INSERT INTO rows (stream, seq, command, boot, made_s) VALUES (?, ?, ?, ?, ?)", row
            )
        self.db.execute("COMMIT")

    def pending(self) -> list[tuple[int, str, int, str, str, float]]:
        """Return the rows without a result, oldest first."""
        return self.db.execute(
            "SELECT place, stream, seq, command, boot, made_s FROM rows WHERE result IS NULL"
            " ORDER BY place"
        ).fetchall()

    def birth(self) -> dict[str, Any]:
        """Return who is here, what it will send, and what it holds."""
        first = next(iter(self.pending()), None)
        held = max(self.given(), key=lambda row: order(row[3]["gen"], row[3]["pos"]), default=None)
        return {
            "v": 1,
            "session": self.session,
            "online": True,
            "role": "kiosk",
            "version": "box",
            "boot": self.boot,
            "gen": self.gen,
            "stream": first[1] if first else self.stream,
            "first": first[2] if first else self.seq + 1,
            "held": {key: held[3][key] for key in ("gen", "pos", "seal")} if held else None,
        }

    def send(self) -> None:
        """Send the oldest stream's rows from its first, as many as one message and window hold."""
        rows = self.pending()
        if not (self.answered and rows):
            self.due_s["resend"] = float("inf")
            return
        _, stream, first, *_ = rows[0]
        commands: list[Any] = []
        size = ENVELOPE_BYTES
        for _, of, _, kept, boot, made_s in rows[: max(1, min(self.window, COMMANDS_MAX))]:
            age_ms = int((time.monotonic() - made_s) * 1000) if boot == self.boot else None
            command = {**json.loads(kept), "age_ms": age_ms}
            size += len(text(command).encode()) + 1
            if of != stream or (commands and size > UP_BYTES_MAX):
                break
            commands.append(command)
        up = {"v": 1, "stream": stream, "first": first, "from": first, "beat": self.beat}
        sent_ms = int(time.monotonic() * 1000)
        self.publish("up", {**up, "sent_ms": sent_ms, "commands": commands})
        self.due_s["resend"] = time.monotonic() + self.wait_s

    def heard(self, hub: dict[str, Any]) -> None:
        """Take a live heartbeat; after another start of the hub all is said again."""
        if not self.obeys(hub["gen"]):
            return
        if hub["start"] != self.hub_start:
            if self.hub_start:
                self.answered, self.due_s["birth"] = False, 0.0
            self.hub_start, self.beat = hub["start"], 0
        self.beat = max(self.beat, hub["beat"])

    def obeys(self, gen: str) -> bool:
        """Return whether the generation is not a lower one; note it on disk when it is another."""
        if order(gen, 0)[0] < order(self.gen, 0)[0]:
            return False
        if gen != self.gen:
            self.gen = gen
            self.db.execute("INSERT INTO obeyed VALUES (?)", (gen,))
        return True

    def acked(self, ack: dict[str, Any]) -> None:
        """Take results, or give back what the hub asks for."""
        if not self.obeys(ack["gen"]):
            return
        if ack.get("give") is not None:
            self.give(ack["give"])
            return
        if ack.get("owner"):
            # Of a disk that was another box's: its rows are never taken from this one.
            sql = "DELETE FROM rows WHERE stream = ? AND result IS NULL"
            self.db.execute(sql, (ack["stream"],))
        known = {(stream, seq): (place, row) for place, stream, seq, row, *_ in self.pending()}
        is_news = not self.answered or ack.get("want", 0) > 0
        self.answered, self.window = True, ack.get("window", COMMANDS_MAX)
        self.due_s["birth"] = float("inf")
        for result in ack.get("results", []):
            place, command = known.get((ack["stream"], result["seq"]), (0, ""))
            if not place:
                continue
            is_news, self.wait_s = True, RESEND_S
            self.keep(confirms(result), place, result)
            say({"command": json.loads(command), "result": result})
        if is_news:
            self.send()

    def given(self) -> list[tuple[str, int, Any, Any]]:
        """Return (stream, seq, command, result) of rows with a sealed result."""
        rows = self.db.execute("SELECT stream, seq, command, result FROM rows WHERE result NOTNULL")
        found = [(s, n, json.loads(command), json.loads(result)) for s, n, command, result in rows]
        return [row for row in found if row[3].get("seal")]

    def give(self, after: dict[str, Any]) -> None:
        """Answer one ask: rows of one stream behind that place, as many as a message holds."""
        asked = order(after.get("gen", ""), after.get("pos", 0))
        behind = sorted(self.given(), key=lambda row: order(row[3]["gen"], row[3]["pos"]))
        behind = [row for row in behind if order(row[3]["gen"], row[3]["pos"]) > asked]
        rows: list[Any] = []
        size, upto = ENVELOPE_BYTES, after
        for stream, seq, command, result in behind[:GIVEN_MAX]:
            row = {"seq": seq, "command": command, "result": result}
            size += len(text(row).encode()) + 1
            if stream != behind[0][0] or (rows and size > UP_BYTES_MAX):
                break
            rows.append(row)
            upto = {"gen": result["gen"], "pos": result["pos"]}
        stream = behind[0][0] if behind else self.stream
        answer = {"v": 1, "stream": stream, "give": rows, "after": after, "upto": upto}
        self.publish("up", {**answer, "given": len(rows) == len(behind)})

    def publish(self, kind: str, body: dict[str, Any], *, retain: bool = False) -> None:
        """Publish on one of its own topics."""
        qos = 0 if kind == "health" else 1
        self.client.publish(f"{self.below}/{kind}/{self.node}", text(body), qos, retain)


def confirms(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what to ask for once the tickets of a result are on paper."""
    return [
        {"type": "confirm_print", "ticket": event["ticket"], "number": event["number"]}
        for event in result.get("events", [])
        if event["type"] == "ticket_issued"
    ]


def say(line: dict[str, Any]) -> None:
    """Write a line to whoever started the box."""
    sys.stdout.write(text(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    Box(json.loads(Path(sys.argv[1]).read_text()), sys.argv[2], Path(sys.argv[3])).run()
