# SPDX-License-Identifier: GPL-2.0
"""Single files of the kernel's source as Debian has it, kept in the cache."""

import glob
import os
import shutil

from lablib import apt
from lablib.util import cache_dir, filling, locked, run

LINE = '6.1'
# What is kept; the rest of the archive is thrown away.
KEPT = ('tools/hv/lsvmbus',)


def file(name):
    """The path of a copy of the source's file @name, one of KEPT; downloaded when first wanted."""
    own = apt.codename()
    key = '+'.join(KEPT).replace('/', '-')
    path = cache_dir('source') + f'/linux-{LINE}_{own}_{key}'
    with locked('source-' + LINE):
        if not os.path.isdir(path):
            root = apt.Root([own, f'{own}-security'])
            root.update()
            package = f'linux-source-{LINE}'
            with filling(path) as work:
                root.unpack(package, root.version(package), f'{work}/deb')
                archive, = glob.glob(f'{work}/deb/usr/src/linux-source-*.tar.xz')
                run(['tar', '-xJf', archive, '-C', work, '--strip-components=1', '--wildcards',
                     *(f'*/{kept}' for kept in KEPT)], 'unpacking the source')
                shutil.rmtree(f'{work}/deb')
    return os.path.join(path, name)
