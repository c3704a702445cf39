"""Running a command as an account without rights: PostgreSQL refuses to run as root."""

import os
import pwd
import shutil
from pathlib import Path

ACCOUNT = "nobody"
# Lets the account pass through directories of which only root may (a checkout below /root): linux/capability.h.
CAP_DAC_OVERRIDE = 1


def needed() -> bool:
    """Whether this process is root, so that the commands below do something."""
    return os.geteuid() == 0


def prefix() -> list[str]:
    """What to put before a command line so that it runs without root's rights; empty when this process has none.

    Raises RuntimeError when the `setpriv` tool of util-linux, which does it, is missing.
    """
    if not needed():
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise RuntimeError("PostgreSQL refuses to run as root: install util-linux (setpriv) or use another account")
    account = pwd.getpwnam(ACCOUNT)
    command = [setpriv, f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    if _has_capability(CAP_DAC_OVERRIDE):
        command += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return [*command, "--"]


def give(path: Path) -> None:
    """Make the account the owner of a file or directory when this process is root."""
    if needed():
        account = pwd.getpwnam(ACCOUNT)
        os.chown(path, account.pw_uid, account.pw_gid)


def _has_capability(number: int) -> bool:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> number & 1)
    return False
