# SPDX-License-Identifier: GPL-2.0
"""Numbers out of runs: pairs of ours and in-tree with their spread, and what the host counted
between two moments, by unit of work."""

import os
import statistics

from benchlib import guests

WINDOW = 1      # seconds between the two looks at the host's counters


def spread(values):
    """Median, least and largest."""
    return {'median': statistics.median(values), 'min': min(values), 'max': max(values),
            'values': list(values)}


def ratio(ours, intree):
    """Ours by in-tree, pair by pair: what came one after the other is compared, so that a
    machine that is slower for a while is so for both."""
    for which, values in (('our', ours), ('the in-tree', intree)):
        if min(values) <= 0:
            raise guests.BenchError(f'a job of {which} drivers did nothing')
    return spread([a / b for a, b in zip(ours, intree)])


def row(key, name, unit, better, ours, intree, **more):
    """A row of the tables: @key is for programs, @name for people; @better is 'higher' or
    'lower'; @ours and @intree are the values in the order of the rounds."""
    return {'key': key, 'name': name, 'unit': unit, 'better': better,
            'ours': spread(ours), 'intree': spread(intree), 'ratio': ratio(ours, intree), **more}


def _devices(stats, kind):
    return [device for device in stats['vmbus']['devices'] if device['name'].startswith(kind)]


def _channels(stats, kind, member):
    return sum(channel[member] for device in _devices(stats, kind)
               for channel in device['channels'])


def _kvm(stats, member):
    cpus = [cpu.get('kvm', {}) for cpu in stats['machine']['vcpus']]
    if not all(cpu for cpu in cpus):
        return None
    return sum(cpu.get(member, 0) for cpu in cpus)


# Name in the tables: how it is read from the host's counters.
COUNTERS = {
    'signals to the host': lambda stats, kind: _channels(stats, kind, 'signals_received'),
    'interrupts by the host': lambda stats, kind: _channels(stats, kind, 'signals_sent'),
    'hypercalls': lambda stats, kind: _kvm(stats, 'hypercalls'),
    'exits': lambda stats, kind: _kvm(stats, 'exits'),
    'exits to halt': lambda stats, kind: _kvm(stats, 'halt_exits'),
    'interrupts injected': lambda stats, kind: _kvm(stats, 'irq_injections'),
}


def counted(before, after, kind, units):
    """What the host counted between two answers to its command stats, by unit of work. @kind:
    name of the devices whose channels are meant; @units(stats): the units done so far."""
    done = units(after) - units(before)
    if done <= 0:
        raise guests.BenchError(f'{kind}: nothing was done while the host counted')
    result = {'units': done}
    for name, read in COUNTERS.items():
        first, last = read(before, kind), read(after, kind)
        if first is not None and last is not None:
            result[name] = (last - first) / done
    return result


def counts(out, name, kind, units):
    """{set: counted()} of the job @name, as far as the guest left files of it in @out."""
    found = {}
    for which in guests.SETS:
        paths = [os.path.join(out, f'counts-{which}-{name}-{moment}.json') for moment in (0, 1)]
        if os.path.exists(paths[0]):
            found[which] = counted(*map(guests.read_json, paths), kind, units)
    return found


def storage_units(stats):
    """SCSI requests that the host has taken."""
    return sum(device['stats']['requests'] for device in _devices(stats, 'scsi'))


def network_units(stats):
    """Packets of the guest's network devices, both ways."""
    return sum(queue['tx_packets'] + queue['rx_packets'] for device in _devices(stats, 'net')
               for queue in device['stats']['queues'])
