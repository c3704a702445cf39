"""Where the local stack keeps its things, and on which ports its parts listen."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from local_stack.cache import CHECKOUT
from local_stack.ports import LOOPBACK

DEFAULT_PORT = 8080
LAST_OFFSET = 20
SERVICES = ("inventory", "factors", "footprint", "scenarios", "billing")


class StackError(Exception):
    """The stack cannot do what was asked; the message is for the person at the terminal and says what to do."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The folder of one stack's state and the port of its edge, from which every other port follows."""

    folder: Path
    port: int

    @classmethod
    def of_checkout(cls) -> Self:
        """`.local` of this checkout, on CONSTELLATION_PORT (8080 when unset). Raises StackError for no port number."""
        text = os.environ.get("CONSTELLATION_PORT") or str(DEFAULT_PORT)
        if not (text.isascii() and text.isdecimal()) or not 1024 <= int(text) <= 65535 - LAST_OFFSET:
            raise StackError(f"CONSTELLATION_PORT is {text!r}: give a port from 1024 to {65535 - LAST_OFFSET}.")
        return cls(CHECKOUT / ".local", int(text))

    @classmethod
    def last_used(cls) -> Self:
        """The same folder, on the ports where it was last brought up."""
        chosen = cls.of_checkout()
        return cls(chosen.folder, chosen.recorded_port or chosen.port)

    @property
    def recorded_port(self) -> int | None:
        """The port that the folder's stack was last brought up on; None before the first time."""
        try:
            return int((self.folder / "port").read_text())
        except (OSError, ValueError):
            return None

    def record_port(self) -> None:
        """Note where the folder's stack is about to be brought up."""
        (self.folder / "port").write_text(str(self.port))

    @property
    def base_url(self) -> str:
        """The edge."""
        return f"http://{LOOPBACK}:{self.port}"

    def service_port(self, service: str) -> int:
        """The port of a service: the first after the edge, and so on."""
        return self.port + 1 + SERVICES.index(service)

    def service_url(self, service: str) -> str:
        """A service's own address, without the edge."""
        return f"http://{LOOPBACK}:{self.service_port(service)}"

    @property
    def kafka_port(self) -> int:
        """Where clients find Kafka."""
        return self.port + 12

    @property
    def controller_port(self) -> int:
        """Where Kafka's controller listens, for Kafka itself."""
        return self.port + 13

    @property
    def postgres_port(self) -> int:
        """Where PostgreSQL listens."""
        return self.port + LAST_OFFSET

    @property
    def logs(self) -> Path:
        """The folder with one log file per process."""
        return self.folder / "logs"

    def log(self, part: str) -> Path:
        """The log file of one process."""
        return self.logs / f"{part}.log"

    def state(self, part: str) -> Path:
        """The folder where one part keeps its data and the record of its process."""
        return self.folder / "state" / part

    @property
    def stack_file(self) -> Path:
        """The description that clients of a running stack read: address, token, services."""
        return self.folder / "stack.json"

    @property
    def keys(self) -> Path:
        """The folder of the signing key and of the passwords."""
        return self.folder / "keys"

    @property
    def jwks(self) -> Path:
        """The public half of the signing key, as services read it."""
        return self.keys / "jwks.json"
