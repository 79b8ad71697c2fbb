# SPDX-License-Identifier: GPL-2.0
"""lab matrix: one script over kernels and every mixture of our drivers with in-tree ones. A cell
is four letters, o (ours) or i (in-tree), for bus, storage, network and input."""

import fnmatch
import itertools
import json
import os
import shlex
import threading

from lablib import guest, kernels, rows, scripts
from lablib.util import EXIT_USAGE, TOP, LabError, build_dir, say

# What each letter stands for.
PLACES = (('bus', ('vmbus',)), ('storage', ('storvsc',)), ('network', ('netvsc',)),
          ('input', ('hid', 'keyboard')))
CELLS = [''.join(letters) for letters in itertools.product('io', repeat=len(PLACES))]
ORIGINS = {'o': 'ours', 'i': 'intree'}
# Short, and all of what a mixture can break: each device at work, and in-tree drivers on the bus.
WORDS = ('channels', 'FILL_MIB=8', 'disk', 'IPERF_SECONDS=1', 'net', 'input', 'SOCKETS_MIB=1',
         'sockets', 'others', 'services')
KERNELS = ('5.10', '6.1', '6.12', '7.2', '7.3')


def drivers(cell):
    """A cell as --drivers has it."""
    return ','.join(f'{name}={ORIGINS[letter]}' for letter, (_, names) in zip(cell, PLACES)
                    for name in names)


def no_bus(kernel):
    """Why our bus cannot be on @kernel, or ''."""
    config = kernel.config()
    option = 'CONFIG_HYPERV_VMBUS' if 'CONFIG_HYPERV_VMBUS' in config else 'CONFIG_HYPERV'
    return f'the kernel\'s bus is built in ({option}=y)' if config.get(option) == 'y' else ''


def not_ours(kernel):
    """(why our modules cannot be there for @kernel, what went wrong with their build), each ''
    when nothing is. Builds them."""
    try:
        made = guest.our_modules(kernel)
    except LabError as error:
        text = str(error).splitlines()[0]
        return (text, '') if error.status == EXIT_USAGE else ('', text)
    for _, names in PLACES[1:] if no_bus(kernel) else PLACES:
        for module in (module for name in names for module in guest.DRIVERS[name]):
            if module.replace('-', '_') not in made:
                return '', f'our build made no {module}.ko'
    return '', ''


def reasons(name, cells):
    """{cell: (why it cannot be on the kernel @name, what fails it before it runs)}."""
    try:
        kernel = kernels.get(name)
    except LabError as error:
        return dict.fromkeys(cells, (str(error).splitlines()[0], ''))
    bus = no_bus(kernel)
    ours = not_ours(kernel) if any('o' in cell for cell in cells) else ('', '')
    return {cell: (bus, '') if cell[0] == 'o' and bus else ours if 'o' in cell else ('', '')
            for cell in cells}


def place(kernel, cell):
    """Where a cell's files are."""
    return os.path.join(build_dir('matrix'), os.path.basename(kernel), cell)


def earlier(kernel, cell):
    """The result of an earlier run of a cell, or None."""
    try:
        with open(os.path.join(place(kernel, cell), 'result.json'), encoding='utf-8') as file:
            return json.load(file)
    except (FileNotFoundError, ValueError):
        return None


def command(options, kernel, cell, out):
    """(the lab's command line for a cell, the subjects that have to pass)."""
    words = options.subjects.split() if options.subjects else WORDS
    if options.script:
        argv = [rows.PROGRAM, 'run', '--kernel', kernel, '--drivers', drivers(cell), '--cpus', '2',
                '--mem', '1G', '--disk', 'mem:256M', '--nic', 'user', '--out', out,
                '--timeout', str(options.timeout), '--add', f'{options.script}:/lab/script',
                *options.lab_options, '--', 'sh', '/lab/script']
        return shlex.split(options.prefix) + argv, ()
    argv = scripts.command(kernel, drivers(cell), words, tuple(options.lab_options), out,
                           options.timeout)
    return shlex.split(options.prefix) + argv, scripts.subjects(words)


def run_cell(options, kernel, cell, why, echo):
    """The result of one cell; see rows.run()."""
    skipped, broken = why
    about = {'kernel': kernel, 'cell': cell, 'drivers': drivers(cell), 'skipped': skipped}
    if skipped or broken:
        with echo:
            print(f'{kernel + " " + cell:32} {"skipped" if skipped else "FAILED"}: '
                  f'{skipped or broken}', flush=True)
        return {'row': f'{kernel} {cell}', **about, 'passed': [],
                'failed': [broken] if broken else [], 'dmesg': [], 'repeated': False,
                'seconds': 0, 'out': ''}
    if options.resume:
        result = earlier(kernel, cell)
        if result and not result['failed'] and not result['skipped']:
            return result
    out = place(kernel, cell)
    argv, subjects = command(options, kernel, cell, out)
    result = rows.run(f'{kernel} {cell}', argv, subjects, out, echo, about)
    with open(os.path.join(out, 'result.json'), 'w', encoding='utf-8') as file:
        json.dump(result, file, indent=1)
    return result


def table(results):
    """The results as a table in Markdown."""
    lines = ['| kernel | ' + ' | '.join(title for title, _ in PLACES) +
             ' | result | passed | failed | seconds |',
             '|' + '---|' * (len(PLACES) + 1) + '---|---:|---:|---:|']
    for result in results:
        state = 'skipped' if result['skipped'] else 'FAILED' if result['failed'] else 'ok'
        lines.append(f'| {result["kernel"]} | ' + ' | '.join(
            'ours' if letter == 'o' else 'in-tree' for letter in result['cell']) +
            f' | {state} | {len(result["passed"])} | {len(result["failed"])} | '
            f'{result["seconds"]:.0f} |')
    notes = {(result['kernel'], result['skipped']) for result in results if result['skipped']}
    if notes:
        lines += [''] + [f'- {kernel}, skipped: {why}' for kernel, why in sorted(notes)]
    failures = [f'- {result["row"]}: {line}' for result in results for line in result['failed']]
    return '\n'.join(lines + ([''] + failures if failures else [])) + '\n'


def add_options(parser):
    """The command line of lab matrix."""
    add = parser.add_argument
    add('--kernel', action='append', default=[], metavar='LIST',
        help='kernels, with commas between (' + ','.join(KERNELS) + ')')
    add('--cells', default='*', metavar='PATTERNS',
        help='bus, storage, network, input as o (ours) or i (in-tree): oooo, "o???,iooo" (all)')
    add('--subjects', metavar='WORDS', help='instead of: ' + ' '.join(WORDS))
    add('--resume', action='store_true', help='leave out cells that passed in an earlier run')
    add('--jobs', type=int, default=2, metavar='N', help='guests at a time (2)')
    add('--timeout', type=int, default=720, metavar='S', help='seconds for a cell (720)')
    add('--prefix', default='', metavar='CMD', help='in front of each cell\'s run, e.g. nice')
    add('--lab-option', dest='lab_options', action='append', default=[], metavar='ARG',
        help='for each lab run, as --lab-option=--cpus=4')
    add('script', nargs='?', metavar='SCRIPT',
        help='a shell script for the guest, which says PASS and FAIL at the beginning of lines; '
        'without it, the end-to-end scripts')


def choose(options):
    """(kernels, cells) that are asked for."""
    names = [name for each in options.kernel for name in each.split(',')] or list(KERNELS)
    patterns = options.cells.split(',')
    cells = [cell for cell in CELLS if any(fnmatch.fnmatchcase(cell, p) for p in patterns)]
    if not cells:
        raise LabError(f'--cells {options.cells}: no cell has such a name, e.g. oooo or ioii',
                       EXIT_USAGE)
    for name in names:
        if name not in KERNELS and name not in kernels.NAMES and os.path.sep not in name:
            raise LabError(f'--kernel {name}: {", ".join(kernels.NAMES)}, or a directory',
                           EXIT_USAGE)
    if options.script and not os.path.isfile(options.script):
        raise LabError(f'{options.script}: no such file', EXIT_USAGE)
    return names, cells


def run(options):
    """lab matrix; returns its exit status."""
    names, cells = choose(options)
    scripts.prepare()
    echo = threading.Lock()
    building = threading.Lock()
    why = {}

    def one(at):
        name, cell = at
        with building:
            if name not in why:
                why[name] = reasons(name, cells)
        return run_cell(options, name, cell, why[name][cell], echo)

    results = rows.each(one, [(name, cell) for name in names for cell in cells], options.jobs)
    where = build_dir('matrix')
    passed = sum(len(result['passed']) for result in results)
    failed = sum(len(result['failed']) for result in results)
    text = table(results)
    with open(os.path.join(where, 'report.json'), 'w', encoding='utf-8') as file:
        json.dump({'passed': passed, 'failed': failed, 'cells': results}, file, indent=1)
    with open(os.path.join(where, 'table.md'), 'w', encoding='utf-8') as file:
        file.write(text)
    print(text, end='')
    say(f'report: {os.path.relpath(where, TOP)}/table.md and report.json')
    run_cells = sum(not result['skipped'] for result in results)
    print(f'{run_cells} cells run, {len(results) - run_cells} skipped')
    print(f'{passed} passed, {failed} failed')
    return 1 if failed or not run_cells else 0
