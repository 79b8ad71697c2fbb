# SPDX-License-Identifier: GPL-2.0
"""The guests of the benchmarks: both sets of modules in one initramfs, so that a script there can
put one in the place of the other, and one lab run whose results come back as files."""

import glob
import json
import os
import re
import shlex
import shutil
import subprocess

from lablib import dmesg, guest, kernels
from lablib.rows import PROGRAM
from lablib.util import TOP, locked, run

HERE = os.path.join(TOP, 'tests', 'bench', 'guest')
BUILD = os.path.join(TOP, 'build', 'bench')
SETS = ('ours', 'intree')
# In the order of loading.
SWAPPED = ('hv_vmbus', 'hv_storvsc', 'hv_netvsc', 'hid-hyperv', 'hyperv-keyboard')
# Programs of ours in the guest, one C file each.
BUILT = ('bustime', 'netbench')
TRIES = 2   # of a boot that did not come up
# What reading a result raises that is not what a job, or a run, leaves.
MALFORMED = (ArithmeticError, LookupError, StopIteration, TypeError, ValueError)


class BenchError(Exception):
    """A benchmark that did not run to its end."""


def _plain(name):
    return name.replace('-', '_')


def bus_is_module(kernel):
    """Whether a kernel has its own bus as a module; else the drivers alone are swapped."""
    return 'hv_vmbus' in guest.ModuleTree(kernels.get(kernel)).files


class Modules:
    """The modules of a kernel, ours and its own, as files."""

    def __init__(self, name, wanted):
        self.kernel = kernels.get(name)
        tree = guest.ModuleTree(self.kernel)
        self.there = tree.files
        self.bus_is_module = 'hv_vmbus' in tree.files
        ours = guest.our_modules(self.kernel)
        where = os.path.join(BUILD, 'modules', self.kernel.release)
        os.makedirs(where, exist_ok=True)
        self.swapped = [module for module in wanted if module != 'hv_vmbus' or self.bus_is_module]
        self.add, self.needed = [], []
        for module in self.swapped:
            if _plain(module) not in ours or _plain(module) not in tree.files:
                raise BenchError(f'kernel {name}: there are no two of {module}')
            data = guest.module_data(tree.files[_plain(module)])
            intree = os.path.join(where, module + '.ko')
            with open(intree + '.new', 'wb') as file:
                file.write(data)
            os.rename(intree + '.new', intree)
            for origin, path in (('ours', ours[_plain(module)]), ('intree', intree)):
                self.add += ['--add', f'{path}:/lab/bench/{origin}/{module}.ko']
                with open(path, 'rb') as file:
                    self._need(file.read(), tree)

    def _need(self, data, tree):
        """What a module depends on, apart from what is swapped."""
        for depends in re.findall(rb'(?:^|\0)depends=([^\0]*)', data):
            for other in filter(None, depends.decode().split(',')):
                if other not in map(_plain, SWAPPED) and other not in self.needed and \
                        other in tree.files:
                    self.needed.append(other)


def programs():
    """Build what runs in the guest; their paths."""
    os.makedirs(BUILD, exist_ok=True)
    with locked('bench-programs'):
        for name in BUILT:
            path, source = os.path.join(BUILD, name), os.path.join(HERE, name + '.c')
            if not os.path.exists(path) or os.path.getmtime(path) < os.path.getmtime(source):
                run(['gcc', '-O2', '-Wall', '-Wextra', '-static', '-o', path, source],
                    f'building {name}')
    return [os.path.join(BUILD, name) for name in BUILT]


def settings(values):
    """The file that lib.sh reads: shell variables."""
    return ''.join(f'{name}={shlex.quote(str(value))}\n' for name, value in values.items())


def boot(name, kernel, script, wanted, values, options=(), files=(), needed=(), timeout=900):
    """Run @script of guest/ in one guest of @kernel and return the directory of what it left.
    @wanted: modules that are swapped; @values: what lib.sh reads beside them; @files: further
    (path, place) pairs; @needed: modules loaded before. Raises BenchError when it failed."""
    modules = Modules(kernel, wanted)
    out = os.path.join(BUILD, 'runs', name)
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    # What a kernel has built in is there already.
    needed = [*modules.needed, *(name for name in needed if _plain(name) in modules.there)]
    chosen = os.path.join(out, 'settings')
    with open(chosen, 'w', encoding='utf-8') as file:
        file.write(settings({'BENCH_MODULES': ' '.join(modules.swapped),
                             'BENCH_NEEDED': ' '.join(needed),
                             'BENCH_BUS': 'swapped' if modules.bus_is_module else 'built-in',
                             **values}))
    argv = [PROGRAM, 'run', '--kernel', kernel, '--unloaded', '--out', out,
            '--timeout', str(timeout)]
    if modules.bus_is_module:
        # In-tree's bus cannot be unloaded while synthetic timers tick: see docs/performance.md.
        argv += ['--host-arg', '--hide=stimer']
    argv += modules.add
    for module in needed:
        argv += ['--add-module', module]
    for path, place in [(chosen, '/lab/bench/settings'), *files,
                        *((path, f'/lab/bench/{os.path.basename(path)}')
                          for path in [*programs(), *glob.glob(os.path.join(HERE, '*.sh'))])]:
        argv += ['--add', f'{path}:{place}']
    argv += [*options, '--', 'sh', f'/lab/bench/{script}']
    return execute(name, argv, out)


def execute(name, argv, out):
    """Run the lab; a guest that does not come up is the emulation's fault and is tried again."""
    log = os.path.join(out, 'stdout.txt')
    for left in reversed(range(TRIES)):
        print(f'-- {name}', flush=True)
        with open(log, 'wb') as file:
            status = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=file,
                                    stderr=subprocess.STDOUT, check=False).returncode
        if status != 125 or not left:
            break
    with open(log, encoding='utf-8', errors='replace') as file:
        text = file.read()
    if status:
        raise BenchError(f'{name}: exit status {status}, see {os.path.relpath(log, TOP)}:\n' +
                         '\n'.join('    ' + line for line in text.strip().splitlines()[-8:]))
    # A splat spoils what is measured; a driver's own lines do not.
    bad = dmesg.splats(os.path.join(out, 'dmesg.txt'), os.path.join(out, 'console.log'))
    if bad:
        raise BenchError(f'{name}: the guest\'s kernel complained: {bad[0]}')
    return out


def read_json(path):
    """A JSON file of a run; what is missing or broken is a failed run."""
    try:
        with open(path, encoding='utf-8') as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        raise BenchError(f'{os.path.relpath(path, TOP)}: {error}') from error
