# SPDX-License-Identifier: GPL-2.0
"""Storage: fio's jobs, and what became of them."""

import glob
import os

from benchlib import figures, guests

# Bytes, pattern, depth, jobs: what a cell of the table is made of.
SIZES = {'4k': '4 KiB', '128k': '128 KiB'}
PATTERNS = {'randread': 'random read', 'randwrite': 'random write', 'read': 'sequential read',
            'write': 'sequential write'}
DEPTHS = (1, 8, 32, 128)
JOBS = (1, 4)
WHOLE = [(size, pattern, depth, jobs) for size in SIZES for pattern in PATTERNS
         for depth in DEPTHS for jobs in JOBS]
QUICK = [('4k', 'randread', 1, 1), ('4k', 'randread', 32, 1), ('4k', 'randwrite', 32, 1),
         ('4k', 'randread', 32, 4), ('128k', 'read', 8, 1)]
DISK = '192M'
OVERHEAD = 3    # seconds that fio takes beside a job's own, at most, on a busy machine
BOOT = 300

GLOBAL = '''[global]
filename=${{DISK}}
ioengine=io_uring
direct=1
thread=1
time_based=1
runtime=${{RUNTIME}}
group_reporting=1
lat_percentiles=1
clat_percentiles=0
percentile_list=50:99
norandommap=1
random_generator=lfsr
'''
# A program that keeps many requests under way hands them over several at a time.
SECTION = '''
[{name}]
stonewall
bs={size}
rw={pattern}
iodepth={depth}
iodepth_batch_submit={batch}
iodepth_batch_complete_min=1
iodepth_batch_complete_max={batch}
numjobs={jobs}
'''


def cell_name(cell):
    """4k-randread-d32-j1"""
    return '{}-{}-d{}-j{}'.format(*cell)


def cell_title(cell):
    """The same for people."""
    size, pattern, depth, jobs = cell
    return f'{SIZES[size]} {PATTERNS[pattern]}, depth {depth}, {jobs} job{"s" * (jobs > 1)}'


def job_file(cells):
    """fio's job file."""
    text = GLOBAL.format()
    for cell in cells:
        size, pattern, depth, jobs = cell
        text += SECTION.format(name=cell_name(cell), size=size, pattern=pattern, depth=depth,
                               batch=max(1, depth // 4), jobs=jobs)
    return text


def parse(path):
    """fio's results: {cell: {'rate': I/Os a second, 'p50': us, 'p99': us}}."""
    results = {}
    for job in guests.read_json(path)['jobs']:
        if job['error']:
            raise guests.BenchError(f'{path}: {job["jobname"]} ended with error {job["error"]}')
        side = job['read'] if job['read']['total_ios'] else job['write']
        if not side['total_ios']:
            raise guests.BenchError(f'{path}: {job["jobname"]} did no I/O')
        percentiles = side['lat_ns']['percentile']
        results[job['jobname']] = {'rate': side['iops'],
                                   'p50': percentiles['50.000000'] / 1000,
                                   'p99': percentiles['99.000000'] / 1000}
    return results


def _rounds(out, name):
    paths = glob.glob(os.path.join(out, f'{name}-*.json'))
    return [parse(os.path.join(out, f'{name}-{number}.json'))
            for number in range(1, len(paths) + 1)]


def plan(cells, name):
    """Write the job file @name of a boot. Return: its path."""
    os.makedirs(guests.BUILD, exist_ok=True)
    path = os.path.join(guests.BUILD, f'cells-{name}.fio')
    with open(path, 'w', encoding='ascii') as file:
        file.write(job_file(cells))
    return path


def rows(out, cells, cpus):
    """The table's rows from what a guest left in @out."""
    rounds = {which: _rounds(out, which) for which in guests.SETS}
    floor = _rounds(out, 'null_blk')[0]
    table = []
    for cell in cells:
        name = cell_name(cell)
        values = {which: [each[name] for each in rounds[which]] for which in guests.SETS}
        latency = {percent: {which: figures.spread([value[percent] for value in values[which]])
                             for which in guests.SETS} for percent in ('p50', 'p99')}
        table.append(figures.row(
            f'{name}-c{cpus}', cell_title(cell), 'I/O', 'higher',
            [value['rate'] for value in values['ours']],
            [value['rate'] for value in values['intree']], cpus=cpus, latency=latency,
            depth=cell[2], jobs=cell[3], size=cell[0], pattern=cell[1],
            counts=figures.counts(out, name, 'scsi', figures.storage_units),
            peers={'null_blk': floor[name]}))
    return table


def measure(kernel, quick, rounds, seconds):
    """One boot for each number of processors; a subject of the results."""
    cells = QUICK if quick else WHOLE
    counted = [cell for cell in cells if quick or (cell[2] in (1, 32) and cell[3] == 1)]
    table = []
    for cpus in (2,) if quick else (1, 4):
        limit = len(cells) * (seconds + OVERHEAD) + 60
        out = guests.boot(
            f'storage-{kernel}-{cpus}', kernel, 'storage.sh',
            [module for module in guests.SWAPPED if module in ('hv_vmbus', 'hv_storvsc')],
            {'BENCH_ROUNDS': rounds, 'BENCH_LIMIT': limit, 'BENCH_WINDOW': figures.WINDOW,
             'BENCH_RUNTIME': f'{seconds}s',
             'BENCH_COUNTED': ' '.join(map(cell_name, counted))},
            ['--cpus', str(cpus), '--mem', '1G', '--disk', f'mem:{DISK}', '--no-input',
             '--add', 'fio'],
            [(plan(cells, cpus), '/lab/bench/cells.fio')], ['sd_mod', 'null_blk'],
            BOOT + (2 * rounds + 1) * limit + len(counted) * 2 * 60)
        table += rows(os.path.join(out, 'storage'), cells, cpus)
    return {'subject': 'storage', 'rows': table}
