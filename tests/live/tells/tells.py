#!/usr/bin/env python3
"""Looks for a sandbox as malware does: run in a box by tests/cli/tells.sh.

Each row of the other files asks one thing. It gives None where the machine says what a developer's
laptop says, and otherwise what it says instead. Printed: "fine NAME", "tell NAME: WHAT", or
"left NAME: WHY" where the machine has not what the row needs; then "secret DIGEST" for each secret.
"""
import hashlib
import sys

import machine  # each adds its rows to the table, in this order
import process
import files
import network
import tokens
import clocks
from look import Left, ROWS, text_of


def main():
    for name, look in ROWS:
        try:
            what = look()
            print(f"tell {name}: {' '.join(str(what).split())[:200]}" if what else f"fine {name}")
        except Left as why:
            print(f"left {name}: {why}")
        sys.stdout.flush()
    secrets = {secret for _, secret in tokens.all_of(tokens.SECRET)}
    for secret in sorted(secrets | {text_of("/etc/machine-id").encode(),
                                    text_of("/proc/sys/kernel/random/boot_id").encode()}):
        print(f"secret {hashlib.sha256(secret).hexdigest()}")


if __name__ == "__main__":
    main()
