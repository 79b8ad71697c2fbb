# SPDX-License-Identifier: GPL-2.0
"""Exact instruction counts: what one I/O and one packet cost in the guest and in the host around
it, by module and by function. Counted in a boot of its own, on an emulated machine with a QEMU that
takes plugins; where there is none, nothing is counted and the reason is told."""

import os

from benchlib import guests, network, storage
from lablib import count, plugin
from lablib.util import LabError

# Paths that are counted: cells of storage, and jobs of the network with the kernel's counter that
# tells how much was done. The last number: of its units, how many are one.
CELLS = [('4k', 'randread', 1, 1), ('4k', 'randread', 32, 1), ('4k', 'randwrite', 32, 1)]
JOBS = {
    'udp_send': ('gen:tx_packets', 'packet', 1),
    'udp_recv': ('gen:rx_packets', 'packet', 1),
    'udp_turns': ('gen:rx_packets', 'turn', 1),
    'tcp_1': ('near:tx_bytes', 'KiB', 1024),
}
# A short run leaves these out.
LONG_CELLS = [('128k', 'read', 8, 1)]
LONG_JOBS = ('udp_turns', 'tcp_1')
WINDOWS = 2         # of each path; a short run has one
WINDOW = 2          # seconds of each, of a machine that is slowed by the counting
SETTLE = 1          # seconds from the first I/O or packet to the first window
WARM = 5            # seconds more for the first path of each set
BETWEEN = 3         # seconds from one window to the next, at the most
BOOT = 300
LEAST = 0.5         # instructions a unit; functions below are told as one
REST = '(less)'     # their name
USER = 'user'       # what stands for user space where modules are told
LOST = '(lost)'     # for what the plugin had no room for
UNITS_LEAST = 20    # a window with fewer units says nothing


def paths(quick):
    """(kind, key, title, unit, counter, divisor) of the paths, in their order."""
    for cell in CELLS if quick else CELLS + LONG_CELLS:
        yield 'storage', storage.cell_name(cell), storage.cell_title(cell), 'I/O', 'disk', 1
    for job, (counter, unit, divisor) in JOBS.items():
        if not quick or job not in LONG_JOBS:
            yield 'network', job, network.JOBS[job][0], unit, counter, divisor


def done(window, divisor):
    """Units that were done in a window, by the counter that was noted in it: a disk's stat has
    completed reads and writes in its first and fifth column, any other file is a number."""
    moments = []
    for path, (before, after) in window['files'].items():
        for text in (before, after):
            words = [int(word) for word in text.split()]
            moments.append(words[0] + words[4] if path.endswith('/stat') else words[0])
    units = (moments[1] - moments[0]) / divisor
    if units < UNITS_LEAST:
        raise guests.BenchError(f'{window["name"]}: {units:.0f} units in a window')
    return units


def _functions(world):
    """{(module, function): instructions} of a world of count.json."""
    found = {(module, function): number for module, functions in world['symbols'].items()
             for function, number in functions.items()}
    if world['lost']:
        found[LOST, LOST] = world['lost']
    return found


def _tick(learned, name):
    """What one timer tick executes in a world, by function."""
    calls = count.ticks_of(learned[name])
    if not calls:
        raise guests.BenchError(f'no timer tick was seen in the {name}')
    return {place: number / calls for place, number in _functions(learned[name]).items()}


def _world(windows, name, tick, units):
    """The counts of one world in several windows of the same work, by unit."""
    total = {}
    user = ticks = 0
    for window in windows:
        world = window[name]
        user += world['user']
        calls = count.ticks_of(world)
        for place, number in _functions(world).items():
            total[place] = total.get(place, 0) + number
        for place, number in tick.items():
            total[place] = total.get(place, 0) - calls * number
            ticks += calls * number
    modules, functions = {}, {}
    for (module, function), number in total.items():
        each = number / units
        modules[module] = modules.get(module, 0) + each
        members = functions.setdefault(module, {})
        shown = function if abs(each) >= LEAST else REST
        members[shown] = members.get(shown, 0) + each
    modules[USER] = user / units
    return {'instructions': sum(modules.values()), 'ticks': ticks / units,
            'modules': _sorted(modules),
            'functions': {module: _sorted(functions[module]) for module in _sorted(modules)
                          if module in functions}}


def _sorted(values):
    return {name: round(value, 2)
            for name, value in sorted(values.items(), key=lambda item: (-item[1], item[0]))}


def per_unit(windows, learned, divisor):
    """What a unit of work costs, from the @windows of one path in count.json; @learned: the window
    of timer ticks alone. What ticks execute is taken out, function by function. spread: by how
    much a world's instructions a unit of one window are more than those of another, as a part of
    all."""
    if not all(window['complete'] for window in windows):
        raise guests.BenchError(f'{windows[0]["name"]}: a window did not end')
    each = [done(window, divisor) for window in windows]
    units = sum(each)
    tick = {name: _tick(learned, name) for name in count.WORLDS.values()}
    worlds = {name: _world(windows, name, tick[name], units) for name in tick}
    spread = {}
    for name, world in worlds.items():
        alone = [_world([window], name, tick[name], number)['instructions']
                 for window, number in zip(windows, each)]
        spread[name] = (max(alone) - min(alone)) / world['instructions']
    return {'units': units, 'windows': len(windows),
            'seconds': sum(window['seconds'] for window in windows),
            'entries': sum(window['entries'] for window in windows) / units,
            'spread': spread, **worlds}


def rows(counts, chosen, windows):
    """The table's rows from count.json: each path with what it costs ours and in-tree."""
    found = {}
    for window in counts['windows']:
        found.setdefault(window['name'], []).append(window)
    if len(found.get(count.TICKS, ())) != 1:
        raise guests.BenchError('timer ticks were not counted')
    table = []
    for kind, key, title, unit, _, divisor in chosen:
        row = {'kind': kind, 'key': key, 'name': title, 'unit': unit}
        for which in guests.SETS:
            members = found.get(f'{which} {key}', ())
            if len(members) != windows:
                raise guests.BenchError(f'{which} {key}: {len(members)} windows, not {windows}')
            row[which] = per_unit(members, found[count.TICKS][0], divisor)
        table.append(row)
    return table


def measure(kernel, quick, rounds, seconds):
    """One boot; a subject of the results. @rounds and @seconds are of no use here: instructions do
    not depend on what else a machine does."""
    del rounds, seconds
    try:
        qemu = plugin.find()
    except LabError as error:
        return {'subject': 'counts', 'rows': [], 'why': str(error)}
    version = qemu.version()
    chosen = list(paths(quick))
    windows = 1 if quick else WINDOWS
    job = SETTLE + windows * (WINDOW + BETWEEN) + 2
    values = {'BENCH_PATHS': ' '.join(f'{key},{counter}' for _, key, _, _, counter, _ in chosen),
              'BENCH_WINDOWS': windows, 'BENCH_WINDOW': WINDOW, 'BENCH_SETTLE': SETTLE,
              'BENCH_JOB': job,
              'BENCH_WARM': WARM}
    values.update((f'BENCH_MAC_{name}', mac) for name, mac in network.MACS.items())
    # One processor: nobody waits for a lock whose owner does not run.
    options = ['--emulated', '--count', '--cpus', '1', '--mem', '1G', '--no-input',
               '--disk', f'mem:{storage.DISK}', '--add', 'fio', '--add', 'iperf3']
    for nic in network.nics():
        options += ['--nic', nic]
    cells = CELLS + LONG_CELLS
    out = guests.boot(f'counts-{kernel}', kernel, 'counts.sh',
                      ('hv_vmbus', 'hv_storvsc', 'hv_netvsc'), values, options,
                      [(storage.plan(cells, 'counts'), '/lab/bench/cells.fio')],
                      ['sd_mod', 'af_packet'], BOOT + 2 * len(chosen) * (job + 60))
    counts = guests.read_json(os.path.join(out, 'count.json'))
    return {'subject': 'counts', 'qemu': version, 'each': counts['each'],
            'rows': rows(counts, chosen, windows)}
