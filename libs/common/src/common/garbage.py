"""When the garbage collector rests."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collection_paused() -> Iterator[None]:
    """A block in which very many objects come to be, none of them garbage: the collector would go through all of them again and again.

    It rests meanwhile, for other tasks of the process too, and catches up afterwards. Of hearing a batch of events it took half the time.
    Blocks may overlap: whoever found the collector at work sets it to work again.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
