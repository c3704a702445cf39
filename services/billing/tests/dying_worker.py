"""`python -m services.billing.tests.dying_worker <module>:<function>`: the worker, killing itself once that function has returned.

It sends itself SIGKILL: nothing is flushed, closed or said, as after a power cut.
"""

import os
import signal
import sys
from importlib import import_module
from typing import Any

from billing.main import main


def arrange_death(place: str) -> None:
    """Make this process die at the end of the first call of `place`, `module:function` or `module:Class.method`."""
    module, _, path = place.partition(":")
    owner: Any = import_module(module)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    original = getattr(owner, name)

    async def fatal(*arguments: Any) -> Any:
        await original(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, fatal)


if __name__ == "__main__":
    arrange_death(sys.argv[1])
    sys.argv = ["billing", "work"]
    main()
