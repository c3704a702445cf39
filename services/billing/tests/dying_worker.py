"""`python -m services.billing.tests.dying_worker <place>`: the worker, killing itself at a place of its work.

`<module>:<function>`: once that function has returned for the first time. `statement:<n>:before` and `statement:<n>:sent`: from the first
contract that it settles on, before its n-th statement, or when that has been sent and not been answered.
It sends itself SIGKILL: nothing is flushed, closed or said, as after a power cut.
"""

import asyncio
import os
import signal
import sys
from importlib import import_module
from typing import Any, cast

import asyncpg
from billing.main import main
from billing.service.invoicing import Invoicing


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
        die()

    setattr(owner, name, fatal)


def arrange_death_at_statement(left: int, *, sent: bool) -> None:
    """Make this process die before the statement before which `left` others have come, or when it has been sent."""
    use_cases, connections, counting = cast(Any, Invoicing), cast(Any, asyncpg.Connection), False
    settle, check_open = use_cases.settle, connections._check_open

    async def settle_and_count(*arguments: Any) -> Any:
        nonlocal counting
        counting = True
        return await settle(*arguments)

    def count(connection: Any) -> None:
        nonlocal left
        check_open(connection)
        if counting and left == 0 and sent:
            asyncio.get_running_loop().call_soon(die)
        elif counting and left == 0:
            die()
        left -= counting

    use_cases.settle = settle_and_count
    connections._check_open = count


def die() -> None:
    """At once."""
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    module, _, rest = sys.argv[1].partition(":")
    if module == "statement":
        number, _, when = rest.partition(":")
        arrange_death_at_statement(int(number), sent=when == "sent")
    else:
        arrange_death(sys.argv[1])
    sys.argv = ["billing", "work"]
    main()
