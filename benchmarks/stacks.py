"""The stack that is measured: one of its own in a scratch folder, or one that runs already."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from local_stack.layout import Layout
from local_stack.stack import Stack as LocalStack

from examples.platform import Stack


@contextmanager
def own_stack(port: int) -> Iterator[tuple[Stack, Mapping[str, int]]]:
    """Start a fresh stack on `port` and the ports after it, and remove it with its data at the end.

    Yields what clients need to know of it, and the process id of each of its parts.
    Raises `local_stack.layout.StackError` when it does not come up.
    """
    with TemporaryDirectory(prefix="constellation-benchmark-") as folder:
        layout = Layout(Path(folder), port)
        # The load comes from one client, whose rate limit is not what is measured.
        local = LocalStack(layout, {**os.environ, "CONSTELLATION_RATE_LIMIT": "1000000/second"}, detached=False)
        local.up()
        try:
            processes = {part.name: part.pid for part in local.parts if part.pid is not None}
            yield Stack.read(layout.stack_file), processes
        finally:
            local.down()
