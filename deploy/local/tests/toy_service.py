#!/usr/bin/env python
"""A stand-in for a service in the tests of the stack: `migrate` ends well, `all` answers HTTP until it is ended.

With TOY_CRASHES set to its name it ends at once instead; while the file TOY_HANGS names exists it is not ready.
"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Handler(BaseHTTPRequestHandler):
    """Answers every path with what it was asked, in good order or, while it hangs, as 503."""

    def do_GET(self) -> None:
        ready = not Path(os.environ.get("TOY_HANGS", "/absent")).exists()
        body = json.dumps({"service": NAME, "path": self.path}).encode()
        self.send_response(200 if ready else 503)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Silence."""


NAME = Path(sys.argv[0]).name
if sys.argv[1] == "all":
    if os.environ.get("TOY_CRASHES") == NAME:
        raise SystemExit(f"{NAME} cannot go on: its purse is empty")
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["CONSTELLATION_PORT"])), Handler).serve_forever()
