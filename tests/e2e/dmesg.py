# SPDX-License-Identifier: GPL-2.0
"""What a clean kernel log does not have. Used on the log of every guest that a test boots."""

import re

# Anything that the kernel says when it, or a driver, is in trouble.
BAD = re.compile(r'''
    \bWARNING:|\bBUG:|\bOops\b|Call\ Trace|Kernel\ panic|general\ protection|
    \bINFO:.*(lockdep|possible|suspicious|blocked\ for\ more|stall)|
    (soft|hard)\ lockup|rcu.*(stall|starved)|\b(KASAN|UBSAN|KCSAN)\b|refcount_t|
    unregister_netdevice:\ waiting|tasklet.*stuck|NETDEV\ WATCHDOG|
    (I/O|Buffer\ I/O|EXT4-fs)\ error|Medium\ Error|page\ allocation\ failure|
    (hv_|hyperv|hyper-v|vmbus|storvsc|netvsc).*
        \b(error|fail(ed|ure|s)?|invalid|timed?[ -]?out|unable|cannot|dropped|unexpected|bad)\b
    ''', re.VERBOSE | re.IGNORECASE)

# Lines that match and are ordinary, each with its reason.
ALLOWED = (
    # An out-of-tree module without a key that this kernel knows.
    re.compile(r'module verification failed: signature and/or required key missing'),
    # Sense data of the deliberate read past the end and of the unknown operation (disk.sh).
    re.compile(r'sd[a-z]+.*(Illegal Request|Invalid command operation code|'
               r'Logical block address out of range)'),
    re.compile(r'I/O error, dev sd[a-z]+.* op 0x0:\(READ\)'),
    # Without PCI there is no graphics adapter and no legacy framebuffer to find.
    re.compile(r'hyperv_drm|hyperv_fb'),
)


def problems(text):
    """Lines of a kernel log that a clean run does not have."""
    return [line for line in text.splitlines()
            if BAD.search(line) and not any(ok.search(line) for ok in ALLOWED)]
