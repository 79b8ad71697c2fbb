# SPDX-License-Identifier: GPL-2.0
"""The bus: how long modules take until their devices are usable, offers, channels."""

import os
import statistics

from benchlib import figures, guests

OFFERS = 100
OPENS = 50
# What bus.sh waits for, in its order.
THERE = ('disk', 'NIC', 'mouse', 'keyboard')


def _rounds(out, what, count, value):
    return [[value(guests.read_json(os.path.join(out, f'{what}-{which}-{number}.json')))
             for number in range(1, count + 1)] for which in guests.SETS]


def measure(kernel, quick, rounds, seconds):
    """One boot; a subject of the results. @seconds is of no use here."""
    out = guests.boot(
        f'bus-{kernel}', kernel, 'bus.sh', guests.SWAPPED,
        {'BENCH_ROUNDS': rounds, 'BENCH_OFFERS': OFFERS, 'BENCH_OPENS': OPENS},
        ['--cpus', '2', '--mem', '1G', '--disk', 'mem:64M', '--nic', 'none',
         '--add-module', 'uio_hv_generic',
         # uio_hv_generic of older kernels takes no channel that is signalled by hypercalls.
         '--host-arg', '--monitor=net'],
        needed=['sd_mod', 'hid-generic', 'atkbd', 'evdev'], timeout=300 + rounds * 180)
    out = os.path.join(out, 'bus')
    table = []

    def row(key, name, what, value):
        table.append(figures.row(key, name, 'ms', 'lower', *_rounds(out, what, rounds, value)))

    row('usable', 'load of all modules until disk, NIC, mouse and keyboard are there', 'usable',
        lambda said: max(said['there_us']) / 1e3)
    for place, what in enumerate(THERE):
        row(f'usable-{what.lower()}', f'the same until the {what} is there', 'usable',
            lambda said, at=place: said['there_us'][at] / 1e3)
    if guests.bus_is_module(kernel):
        row('channel', f'a channel opened and closed (median of {OPENS})', 'channel',
            lambda said: statistics.median(said['opened_us']) / 1e3)
        row('offers', f'load of the bus until {OFFERS} more devices are on it', 'offers',
            lambda said: said['there_us'][0] / 1e3)
    return {'subject': 'bus', 'rows': table}
