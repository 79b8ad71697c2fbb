# SPDX-License-Identifier: GPL-2.0
"""What a user would have instead of Hyper-V's devices: virtio's, by QEMU on the same KVM in the
same emulated machine, with the same jobs."""

import os

from benchlib import guests, network, storage

MODULES = ('virtio_pci', 'virtio_blk', 'virtio_scsi', 'virtio_net', 'virtio_console', 'sd_mod',
           'af_packet')
DISKS = ('virtio-blk', 'virtio-scsi')
NIC = 'virtio-net'


def _boot(kernel, cpus, cells, jobs, seconds):
    """One boot of QEMU's guest: {key of a row: {peer: result}}."""
    limit = len(cells) * (seconds + storage.OVERHEAD) + 60
    values = {'BENCH_LIMIT': limit, 'BENCH_SECONDS': seconds, 'BENCH_FLOOR': ' '.join(jobs),
              'BENCH_RUNTIME': f'{seconds}s'}
    values.update((f'BENCH_MAC_{name}', mac) for name, mac in network.MACS.items())
    out = guests.boot(
        f'peers-{kernel}-{cpus}', kernel, 'peer.sh', (), values,
        ['--cpus', str(cpus), '--mem', '1G', '--no-input', '--l1-mem', '1G',
         '--append', f'PEER_DISK={storage.DISK}',
         '--hvhost', os.path.join(guests.TOP, 'tests', 'bench', 'peerhost'),
         '--add', 'fio', '--add', 'iperf3'],
        [(storage.plan(cells, cpus), '/lab/bench/cells.fio')], MODULES,
        300 + 2 * limit + len(jobs) * (seconds + 15))
    found = {}
    for disk in DISKS:
        results = storage.parse(os.path.join(out, 'storage', f'{disk}-1.json'))
        for name, result in results.items():
            found.setdefault(f'{name}-c{cpus}', {})[disk] = result
    for name in jobs:
        path = os.path.join(out, 'network', f'{name}-{NIC}-1.json')
        found[f'{name}-c{cpus}'] = {NIC: network.JOBS[name][2](path)}
    return found


def measure(kernel, quick, rounds, seconds):
    """The peers of storage's and network's rows, each job once; @rounds is of no use here."""
    cells = storage.QUICK if quick else storage.WHOLE
    jobs = [name for name in (network.QUICK if quick else network.JOBS) if network.JOBS[name][4]]
    found = {}
    for cpus in (2,) if quick else (1, 4):
        found.update(_boot(kernel, cpus, cells, jobs, seconds))
    return {'subject': 'peers', 'rows': [], 'peers': found}
