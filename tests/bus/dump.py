# SPDX-License-Identifier: GPL-2.0
"""What kdump left on the guest's disk, judged outside of the guest: an ELF core of the kernel that
panicked, with its notes and its memory."""

import mmap
import re
import subprocess


def _notes(path):
    """What readelf says of the notes of the core."""
    return subprocess.run(['readelf', '-n', '-l', path], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors='replace',
                          check=False).stdout


def _segments(said):
    """[(physical address, bytes)] of what the core loads."""
    return [(int(address, 16), int(size, 16)) for address, size in re.findall(
        r'^ +LOAD +0x[0-9a-f]+ 0x[0-9a-f]+ (0x[0-9a-f]+)\s+(0x[0-9a-f]+) ', said, re.MULTILINE)]


def judge(path, text, release, memory, mark):
    """([passed], [failed]) of the dump at the start of the disk @path: of @release, which has
    @memory bytes, and in whose log @mark is. @text is what the guest printed."""
    told = re.search(r'^DUMP (\d+)$', text, re.MULTILINE)
    if not told:
        return [], ['kdump: the guest wrote no dump']
    said = _notes(path)
    segments = _segments(said)
    with open(path, 'rb') as file, \
            mmap.mmap(file.fileno(), int(told.group(1)), access=mmap.ACCESS_READ) as data:
        facts = {
            'the disk has an ELF core of x86-64': data[:5] == b'\x7fELF\x02' and
            data[16:20] == b'\x04\0\x3e\0',
            'readelf finds the state of two processors': said.count('NT_PRSTATUS') == 2,
            'readelf finds VMCOREINFO': 'VMCOREINFO' in said,
            f'VMCOREINFO is of {release}': data.find(f'OSRELEASE={release}\n'.encode()) > 0,
            'VMCOREINFO has the time of the crash': re.search(rb'\nCRASHTIME=[1-9]', data),
            'the core has most of the memory': sum(size for _, size in segments) > memory // 2,
            'what was said before the panic is in it': data.find(f'kdump: {mark}'.encode()) > 0,
            'the panic is in it': data.find(b'Kernel panic - not syncing: sysrq') > 0,
        }
    passed = [f'kdump: {what}' for what, true in facts.items() if true]
    return passed, [f'kdump: {what}: not so' for what, true in facts.items() if not true]
