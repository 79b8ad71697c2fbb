# SPDX-License-Identifier: GPL-2.0
"""Network: UDP against the host's traffic generator, TCP between two NICs of one guest on a virtual
switch, and what became of the jobs."""

import os

from benchlib import figures, guests

MACS = {'GEN': '00:15:5d:68:76:01', 'NEAR': '00:15:5d:68:76:02', 'FAR': '00:15:5d:68:76:03'}


def _gen(stats):
    return next(device['stats'] for device in stats['vmbus']['devices']
                if device['stats'].get('backend') == 'gen')


def _around(path):
    return [_gen(guests.read_json(f'{path}.{moment}')) for moment in (0, 1)]


def _udp_send(path):
    """Packets that the host got, by the time that the guest sent."""
    before, after = _around(path)
    return {'rate': (after['sunk_udp'] - before['sunk_udp']) / guests.read_json(path)['seconds']}


def _udp_recv(path):
    said = guests.read_json(path)
    return {'rate': said['packets'] / said['seconds']}


def _xdp_drop(path):
    """Frames that were delivered and whose buffers the guest gave back, by the host's clock."""
    before, after = _around(path)
    done = [sum(queue['rx_packets'] for queue in gen['queues']) -
            (gen['recv_slots'] - gen['recv_slots_free']) for gen in (before, after)]
    return {'rate': 1e6 * (done[1] - done[0]) / (after['generated_us'] - before['generated_us'])}


def _turns(path):
    said = guests.read_json(path)
    return {'rate': said['turns'] / said['seconds'], 'p50': said['p50_us'], 'p99': said['p99_us'],
            'lost': said['lost']}


def _iperf(path):
    said = guests.read_json(path)
    if 'error' in said:
        raise guests.BenchError(f'{path}: {said["error"]}')
    return {'rate': said['end']['sum_received']['bits_per_second'] / 1e6}


# name: title, unit, how a result is read, whether its cost is counted, whether veth is the floor.
JOBS = {
    'udp_send': ('UDP, 64-byte packets sent', 'packet', _udp_send, True, False),
    'udp_recv': ('UDP, 64-byte packets received by a program', 'packet', _udp_recv, True, False),
    'xdp_drop': ('XDP_DROP, 64-byte packets', 'packet', _xdp_drop, True, False),
    'udp_turns': ('UDP, one byte to the host and back', 'turn', _turns, True, False),
    'tcp_turns': ('TCP_RR, one byte there and back between two NICs', 'turn', _turns, False, True),
    'tcp_1': ('TCP between two NICs, 1 flow', 'Mbit', _iperf, True, True),
    'tcp_4': ('TCP between two NICs, 4 flows', 'Mbit', _iperf, False, True),
}
QUICK = ('udp_send', 'udp_recv', 'xdp_drop', 'udp_turns', 'tcp_1')


def nics():
    """The lab's --nic of the generator's NIC and of two on one switch."""
    return [f'gen,mac={MACS["GEN"]}'] + \
        [f'hub:bench-{os.getpid()},mac={MACS[name]}' for name in ('NEAR', 'FAR')]


def rows(out, jobs, cpus, rounds):
    """The table's rows from what a guest left in @out."""
    table = []
    for name in jobs:
        title, unit, read, _, _ = JOBS[name]
        values = {which: [read(os.path.join(out, f'{name}-{which}-{number}.json'))
                          for number in range(1, rounds + 1)] for which in guests.SETS}
        more = {'peers': {},
                'counts': figures.counts(out, name, 'net', figures.network_units)}
        if 'p50' in values['ours'][0]:
            more['latency'] = {percent: {which: figures.spread([value[percent]
                                                                for value in values[which]])
                                         for which in guests.SETS} for percent in ('p50', 'p99')}
            more['lost'] = {which: sum(value['lost'] for value in values[which])
                            for which in guests.SETS}
        floor = os.path.join(out, f'{name}-veth-1.json')
        if os.path.exists(floor):
            more['peers']['veth'] = read(floor)
        table.append(figures.row(f'{name}-c{cpus}', title, unit, 'higher',
                                 [value['rate'] for value in values['ours']],
                                 [value['rate'] for value in values['intree']], cpus=cpus, **more))
    return table


def measure(kernel, quick, rounds, seconds):
    """One boot for each number of processors; a subject of the results."""
    jobs = QUICK if quick else tuple(JOBS)
    table = []
    for cpus in (2,) if quick else (1, 4):
        values = {'BENCH_ROUNDS': rounds, 'BENCH_SECONDS': seconds, 'BENCH_JOBS': ' '.join(jobs),
                  'BENCH_WINDOW': figures.WINDOW,
                  'BENCH_COUNTED': ' '.join(name for name in jobs if JOBS[name][3]),
                  'BENCH_FLOOR': ' '.join(name for name in jobs if JOBS[name][4])}
        values.update((f'BENCH_MAC_{name}', mac) for name, mac in MACS.items())
        options = ['--cpus', str(cpus), '--mem', '1G', '--no-input', '--add-module', 'veth']
        for nic in nics():
            options += ['--nic', nic]
        for program in ('iperf3', 'ethtool'):
            options += ['--add', program]
        out = guests.boot(
            f'network-{kernel}-{cpus}', kernel, 'network.sh', ('hv_vmbus', 'hv_netvsc'), values,
            options, needed=['af_packet'],
            timeout=300 + (2 * rounds + 3) * (60 + len(jobs) * (seconds + 10)))
        table += rows(os.path.join(out, 'network'), jobs, cpus, rounds)
    return {'subject': 'network', 'rows': table}
