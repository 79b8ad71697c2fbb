# SPDX-License-Identifier: GPL-2.0
"""Whether a guest's kernel complained: lines of its log that no good run has, less those of
the allow-list (tools/lab/dmesg-allow), each of which says why it is harmless."""

import os
import re

from lablib.util import LAB

# The kernel's complaints about itself.
SPLAT = (
    r'WARNING:|\bBUG:|\bOops\b|Call Trace:|Kernel panic|general protection fault|'
    r'unable to handle|INFO: (task|rcu|possible|trying)|rcu: INFO|soft lockup|hard LOCKUP|'
    r'possible (recursive|circular|irq)|inconsistent lock state|suspicious RCU|'
    r'UBSAN:|KASAN:|KFENCE:|kmemleak:|refcount_t:|list_(add|del) corruption|'
    r'scheduling while atomic|sleeping function|blocked for more than|stack segment|'
    r'double fault|invalid opcode|divide error|kernel tried to execute|DMA-API:')
# And what a driver says when something is wrong, which it may when its host lies.
BAD = (
    r'I/O error|NETDEV WATCHDOG|disagrees about version|Unknown symbol|'
    r'(hv_vmbus|hv_storvsc|hv_netvsc|hid-hyperv|hyperv.keyboard|hv_utils|hv_balloon|hyperv)\b.*'
    r'(\berrors?\b|fail|unable|timed? ?out|invalid|corrupt|unexpected|unhandled)')


def allowed():
    """The regular expressions of the allow-list."""
    with open(os.path.join(LAB, 'dmesg-allow'), encoding='utf-8') as file:
        return [re.compile(line.rstrip('\n')) for line in file
                if line.strip() and not line.startswith('#')]


def splats(*paths):
    """The lines of the logs @paths that no kernel should write, each once."""
    return _matching(SPLAT, _lines(paths))


def splats_in(lines):
    """The same of @lines."""
    return _matching(SPLAT, lines)


def complaints(*paths):
    """The lines of the logs @paths that no good run has, each once."""
    return _matching(f'{SPLAT}|{BAD}', _lines(paths))


def _lines(paths):
    for path in paths:
        if os.path.exists(path):
            with open(path, encoding='utf-8', errors='replace') as file:
                yield from file


def _matching(pattern, lines):
    pattern = re.compile(pattern, re.IGNORECASE)
    found = []
    exceptions = allowed()
    for line in lines:
        line = re.sub(r'^<\d+>', '', line.strip())
        text = re.sub(r'^\[[^]]*\] *', '', line)
        if pattern.search(text) and not any(rule.search(text) for rule in exceptions) and \
                line not in found:
            found.append(line)
    return found
