#!/bin/sh
# Makes .venv ready, with nothing but a Python on PATH; quick when it is ready already.
set -eu
here=$(dirname "$0")
for candidate in ${PYTHON:-} python3.11 python3.12 python3.13 python3.14 python3 python; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; then
        exec "$candidate" "$here/src/local_stack/environment.py"
    fi
done
echo "Constellation needs Python 3.11 to 3.14 on PATH: install python3.11 (with its venv module) and try again." >&2
exit 1
