# SPDX-License-Identifier: GPL-2.0
"""The QEMU that counts instructions: the machine's own when it takes plugins, else the one of the
backports, unpacked in the cache beside it; and our plugin, built."""

import os
import shutil
import subprocess

from lablib import apt
from lablib.util import LAB, LabError, cache_dir, die_in_group, digest, filling, locked, run

PROGRAM = 'qemu-system-x86_64'
PACKAGES = ('qemu-system-x86', 'qemu-system-common', 'qemu-system-data', 'seabios')
# QEMU exports what plugins may call. This came with version 4 of the interface, the one that our
# plugin asks for.
NEEDED = b'qemu_plugin_read_memory_vaddr'
FIRMWARE = ('usr/share/qemu', 'usr/share/seabios')
LIBRARIES = 'usr/lib/x86_64-linux-gnu'


class Counting:
    """A QEMU that takes our plugin, @program (of @tree where that is not the machine's own).
    env: what it runs in; each: what the plugin counts, insn or block, or off, when it
    is left out."""

    def __init__(self, program, tree=''):
        self.program = program
        self.tree = tree
        self.each = 'insn'
        self.env = None
        if tree:
            self.env = dict(os.environ, LD_LIBRARY_PATH=f'{tree}/{LIBRARIES}',
                            QEMU_MODULE_DIR=f'{tree}/{LIBRARIES}/qemu')

    def argv(self, job):
        """How QEMU's command begins for a run in the directory @job."""
        firmware = [word for folder in FIRMWARE if self.tree
                    for word in ('-L', f'{self.tree}/{folder}')]
        counted = [] if self.each == 'off' else [
            '-plugin', f'file={build()},out={job}/count.txt,each={self.each}']
        return [self.program, *firmware, *counted]

    def version(self):
        """What --version says first."""
        return run([self.program, '--version'], PROGRAM, env=self.env).splitlines()[0]


def takes_plugins(program):
    """Whether the QEMU @program exports what our plugin calls."""
    with open(program, 'rb') as file:
        return NEEDED in file.read()


def _missing_libraries(program, tree):
    """Libraries that @program asks for and nobody has."""
    done = subprocess.run(['ldd', program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, preexec_fn=die_in_group,
                          env=dict(os.environ, LD_LIBRARY_PATH=f'{tree}/{LIBRARIES}'))
    return [line.split()[0] for line in done.stdout.splitlines() if 'not found' in line]


def _unpack(root, suite, version, work):
    """QEMU's packages of the backports in @work, and those libraries that are not installed."""
    for package in PACKAGES:
        root.unpack(package, version if package.startswith('qemu') else root.version(package),
                    work)
    program = f'{work}/usr/bin/{PROGRAM}'
    if not takes_plugins(program):
        raise LabError(f'the QEMU {version} of {suite} does not take our plugin')
    if _missing_libraries(program, work):
        own = apt.codename()
        every = apt.Root([own, f'{own}-security', suite])
        every.update()
        for name in every.depends(f'{PACKAGES[0]}={version}'):
            if name.startswith('lib') and not apt.installed(name):
                every.unpack(name, every.version(name), work)
    missing = _missing_libraries(program, work)
    if missing:
        raise LabError(f'the QEMU {version} of {suite} wants libraries that are not here: '
                       f'{", ".join(missing)}')


def find():
    """The QEMU to count with; LabError says why there is none. What is installed on the machine
    is not touched."""
    own = shutil.which(PROGRAM)
    if own and takes_plugins(own):
        return Counting(own)
    suite = f'{apt.codename()}-backports'
    why = f'no instructions can be counted: {own or PROGRAM} takes no plugins, '
    try:
        root = apt.Root([suite])
        cached = _newest_cached(suite)
        if not cached:
            with locked('qemu'):
                cached = _newest_cached(suite)
                if not cached:
                    root.update()
                    version = root.version(PACKAGES[0])
                    # No colon, which separates folders in LD_LIBRARY_PATH.
                    cached = cache_dir('qemu') + f'/{suite}_{version.replace(":", "%3a")}'
                    with filling(cached) as work:
                        _unpack(root, suite, version, work)
    except LabError as error:
        raise LabError(f'{why}and {suite} gives none: {error}') from error
    return Counting(f'{cached}/usr/bin/{PROGRAM}', cached)


def _newest_cached(suite):
    """The tree of @suite's QEMU in the cache, or nothing. lab clean makes room for a newer one."""
    base = cache_dir('qemu')
    found = sorted(name for name in os.listdir(base) if name.startswith(f'{suite}_'))
    return f'{base}/{found[-1]}' if found else ''


def build():
    """Our plugin's shared object in the cache, built when its source changed."""
    room = os.path.join(LAB, 'count')
    files = [('file', f'{room}/{name}') for name in ('plugin.c', 'qemu_api.h', 'marker.h')]
    path = cache_dir('count') + '/' + digest(*files)
    with locked('count'):
        if not os.path.isdir(path):
            with filling(path) as work:
                run(['gcc', '-O2', '-std=gnu11', '-Wall', '-Wextra', '-Werror', '-D_GNU_SOURCE',
                     '-shared', '-fPIC', '-fvisibility=hidden', '-o', f'{work}/plugin.so',
                     f'{room}/plugin.c'], 'building the plugin that counts')
    return f'{path}/plugin.so'
