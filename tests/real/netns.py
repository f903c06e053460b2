"""A hall over a cable that can be bad: hub and broker in one network namespace, nodes in another.

The cable is a pair of veth. This needs root; no netem: loss is nftables' `numgen`, a slow line is
the token bucket of `tc`, a silent cut drops every packet and closes nothing.
"""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import find_part
from tests.real.chaos_hall import Build, ChaosHall, ask
from tests.real.hall import until

HERE, THERE = "10.77.99.1", "10.77.99.2"
NODES = ("kiosk-1", "loket-4")


def run(*command: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a tool of the system."""
    program = find_part(command[0])
    assert program is not None
    return subprocess.run(
        [program, *command[1:]], input=stdin, capture_output=True, text=True, check=check
    )


class Cable:
    """Two namespaces and what joins them."""

    def __init__(self) -> None:
        self.hub, self.nodes = (f"loket-{name}-{os.getpid()}" for name in ("hub", "nodes"))

    def lay(self) -> None:
        """Make it; skip the test where that is not allowed."""
        made = run("ip", "netns", "add", self.hub, check=False)
        if made.returncode:
            pytest.skip(f"no network namespace can be made here (root may): {made.stderr.strip()}")
        run("ip", "netns", "add", self.nodes)
        run(
            "ip",
            "-n",
            self.hub,
            *["link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns"],
            self.nodes,
        )
        for namespace, address in ((self.hub, HERE), (self.nodes, THERE)):
            run("ip", "-n", namespace, "addr", "add", f"{address}/24", "dev", "eth0")
            run("ip", "-n", namespace, "link", "set", "lo", "up")
            run("ip", "-n", namespace, "link", "set", "eth0", "up")

    def take_up(self) -> None:
        """Remove it."""
        for namespace in (self.hub, self.nodes):
            run("ip", "netns", "del", namespace, check=False)

    @contextlib.contextmanager
    def pulled(self) -> Iterator[None]:
        """Pull the plug for the block."""
        run("ip", "-n", self.nodes, "link", "set", "eth0", "down")
        try:
            yield
        finally:
            run("ip", "-n", self.nodes, "link", "set", "eth0", "up")

    @contextlib.contextmanager
    def dropping(self, percent: int) -> Iterator[None]:
        """Lose so many of the packets, both ways, for the block; 100 is a silent cut.

        Where they arrive: a sender whose own kernel drops its packets is told so.
        """
        drop = "drop" if percent == 100 else f"numgen random mod 100 < {percent} drop"
        # Over the cable only: the hub reaches its broker in its own namespace.
        rules = (
            "table ip loss {\n chain arriving {\n  type filter hook input priority 0;\n"
            f'  iifname "eth0" {drop}\n }}\n}}\n'
        )
        for namespace in (self.hub, self.nodes):
            self._nft(namespace, rules)
        try:
            yield
        finally:
            for namespace in (self.hub, self.nodes):
                self._nft(namespace, "delete table ip loss\n")

    @staticmethod
    def _nft(namespace: str, rules: str) -> None:
        nft = find_part("nft")
        assert nft is not None
        run("ip", "netns", "exec", namespace, nft, "-f", "-", stdin=rules)

    @contextlib.contextmanager
    def slow(self, rate: str) -> Iterator[None]:
        """Let no more through than this, for the block."""
        bucket = ("root", "tbf", "rate", rate, "burst", "4kb", "latency", "400ms")
        for namespace in (self.hub, self.nodes):
            run("tc", "-n", namespace, "qdisc", "add", "dev", "eth0", *bucket)
        try:
            yield
        finally:
            for namespace in (self.hub, self.nodes):
                run("tc", "-n", namespace, "qdisc", "del", "dev", "eth0", "root")


class CabledHall(ChaosHall):
    """Broker and hub at one end of a cable, a kiosk and a counter at the other."""

    def __init__(self, folder: Path, cable: Cable) -> None:
        super().__init__(folder, kiosks=1, build=Build(), is_loopback=False)
        self.nodes = list(NODES)
        self.counters = [NODES[1]]
        hall = folder / "hall.toml"
        text = hall.read_text("utf-8")
        for old, new in (
            ('addresses = ["127.0.0.1"]', f'addresses = ["{HERE}"]'),
            ('host = "server"\naddress = "127.0.0.1"', f'host = "server"\naddress = "{HERE}"'),
            ('kind = "embedded"', 'kind = "mosquitto"'),
        ):
            assert old in text
            text = text.replace(old, new)
        hall.write_text(text, "utf-8")
        self.processes = {name: self.processes[name] for name in ("broker", "hub", *NODES)}
        for name, process in self.processes.items():
            process.run_in(cable.nodes if name in NODES else cable.hub)

    def start(self) -> None:
        """Start all of it."""
        self.processes["broker"].start()
        until(lambda: "mosquitto serves" in self.log("broker").read_text("utf-8"), "the broker")
        for name in ("hub", *NODES):
            self.processes[name].start()
        for node in NODES:
            until(lambda n=node: self.panel(n).get("hub") == "heard", f"{node} hears the hub")

    def panel(self, node: str) -> dict[str, object]:
        """Return what a node's panel shows."""
        return ask(self.data / node, {"get": "panel"})


@contextlib.contextmanager
def cabled_hall(folder: Path) -> Iterator[tuple[CabledHall, Cable]]:
    """Run one for the block."""
    cable = Cable()
    cable.lay()
    try:
        hall = CabledHall(folder, cable)
        try:
            hall.start()
            yield hall, cable
        finally:
            hall.stop()
    finally:
        cable.take_up()
