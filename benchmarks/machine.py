"""On what the figures were measured, and what each process of the stack holds in memory."""

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of one named process with its children in MiB: resident, and with shared pages counted by their share."""

    name: str
    resident_mib: float
    proportional_mib: float


def describe() -> str:
    """Return the machine in one line: cores, processor, memory, system and interpreter."""
    memory_gib = psutil.virtual_memory().total / 2**30
    cores = len(os.sched_getaffinity(0))
    return (
        f"{cores} cores of {_processor()}, {memory_gib:.0f} GiB, {platform.system()} {platform.release()},"
        f" {platform.python_implementation()} {platform.python_version()}, load {os.getloadavg()[0]:.1f} at the start"
    )


def memory_of(processes: Mapping[str, int]) -> list[Memory]:
    """Measure each process of `processes` (name → id), children included; one that has ended counts nothing."""
    return [_memory(name, process_id) for name, process_id in processes.items()]


def peak_mib(processes: Mapping[str, int]) -> dict[str, float]:
    """The most memory that each process of `processes` itself was ever resident in, in MiB; 0 where the system does not tell."""
    return {name: _peak_mib(process_id) for name, process_id in processes.items()}


def _peak_mib(process_id: int) -> float:
    try:
        status = Path(f"/proc/{process_id}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    return sum(float(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


def cpu_seconds(processes: Mapping[str, int]) -> dict[str, float]:
    """Processor time that each process of `processes` has taken so far, its children's included, in seconds."""
    return {name: _cpu_seconds(process_id) for name, process_id in processes.items()}


def _cpu_seconds(process_id: int) -> float:
    taken = 0.0
    try:
        process = psutil.Process(process_id)
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return taken
    for member in family:
        try:
            taken += sum(member.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue
    return taken


def _memory(name: str, process_id: int) -> Memory:
    resident = proportional = 0
    try:
        process = psutil.Process(process_id)
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return Memory(name, 0.0, 0.0)
    for member in family:
        try:
            held = member.memory_full_info()
        except psutil.NoSuchProcess:
            continue
        resident += held.rss
        proportional += held.pss
    return Memory(name, resident / 2**20, proportional / 2**20)


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
