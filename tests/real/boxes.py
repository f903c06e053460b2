"""Strangers' button boxes (`box.py`) on a hall of real processes, and what they were told."""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.stage import HALL, Stage, stage
from tests.real.hall import Records, until
from tests.real.oracle import Kept

PROGRAM = Path(__file__).with_name("box.py")


def hall_file(folder: Path, *, boxes: int, nodes: tuple[str, ...]) -> Path:
    """Write the demo's hall with these nodes alone, and kiosks `box-1` and on that aren't ours."""
    head, *blocks = HALL.read_text().split("[[node]]")
    here = [f'id = "{node}"' for node in ("hub", "web", *nodes)]
    kept = ["[[node]]" + block for block in blocks if block.split("\n")[1] in here]
    kept += [
        f'[[node]]\nid = "box-{n}"\nrole = "kiosk"\naddress = "127.0.0.1"\n'
        f'offline = "X{n}"\nbuttons = {{ A = 17, B = 5, C = 6, D = 12 }}\n'
        for n in range(1, boxes + 1)
    ]
    path = folder / "hall.toml"
    path.write_text(head + "".join(kept))
    return path


class Box:
    """One box's process; killed and started again it goes on with the same disk."""

    def __init__(self, on: Stage, node: str) -> None:
        self.node = node
        self._argv = [sys.executable, str(PROGRAM), str(on.data / node / "link.json"), "demo"]
        self._argv.append(str(on.data / node / "box.db"))
        self.told: list[dict[str, Any]] = []
        self.start()

    def start(self) -> None:
        """Start it, or start it again."""
        self.program = subprocess.Popen(
            self._argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        assert self.program.stdout is not None
        for line in self.program.stdout:
            self.told.append(json.loads(line))

    def press(self, *services: str) -> None:
        """Ask for the tickets of one visit."""
        assert self.program.stdin is not None
        self.program.stdin.write(json.dumps({"type": "issue", "services": services}) + "\n")
        self.program.stdin.flush()

    def until_kept(self, presses: int) -> None:
        """Wait until so many presses are on its disk."""
        until(lambda: sum("kept" in line for line in self.told) >= presses, "kept by the box")

    def tickets(self) -> dict[str, str]:
        """Return the number of each ticket it was told of."""
        results = [line["result"] for line in self.told if "result" in line]
        events = [event for result in results for event in result.get("events", [])]
        return {e["ticket"]: e["number"] for e in events if e["type"] == "ticket_issued"}

    def refusals(self) -> list[str]:
        """Return how its commands were refused."""
        results = [line["result"] for line in self.told if "result" in line]
        return [result["refusal"] for result in results if result.get("refusal")]

    def kill(self) -> None:
        """Kill -9."""
        self.program.kill()
        self._end()

    def end(self) -> None:
        """Close its standard input: it ends once every row has its result."""
        assert self.program.stdin is not None
        self.program.stdin.close()
        assert self.program.wait(20) == 0
        self._end()

    def _end(self) -> None:
        self.program.wait()
        self._thread.join(5)
        for pipe in (self.program.stdin, self.program.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


class Hall(Records):
    """A stage as a hall: boxes, presses, kill -9, records."""

    def __init__(self, on: Stage) -> None:
        super().__init__(on.data)
        self.stage = on
        self.boxes: list[Box] = []

    def box(self, number: int = 1) -> Box:
        """Start box `number`."""
        self.boxes.append(Box(self.stage, f"box-{number}"))
        return self.boxes[-1]

    def outbox(self, node: str) -> list[Kept]:
        """Return a node's or a box's rows: both have a table of them."""
        disk = self.data / node / "box.db"
        return self.rows(disk) if disk.exists() else super().outbox(node)

    def kill(self, name: str) -> None:
        """Kill -9 a process of ours."""
        process = self.stage.processes.pop(name)
        process.program.kill()
        process.stop()

    def events(self, type_: str) -> list[dict[str, Any]]:
        """Return the journal's events of this type, in order."""
        return [e for row in self.journal() for e in row.events if e["type"] == type_]


@contextlib.contextmanager
def hall(*, boxes: int = 0, nodes: tuple[str, ...] = ()) -> Iterator[Hall]:
    """Run broker, hub and these nodes for the block; boxes are started in it."""
    with contextlib.ExitStack() as stack:
        on = stack.enter_context(stage())
        on.hall = hall_file(on.data, boxes=boxes, nodes=nodes)
        on.start_hall(nodes=nodes)
        running = Hall(on)
        try:
            yield running
        finally:
            for box in running.boxes:
                box.kill()
