"""What of the stack runs, where, and what it takes."""

import psutil
from rich.table import Table

from local_stack.servers import LocalServer
from local_stack.stack import Stack


def table(stack: Stack) -> Table:
    """One line per part: state, port, process id, memory (resident, its children included)."""
    result = Table("part", "state", "port", "process", "memory", box=None)
    for part in stack.parts:
        memory = memory_mb(part)
        state = "ready" if part.is_ready else "starting" if part.is_running else "stopped"
        result.add_row(part.name, state, str(part.port), str(part.pid or ""), f"{memory:.0f} MB" if memory else "")
    return result


def memory_mb(part: LocalServer) -> float:
    """Memory of a part in MB (10^6 bytes): its own pages plus its share of common ones; 0 when stopped."""
    if part.pid is None:
        return 0.0
    total = 0
    try:
        process = psutil.Process(part.pid)
        for member in [process, *process.children(recursive=True)]:
            total += member.memory_full_info().pss
    except psutil.NoSuchProcess:
        pass  # it ended meanwhile: what was counted so far is the best answer
    return total / 1e6
