# SPDX-License-Identifier: GPL-2.0
"""The points of tests/bus/run: what each boots, and the report on them."""

import collections
import json
import os
import statistics
import subprocess

import dump

Point = collections.namedtuple('Point', 'name about script options programs python compared boots '
                                        'timeout words expected scratch splats built judge')


def point(name, about, script, options, programs=(), python=False, compared=False, boots=1,
          timeout=900, words=(), expected=None, scratch='', splats=None, built=(),
          judge=None):
    """A Point with what most of them have. @scratch: the size of a disk in a file, which is there
    after the guest. @expected: lines of the kernel log that the script brings about, and @splats
    those of a kernel that it has panic. @built: programs of ours, as FOLDER/NAME, from the C file
    of that name in tests/FOLDER/guest. @judge: what judges the scratch disk afterwards, as
    dump.judge() does; DUMP_MARK is what the script has the kernel log say for it."""
    return Point(name, about, script, options, programs, python, compared, boots, timeout, words,
                 expected, scratch, splats, built, judge)


# A panic on purpose, as Linux tells it; nothing else that looks like one.
PANIC = r'^(\[[^]]*\] *)?(Kernel panic - not syncing: sysrq triggered crash|Call Trace:)$'
SMALL = ('--cpus', '2', '--mem', '512M', '--disk', 'mem:64M', '--nic', 'user')

POINTS = (
    point('interfaces', 'sysfs, events, writes, trace points, lsvmbus: ours beside in-tree',
          'interfaces', ('--cpus', '4', '--mem', '512M', '--disk', 'mem:64M', '--nic', 'user',
                         '--host-arg', '--monitor=scsi'),
          python=True, compared=True, programs=('/usr/bin/python3',), built=('bus/listing',)),
    point('cpus', 'ROUNDS=2: processors go and come under traffic, channels are moved; 4 CPUs',
          'cpus', ('--cpus', '4', '--mem', '768M', '--disk', 'mem:64M', '--nic', 'user',
                   '--host-run', 'iperf3 -s -B 127.0.0.1'),
          programs=('fio', 'iperf3', 'ethtool'), timeout=1500),
    point('cpus16', 'ROUNDS=1: the same with 16 CPUs',
          'cpus', ('--cpus', '16', '--mem', '1G', '--disk', 'mem:64M', '--nic', 'user',
                   '--host-run', 'iperf3 -s -B 127.0.0.1'),
          programs=('fio', 'iperf3', 'ethtool'), timeout=2400, words=('ROUNDS=1',)),
    point('cycles', 'CYCLES=1000 BATCH=50 HASTE=500 MIXED=20: devices come and go',
          'cycles', SMALL, timeout=3600,
          # A device that goes while it is probed, a disk that goes while it is read; never the first.
          expected=r'probe (failed for|of) |I/O error(, dev| on dev) sd(?!a\b)'),
    point('reload', 'RELOADS=30: modules are unloaded and loaded, ours with the bus',
          'reload', SMALL, timeout=3600),
    point('scale', 'CHANNELS=2000 PARALLEL=200: many channels, time and memory',
          'scale', ('--unloaded', '--cpus', '4', '--mem', '1G', '--disk', 'mem:64M', '--nic',
                    'user'), timeout=1800),
    point('reboot', 'a restart under traffic, then a panic: crash registers, unload, reset',
          'reboot', ('--cpus', '2', '--mem', '512M', '--disk', 'mem:64M', '--nic', 'user',
                     '--host-arg', '--on-reset=reboot'), splats=PANIC),
    point('kexec', 'the kernel starts another one under traffic, twice',
          'kexec', ('--cpus', '2', '--mem', '768M', '--disk', 'mem:64M', '--nic', 'user'),
          built=('bus/nextkernel',)),
    point('kdump', 'a panic under traffic; the crash kernel writes the dump to the synthetic disk',
          'kdump', ('--cpus', '2', '--mem', '768M', '--nic', 'user', '--append',
                    'crashkernel=256M'), scratch='1G', splats=PANIC, built=('bus/nextkernel',),
          judge=dump.judge),
    point('s2idle', 'suspend to idle, and a key or the mouse that wakes', 's2idle', SMALL),
    point('hibernate', 'suspend to disk with the image on the synthetic disk, power off, resume',
          # The host that comes after is another process, and has the NIC with the same address.
          'hibernate', ('--cpus', '2', '--mem', '512M', '--nic', 'user,mac=00:15:5d:00:4b:01',
                        '--again', '1'),
          programs=('sfdisk',), scratch='1G'),
    point('input', 'ROUNDS=3 SLEEP=1: keys, text, mice of any descriptor, unplugged while read, waking',
          'input', SMALL, built=('e2e/evwatch', 'bus/inputs'), timeout=1200),
    point('startup', 'from the load of the bus until disk, NIC and input can be used',
          'startup', ('--unloaded', '--append', 'initcall_debug log_buf_len=1M', *SMALL), boots=3),
)


def python_files():
    """The files of Python's library that lsvmbus needs, by asking Python."""
    said = subprocess.run(
        ['/usr/bin/python3', '-S', '-c', 'import sys, os, optparse, gettext, locale, re, textwrap, '
         'encodings.utf_8, encodings.ascii, encodings.latin_1, encodings.idna, runpy, site\n'
         'for each in list(sys.modules.values()):\n'
         '    path = getattr(each, "__file__", None)\n'
         '    if path and path.endswith(".py"): print(path)'],
        stdout=subprocess.PIPE, text=True, check=True).stdout
    return sorted(set(said.split()))


def _median(values):
    try:
        return f'{statistics.median(float(value) for value in values):g}'
    except ValueError:
        return values[-1]


def report(where, results):
    """report.json, and report.md: a table of the points and one of the figures."""
    with open(os.path.join(where, 'report.json'), 'w', encoding='utf-8') as file:
        json.dump(results, file, indent=1)
    lines = ['| row | result | seconds |', '|---|---|---|']
    found = {}
    for result in results:
        lines.append(f'| {result["row"]} | {len(result["passed"])} passed, '
                     f'{len(result["failed"])} failed | {result["seconds"]} |')
        for name, (value, unit) in result['figures'].items():
            key = (result['point'], result['kernel'], name, unit)
            found.setdefault(key, {}).setdefault(result['drivers'], []).append(value)
    lines += ['', '| point | kernel | figure | in-tree | ours | boots |',
              '|---|---|---|---|---|---|']
    for (name, kernel, figure, unit), values in found.items():
        cells = [_median(values[drivers]) if drivers in values else '-'
                 for drivers in ('intree', 'ours')]
        boots = max(len(value) for value in values.values())
        lines.append(f'| {name} | {kernel} | {figure}, {unit} | {cells[0]} | {cells[1]} '
                     f'| {boots} |')
    with open(os.path.join(where, 'report.md'), 'w', encoding='utf-8') as file:
        file.write('\n'.join(lines) + '\n')
