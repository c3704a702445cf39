"""What ends a command: one sentence for the person at the terminal, and an exit code for whatever called it."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes; 2 is a command line that is not understood."""

    DONE = 0
    REFUSED_ROWS = 1
    NO_PLATFORM = 3
    NOT_ALLOWED = 4
    REFUSED = 5


class Failure(Exception):
    """A command cannot go on."""

    def __init__(self, sentence: str, code: Exit = Exit.REFUSED) -> None:
        """`sentence` says what went wrong and what to do."""
        super().__init__(sentence)
        self.code = code
