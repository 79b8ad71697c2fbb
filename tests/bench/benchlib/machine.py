# SPDX-License-Identifier: GPL-2.0
"""The machine that a benchmark ran on, and what else it had to do meanwhile."""

import os
import re
import subprocess

from lablib.machine import kvm_usable


def _ticks():
    """Ticks of all processors since the machine began: (all, those that were not idle, those of
    the latter that the machine around took)."""
    with open('/proc/stat', encoding='ascii') as file:
        ticks = [int(word) for word in file.readline().split()[1:9]]
    return sum(ticks), sum(ticks) - ticks[3] - ticks[4], ticks[7]


def about():
    """What is known before."""
    with open('/proc/cpuinfo', encoding='ascii', errors='replace') as file:
        model = re.search(r'^model name\s*:\s*(.*)$', file.read(), re.MULTILINE)
    qemu = subprocess.run(['qemu-system-x86_64', '--version'], stdout=subprocess.PIPE, text=True,
                          check=False)
    version = re.search(r'version (\S+)', qemu.stdout)
    return {'processor': model.group(1) if model else 'unknown', 'cpus': os.cpu_count(),
            'emulated': not kvm_usable(), 'qemu': version.group(1) if version else 'unknown',
            'load_before': round(os.getloadavg()[0], 2), 'ticks': _ticks()}


def after(known):
    """With what the run itself saw: how much of all processors was in use, and was stolen."""
    total, busy, stolen = (now - then for now, then in zip(_ticks(), known.pop('ticks')))
    known['busy'] = round(busy / total, 3) if total else 0
    known['stolen'] = round(stolen / total, 3) if total else 0
    known['load_after'] = round(os.getloadavg()[0], 2)
    return known
