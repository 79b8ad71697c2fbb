# SPDX-License-Identifier: GPL-2.0
"""The kernel's source as Debian has it: whole, to build from, and single files of it, kept in the
cache."""

import glob
import os
import shutil

from lablib import apt
from lablib.util import LabError, cache_dir, digest, filling, locked, run, say

# The suites to look for the source package of a line in, tried in order: those of the machine
# itself, and where it is older than the machine, the suite that it came with.
SUITES = {
    '6.1': (('{own}', '{own}-security'), ('bookworm', 'bookworm-security')),
    '6.12': (('{own}-backports', '{own}-security'), ('{own}', '{own}-security')),
}
LINE = '6.1'
# What is kept of it for file(); the rest of the archive is thrown away.
KEPT = ('tools/hv/lsvmbus',)


def find(line):
    """(apt root, package, version) of the source package of the kernel's line, one of SUITES."""
    tried = []
    for suites in SUITES[line]:
        suites = [suite.format(own=apt.codename()) for suite in suites]
        tried += suites
        root = apt.Root(suites)
        try:
            root.update()
            return root, f'linux-source-{line}', root.version(f'linux-source-{line}')
        except LabError as error:
            say(str(error).splitlines()[0])
    raise LabError(f'no mirror of this machine has linux-source-{line}: looked in '
                   f'{", ".join(tried)}')


def unpack(root, package, version, tree, *names):
    """Put the source, or only its files @names, into the folder @tree, which is made."""
    os.makedirs(tree)
    deb = f'{tree}.deb'
    root.unpack(package, version, deb)
    archive, = glob.glob(f'{deb}/usr/src/linux-source-*.tar.xz')
    run(['tar', '-xJf', archive, '-C', tree, '--strip-components=1', '--wildcards',
         *(f'*/{name}' for name in names)], 'unpacking the source')
    shutil.rmtree(deb)


def file(name):
    """The path of a copy of the source's file @name, one of KEPT; downloaded when first wanted,
    and again when there is another version."""
    where = cache_dir('source')
    key = digest(*KEPT)
    with locked('source-' + LINE):
        try:
            root, package, version = find(LINE)
        except LabError:
            # Without a mirror: the newest that is there.
            kept = sorted(glob.glob(f'{where}/linux-{LINE}_*_{key}'), key=os.path.getmtime)
            if not kept:
                raise
            return os.path.join(kept[-1], name)
        path = f'{where}/linux-{LINE}_{version}_{key}'
        if not os.path.isdir(path):
            with filling(path) as work:
                unpack(root, package, version, f'{work}/tree', *KEPT)
                for kept in KEPT:
                    os.makedirs(os.path.dirname(f'{work}/{kept}'), exist_ok=True)
                    os.rename(f'{work}/tree/{kept}', f'{work}/{kept}')
                shutil.rmtree(f'{work}/tree')
    return os.path.join(path, name)
