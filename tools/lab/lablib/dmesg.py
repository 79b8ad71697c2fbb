# SPDX-License-Identifier: GPL-2.0
"""Whether a guest's kernel complained: lines of its log that no good run has, less those of
the allow-list (tools/lab/dmesg-allow), each of which says why it is harmless."""

import os
import re

from lablib.util import LAB

BAD = re.compile(
    r'WARNING:|BUG:|\bOops\b|Call Trace:|Kernel panic|general protection fault|'
    r'unable to handle|INFO: (task|rcu|possible|trying)|rcu: INFO|soft lockup|hard LOCKUP|'
    r'possible (recursive|circular|irq)|inconsistent lock state|suspicious RCU|'
    r'UBSAN:|KASAN:|kmemleak:|refcount_t:|list_(add|del) corruption|'
    r'scheduling while atomic|sleeping function|I/O error|'
    r'NETDEV WATCHDOG|blocked for more than|disagrees about version|Unknown symbol|'
    r'(hv_vmbus|hv_storvsc|hv_netvsc|hid-hyperv|hyperv.keyboard|hv_utils|hv_balloon|hyperv)\b.*'
    r'(\berrors?\b|fail|unable|timed? ?out|invalid|corrupt|unexpected|unhandled)',
    re.IGNORECASE)


def allowed():
    """The regular expressions of the allow-list."""
    with open(os.path.join(LAB, 'dmesg-allow'), encoding='utf-8') as file:
        return [re.compile(line.rstrip('\n')) for line in file
                if line.strip() and not line.startswith('#')]


def complaints(*paths):
    """The lines of the logs @paths that should not be there, each once."""
    found = []
    exceptions = allowed()
    for path in paths:
        if not os.path.exists(path):
            continue
        with open(path, encoding='utf-8', errors='replace') as file:
            for line in file:
                line = re.sub(r'^<\d+>', '', line.strip())
                text = re.sub(r'^\[[^]]*\] *', '', line)
                if BAD.search(text) and not any(rule.search(text) for rule in exceptions) and \
                        line not in found:
                    found.append(line)
    return found
