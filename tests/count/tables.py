# SPDX-License-Identifier: GPL-2.0
"""Tests of lablib/count.py on counts and tables written by hand: (name, what is wrong) of each."""

import io
import os
import sys
import tarfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, 'tools', 'lab'))

from lablib import count                # noqa: E402
from lablib.util import LabError        # noqa: E402

SYMBOLS = '''ffffffff81000000 T _stext
ffffffff81000000 T startup_64
ffffffff81000100 t helper
ffffffff81000100 T do_thing
ffffffff81000200 T last
ffffffff81000300 T _etext
ffffffff82000000 T _sinittext
ffffffff82000000 t init_thing
ffffffff82000080 T _einittext
ffffffffc0001000 t storvsc_queuecommand\t[hv_storvsc]
ffffffffc0001400 t storvsc_done\t[hv_storvsc]
ffffffffc0008000 t vmbus_isr\t[hv_vmbus]
'''
MODULES = 'hv_storvsc 8192 ffffffffc0001000\nhv_vmbus 4096 ffffffffc0008000\n'
# address: where it is
PLACES = {
    0xffffffff80ffffff: ('(unknown)', '(unknown)'),
    0xffffffff81000000: ('kernel', 'startup_64'),
    0xffffffff810000ff: ('kernel', 'startup_64'),
    0xffffffff81000100: ('kernel', 'do_thing'),
    0xffffffff810002ff: ('kernel', 'last'),
    0xffffffff81000300: ('(unknown)', '(unknown)'),
    0xffffffff82000040: ('kernel', 'init_thing'),
    0xffffffff82000080: ('(unknown)', '(unknown)'),
    0xffffffffc0001000: ('hv_storvsc', 'storvsc_queuecommand'),
    0xffffffffc0001401: ('hv_storvsc', 'storvsc_done'),
    0xffffffffc0002fff: ('hv_storvsc', 'storvsc_done'),
    0xffffffffc0003000: ('(unknown)', '(unknown)'),
    0xffffffffc0008fff: ('hv_vmbus', 'vmbus_isr'),
    0xffffffffc0009000: ('(unknown)', '(unknown)'),
}
COUNTS = '''hvic-count 1 insns
window 2 1.500 30 ended
g user 11
h user 5
g lost 3
g ffffffff81000100 100
g ffffffff81000104 20
g ffffffffc0001000 40
g ffffffffc0005000 9
h ffffffff81000200 70
end
window 1 2.000 60 open
g user 1
end
'''
# The same module elsewhere, after it was loaded again.
MOVED = SYMBOLS.replace('ffffffffc0001', 'ffffffffc0005')
MOVED_MODULES = MODULES.replace('ffffffffc0001', 'ffffffffc0005')
BAD = (
    ('', 'do not begin'),
    ('hvic-count 2 insns\n', 'do not begin'),
    ('hvic-count 1 insns\nwindow 1 1.0 5 ended\ng user 4\n', 'in the middle'),
    ('hvic-count 1 insns\ng user 4\n', 'makes no sense'),
    ('hvic-count 1 insns\nwindow 1 1.0 5 ended\ng ffffffff81000100', 'makes no sense'),
    ('hvic-count 1 insns\nwindow 1 1.0 5 ended\ng user 4x\n', 'makes no sense'),
    ('hvic-count 1 insns\n\n', 'makes no sense'),
    ('hvic-count 1 insns\nerror begin of a window that is open: 3\n', 'open: 3'),
)


def differs(what, found, expected):
    """A line when they differ."""
    return [] if found == expected else [f'{what}: {found!r}, not {expected!r}']


def places():
    """Each address is found in its module and function, or in none."""
    table = count.Symbols(SYMBOLS, MODULES)
    return [line for address, expected in PLACES.items()
            for line in differs(f'{address:x}', table.find(address), expected)]


def damaged():
    """Counts and tables that are not whole are refused, with the reason."""
    wrong = []
    for text, reason in BAD:
        try:
            count.parse(text)
            wrong.append(f'taken: {text!r}')
        except LabError as error:
            wrong += [] if reason in str(error) else [f'{error}: not {reason!r}']
    try:
        count.Symbols('ffffffff81000000 T startup_64\n', '')
        wrong.append('a table without the kernel\'s bounds is taken')
    except LabError:
        pass
    return wrong


def sums():
    """Modules and functions add up to the whole, and nothing that was counted is left out."""
    each, windows = count.parse(COUNTS)
    table = count.Symbols(SYMBOLS, MODULES)
    guest = count.by_symbol(windows[0]['guest'], [table])
    host = count.by_symbol(windows[0]['host'], [table])
    return (differs('each', each, 'insns') + differs('windows', len(windows), 2) +
            differs('entries', windows[0]['entries'], 30) +
            differs('complete', [w['complete'] for w in windows], [True, False]) +
            differs('guest', guest, {
                'instructions': 183, 'user': 11, 'kernel_half': 172, 'lost': 3,
                'modules': {'kernel': 120, 'hv_storvsc': 40, '(unknown)': 9},
                'symbols': {'kernel': {'do_thing': 120},
                            'hv_storvsc': {'storvsc_queuecommand': 40},
                            '(unknown)': {'(unknown)': 9}}}) +
            differs('host', (host['instructions'], host['modules']), (75, {'kernel': 70})))


def reloaded():
    """A module that was loaded again within the window is found at both places."""
    _, windows = count.parse(COUNTS)
    tables = [count.Symbols(MOVED, MOVED_MODULES), count.Symbols(SYMBOLS, MODULES)]
    guest = count.by_symbol(windows[0]['guest'], tables)
    return differs('modules', guest['modules'], {'kernel': 120, 'hv_storvsc': 49})


def estimated():
    """The ticks of a window are those of the window of ticks, as often as the tick's own function
    ran, for guest and host apart; without such a window nothing is said."""
    def world(kernel_half, tick):
        return {'kernel_half': kernel_half, 'symbols': {'kernel': {'update_process_times': tick}}}

    def window(name, guest, host):
        return {'name': name, 'complete': True, 'guest': world(*guest), 'host': world(*host)}

    windows = [window('reads', (50000, 7), (90000, 3)), window('ticks', (30000, 100), (8000, 50))]
    count._estimate_ticks(windows)      # pylint: disable=protected-access
    alone = [window('reads', (50000, 7), (1, 1))]
    count._estimate_ticks(alone)        # pylint: disable=protected-access
    # 7 x 30000 / 100, 3 x 8000 / 50.
    return (differs('ticks', [w['guest'].get('ticks') for w in windows], [2100, 30000]) +
            differs('ticks', [w['host'].get('ticks') for w in windows], [480, 8000]) +
            differs('no ticks', alone[0]['guest'].get('ticks'), None))


def watched(work):
    """Files that were noted in a window come with it; a list that was cut is refused."""
    host_files(work, COUNTS)
    archive(f'{work}/out.tar', more={'2/files': '/sys/a\n1 2\n3 4\n/sys/b\n\n7\n'})
    told = count.result(work, 'QEMU')['windows']
    wrong = differs('files', [w['files'] for w in told],
                    [{}, {'/sys/a': ('1 2', '3 4'), '/sys/b': ('', '7')}])
    for text in ('/sys/a\n1\n', '/sys/a\n1\n2'):
        archive(f'{work}/out.tar', more={'2/files': text})
        wrong += refused(f'files {text!r}', work, 'were cut')
    return wrong


def archive(path, without=(), more=None):
    """What a guest sends, with window 2 across a change of modules; files @without are lost, @more
    are there too."""
    files = {'2/name': 'reads\n', '2/begin': '1\n', '2/end': '2\n', 'symbols-1': SYMBOLS,
             'modules-1': MODULES, 'symbols-2': MOVED, 'modules-2': MOVED_MODULES, **(more or {})}
    with tarfile.open(path, 'w') as tar:
        for name, text in files.items():
            if name in without:
                continue
            info = tarfile.TarInfo(f'./count/{name}')
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))


def host_files(work, counts):
    """What the plugin and the emulated machine leave."""
    for name, text in (('count.txt', counts), ('l1.symbols', SYMBOLS), ('l1.modules', MODULES)):
        with open(f'{work}/{name}', 'w', encoding='ascii') as file:
            file.write(text)


def refused(what, work, reason):
    """A line unless the run in @work has no counts, for the @reason."""
    try:
        count.result(work, 'QEMU')
    except LabError as error:
        return [] if reason in str(error) else [f'{what}: {error}: not {reason!r}']
    return [f'{what}: taken']


def untold(work):
    """Windows of which the guest told nothing, or not all: an error when they ended."""
    wrong = []
    host_files(work, COUNTS)
    for name, reason in (('2/name', 'did not tell its name'), ('2/begin', 'did not tell its begin'),
                         ('2/end', 'did not tell its end'), ('symbols-2', "no 'symbols-2'")):
        archive(f'{work}/out.tar', (name,))
        wrong += refused(f'no {name}', work, reason)
    archive(f'{work}/out.tar')
    with open(f'{work}/out.tar', 'r+b') as file:
        file.truncate(700)      # a header, and the first file without its padding
    wrong += refused('a cut archive', work, 'lost or cut')
    os.unlink(f'{work}/out.tar')
    wrong += refused('no archive', work, 'lost or cut')
    host_files(work, 'hvic-count 1 insns\n')
    wrong += refused('no window', work, 'no window')
    host_files(work, 'hvic-count 1 insns\nwindow 1 2.000 60 open\ng user 1\nend\n')
    told = count.result(work, 'QEMU')['windows']
    return wrong + differs('open', [(w['id'], w['name'], w['complete']) for w in told],
                           [(1, None, False)])


def whole(work):
    """From the files of a run to the lines of the summary."""
    host_files(work, COUNTS)
    archive(f'{work}/out.tar')
    told = count.result(work, 'QEMU')
    one, two = told['windows']
    lines = count.summary(told)
    return (differs('order', (one['id'], two['id']), (1, 2)) +
            differs('name', (one['name'], two['name']), (None, 'reads')) +
            differs('changed', (one['modules_changed'], two['modules_changed']), (False, True)) +
            differs('module', two['guest']['modules'], {'kernel': 120, 'hv_storvsc': 49}) +
            differs('summary', lines[0],
                    'count window 1: guest 1, host 0, 60 entries (not ended)') +
            differs('summary', lines[3], 'count reads: guest 183, host 75, 30 entries '
                    '(modules came or went; 3 not placed)') +
            differs('summary', lines[4], '  guest: user 11, kernel 120, hv_storvsc 49'))


def tests(work):
    """Run all; @work is an empty directory."""
    return [('tables: addresses are found in modules and functions', places()),
            ('tables: damaged counts and tables are refused', damaged()),
            ('tables: functions and modules add up', sums()),
            ('tables: a module that was loaded again', reloaded()),
            ('tables: timer ticks are estimated', estimated()),
            ('tables: from the files of a run to its summary', whole(work)),
            ('tables: files noted in a window', watched(work)),
            ('tables: a window that ended without the guest\'s word is refused', untold(work))]
