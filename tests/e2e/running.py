"""A whole local stack for the end-to-end tests, and clients of it."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local_stack import tokens
from local_stack.layout import LAST_OFFSET, Layout
from local_stack.ports import free_port
from local_stack.programs import Program
from local_stack.stack import Stack as LocalStack

from examples.platform import Platform, Stack
from tests.support.traces import TraceReceiver, receive_traces

MONTH = "2026-10"
"""The month whose dashboard the tests look at: the example's last whole one on the day of its newest change."""


@dataclass(frozen=True)
class Running:
    """A stack that runs, its description, and the spans that its services export."""

    local: LocalStack
    layout: Layout
    stack: Stack
    traces: TraceReceiver

    def platform(self, organisations: Sequence[str] = ("*",), scopes: Sequence[str] = tokens.EVERY_SCOPE) -> Platform:
        """A client at the edge whose token names `organisations` and `scopes`."""
        return Platform(self.stack.base_url, tokens.mint(self.layout, organisations, scopes))

    def own_asset(self, org: str) -> Mapping[str, str]:
        """A server of an organisation of its own, ready to be sent: what one test changes no other looks at."""
        with self.platform() as platform:
            platform.ensure("/inventory/v1/organizations", {"id": org, "name": org, "role": "customer"})
        return {"source": "tests", "external_id": "server-1", "org": org, "kind": "server"}

    def service(self, name: str) -> Program:
        """The process of one service."""
        return next(service for service in self.local.services if service.name == name)


@contextmanager
def running_stack(folder: Path) -> Iterator[Running]:
    """Start a stack in `folder` on free ports; nothing of it is left at the end."""
    layout = Layout(folder, free_port(LAST_OFFSET))
    with receive_traces() as traces:
        exported = {"OTEL_EXPORTER_OTLP_ENDPOINT": traces.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "200"}
        local = LocalStack(layout, {**os.environ, **exported}, detached=False)
        local.up()
        try:
            yield Running(local, layout, Stack.read(layout.stack_file), traces)
        finally:
            local.down()
