# SPDX-License-Identifier: GPL-2.0
"""The debug kernels: Debian's kernel source built with tools/lab/kernel/debug.config, kept in
the cache in the layout of a packaged kernel and keyed by what made it."""

import json
import os
import shutil
import subprocess
import time

from lablib import apt, source
from lablib.util import LAB, LabError, cache_dir, digest, filling, run, say

# name: the source package's line
LINES = {'debug': '6.1', 'debug-6.12': '6.12'}
FRAGMENT = os.path.join(LAB, 'kernel', 'debug.config')
LOCALVERSION = '-hvic-debug'
# On the command line of each: what hangs ends the guest, with its stacks in the log.
APPEND = 'softlockup_panic=1 hung_task_panic=1'
# What modules outside the tree are built with; everything else of the tree goes.
KEPT = {'Makefile', 'Kconfig', 'Module.symvers', '.config', 'module.lds'}


def _fragments(name):
    """debug.config, and what the kernel called @name wants otherwise."""
    other = os.path.join(os.path.dirname(FRAGMENT), f'{name}.config')
    return [FRAGMENT, other] if other != FRAGMENT and os.path.exists(other) else [FRAGMENT]


def _asked(name):
    """{option: value} of the fragments: "CONFIG_A=y", or "CONFIG_A=n" for what is not to be."""
    asked = {}
    for fragment in _fragments(name):
        with open(fragment, encoding='utf-8') as file:
            asked.update(line.rstrip('\n').split('=', 1) for line in file
                         if line.startswith('CONFIG_'))
    return asked


def _configure(tree, name):
    """tinyconfig, the fragments over it, and proof that nothing of them was dropped."""
    run(['make', '-s', '-C', tree, 'tinyconfig'], 'tinyconfig')
    run(['scripts/kconfig/merge_config.sh', '-m', '.config', *_fragments(name)],
        'merging debug.config', cwd=tree)
    run(['scripts/config', '--set-str', 'LOCALVERSION', LOCALVERSION], 'LOCALVERSION', cwd=tree)
    run(['make', '-s', '-C', tree, 'olddefconfig'], 'olddefconfig')
    with open(f'{tree}/.config', encoding='utf-8') as file:
        made = dict(line.rstrip('\n').split('=', 1) for line in file
                    if line.startswith('CONFIG_'))
    lost = [key for key, value in _asked(name).items() if made.get(key, 'n') != value]
    if lost:
        raise LabError(f'the kernel {name} would not have what {" and ".join(_fragments(name))} '
                       f'ask: {", ".join(lost)}')


def _trim(tree):
    """Leave in @tree what external modules and kunit.py need."""
    for name in ('Documentation', 'samples', 'debian'):
        shutil.rmtree(f'{tree}/{name}', ignore_errors=True)
    whole = [f'{tree}/{name}' for name in ('scripts', 'include', 'tools/objtool',
                                           'tools/testing/kunit', 'arch/x86/include')]
    for base, dirs, names in os.walk(tree):
        dirs[:] = [name for name in dirs if f'{base}/{name}' not in whole
                   and not os.path.islink(f'{base}/{name}')]
        for name in names:
            if name not in KEPT and not name.startswith(('Makefile', 'Kbuild', 'Kconfig')):
                os.unlink(f'{base}/{name}')


def key(name):
    """What makes one debug kernel differ from another of the same source."""
    return digest(*(('file', path) for path in _fragments(name)),
                  run(['gcc', '--version'], 'gcc').splitlines()[0])


def build(name):
    """The cached debug kernel called @name, built when it is not there: a directory."""
    root, package, version = source.find(LINES[name])
    path = cache_dir('kernels') + f'/{name}_{version}_{key(name)}'
    if os.path.isdir(path):
        return path
    began = time.monotonic()
    with filling(path) as work:
        tree = f'{work}/tree'
        source.unpack(root, package, version, tree)
        _configure(tree, name)
        say(f'building the debug kernel from {package} {version}: ten minutes on two cores')
        # nice: the tests that run meanwhile are waited for, this is not.
        run(['nice', 'make', '-s', '-C', tree, f'-j{os.cpu_count() or 1}', 'bzImage', 'modules'],
            'building the debug kernel')
        release = run(['make', '-s', '-C', tree, 'kernelrelease'], 'kernelrelease').strip()
        run(['make', '-s', '-C', tree, 'modules_install', f'INSTALL_MOD_PATH={work}/install',
             'DEPMOD=true'], 'installing the modules of the debug kernel')
        os.rename(f'{work}/install/lib/modules/{release}', f'{work}/modules')
        for link in ('build', 'source'):
            if os.path.islink(f'{work}/modules/{link}'):
                os.unlink(f'{work}/modules/{link}')
        shutil.rmtree(f'{work}/install')
        shutil.move(f'{tree}/arch/x86/boot/bzImage', f'{work}/vmlinuz')
        shutil.copy(f'{tree}/.config', f'{work}/config')
        _trim(tree)
        os.makedirs(f'{work}/headers/usr/src')
        os.rename(tree, f'{work}/headers/usr/src/linux-headers-{release}')
        with open(f'{work}/kernel.json', 'w', encoding='utf-8') as file:
            json.dump({'name': name, 'release': release, 'package': package, 'version': version,
                       'suites': root.suites, 'toolchain': apt.codename()}, file)
    size = subprocess.run(['du', '-sm', path], capture_output=True, text=True, check=False)
    say(f'the debug kernel took {time.monotonic() - began:.0f} s and {size.stdout.split()[0]} MiB')
    return path
