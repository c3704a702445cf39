"""Keeps a server on a leash: it lives no longer than the process that started it.

Run as a script, `python supervisor.py COMMAND…`: starts the command, prints its process id, and then waits for the end
of its own standard input. The starting process holds the other end of that pipe, so however it ends (even by SIGKILL)
the kernel closes the pipe and the command is killed. Standard library only, so that it starts in milliseconds.
"""

import os
import subprocess
import sys
import threading


def main() -> None:
    """Start the command given as arguments and kill it when standard input ends; ends with it otherwise."""
    server = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=sys.stderr, start_new_session=True)
    print(server.pid, flush=True)

    def end_with_the_server() -> None:
        server.wait()
        os._exit(0)

    threading.Thread(target=end_with_the_server, daemon=True).start()
    sys.stdin.buffer.read()
    server.kill()
    server.wait()


if __name__ == "__main__":
    main()
