# SPDX-License-Identifier: GPL-2.0
"""The kernels that guests run: which Debian package each name means, its image and modules
in the cache, and headers to build modules against."""

import json
import lzma
import os
import re
import shutil

from lablib import apt, debugkernel
from lablib.util import EXIT_USAGE, LabError, cache_dir, filling, locked, say

# name: (which packages, the suites to look in (tried in order), the suite whose compiler made it)
# '{own}' is the machine's own suite.
LINES = {
    '5.10': (r'linux-image-5\.10\.0-\d+-amd64', (('bullseye', 'bullseye-security'),), 'bullseye'),
    '6.1': (r'linux-image-6\.1\.0-\d+-amd64', (('{own}', '{own}-security'),), 'bookworm'),
    '6.1-rt': (r'linux-image-6\.1\.0-\d+-rt-amd64', (('{own}', '{own}-security'),), 'bookworm'),
    '6.12': (r'linux-image-6\.12\.\d+(\+deb12(\.\d+)?|\+deb13(\.\d+)?)?-amd64',
             (('{own}-security',), ('{own}-backports',), ('trixie',)), 'bookworm'),
    '7.2': (r'linux-image-7\.2\.\d+(\+deb14(\.\d+)?)?-amd64', (('forky',),), 'forky'),
    '7.3': (r'linux-image-7\.3\.\d+(\+deb13(\.\d+)?)?-amd64', (('trixie-backports',),), 'trixie'),
}

NAMES = (*LINES, *debugkernel.LINES)


class Kernel:
    """A kernel in the cache. release: what uname -r says; image: the bzImage; modules: its
    /lib/modules/RELEASE; toolchain: the suite of its compiler; package, version: its origin."""

    def __init__(self, path):
        with open(os.path.join(path, 'kernel.json'), encoding='utf-8') as file:
            about = json.load(file)
        self.path = path
        self.name = about['name']
        self.release = about['release']
        self.package = about['package']
        self.version = about['version']
        self.suites = about['suites']
        self.toolchain = about['toolchain']
        self.append = debugkernel.APPEND if self.name in debugkernel.LINES else ''
        self.image = os.path.join(path, 'vmlinuz')
        self.modules = os.path.join(path, 'modules')
        self.key = f'{self.package}_{self.version}'

    def config(self):
        """CONFIG_ options that are set, with their values."""
        found = {}
        with open(os.path.join(self.path, 'config'), encoding='utf-8') as file:
            for line in file:
                if line.startswith('CONFIG_'):
                    key, value = line.rstrip('\n').split('=', 1)
                    found[key] = value
        return found

    def headers(self):
        """A KDIR to build modules against, unpacked into the cache when first asked for."""
        path = os.path.join(self.path, 'headers')
        with locked('kernel-' + self.name):
            if not os.path.isdir(path):
                root = apt.Root(self.suites)
                root.update()
                unpack_headers(root, self.release, path)
        return os.path.join(path, 'usr', 'src', f'linux-headers-{self.release}')


def order(text):
    """For sorting versions: numbers by value."""
    return [int(part) if part.isdigit() else part for part in re.findall(r'\d+|\D+', text)]


def _find(name):
    """(apt root, package, version) of the newest kernel of the line @name."""
    pattern, choices, _ = LINES[name]
    own = apt.codename()
    tried = []
    for suites in choices:
        suites = [suite.format(own=own) for suite in suites]
        tried += suites
        root = apt.Root(suites)
        try:
            root.update()
        except LabError as error:
            say(str(error).splitlines()[0])
            continue
        names = [p for p in root.names() if re.fullmatch(pattern, p)]
        if names:
            package = max(names, key=order)
            return root, package, root.version(package)
    raise LabError(f'no mirror of this machine has a kernel {name}: looked for {pattern} in '
                   f'{", ".join(tried)}')


def _take(tree, release, part, where):
    """Move the kernel's @part to @where: in /boot, or beside the modules in newer packages."""
    for path in (f'{tree}/boot/{part}-{release}', f'{tree}/usr/lib/modules/{release}/{part}',
                 f'{tree}/lib/modules/{release}/{part}'):
        if os.path.exists(path):
            os.rename(path, where)
            return
    raise LabError(f'the packages of kernel {release} hold no {part}')


def _fetch(name):
    root, package, version = _find(name)
    release = package[len('linux-image-'):]
    path = cache_dir('kernels') + f'/{package}_{version}'
    if not os.path.isdir(path):
        with filling(path) as work:
            tree = os.path.join(work, 'tree')
            parts = [f'linux-{part}-{release}' for part in ('binary', 'modules', 'base')]
            for part in [package] + [dep for dep in root.depends(package) if dep in parts]:
                root.unpack(part, root.version(part), tree)
            for part in ('vmlinuz', 'config'):
                _take(tree, release, part, f'{work}/{part}')
            for modules in (f'{tree}/usr/lib/modules/{release}', f'{tree}/lib/modules/{release}'):
                if os.path.isdir(modules):
                    os.rename(modules, f'{work}/modules')
            shutil.rmtree(tree)
            with open(f'{work}/kernel.json', 'w', encoding='utf-8') as file:
                json.dump({'name': name, 'release': release, 'package': package,
                           'version': version, 'suites': root.suites,
                           'toolchain': LINES[name][2] if '+deb13' not in release else 'trixie'},
                          file)
    return path


def unpack_headers(root, release, path, programs=None):
    """Unpack the headers of @release, their common part and kbuild's programs to @path, and point
    them at each other inside the cache instead of /usr. @programs is the apt root of the machine's
    own architecture when @root is one of another."""
    package = f'linux-headers-{release}'
    wanted = [package] + [name for name in root.depends(package)
                          if re.match(r'linux-(headers|kbuild)-', name)]
    with filling(path) as work:
        for name in wanted:
            source = programs if programs and name.startswith('linux-kbuild-') else root
            source.unpack(name, source.version(name), work)
        for base, dirs, files in os.walk(os.path.join(work, 'usr')):
            for entry in dirs + files:
                full = os.path.join(base, entry)
                if os.path.islink(full):
                    target = os.readlink(full)
                    absolute = os.path.normpath(os.path.join(base[len(work):], target))
                    if absolute.startswith('/usr/'):
                        os.unlink(full)
                        os.symlink(path + absolute, full)
            if os.path.dirname(base) == os.path.join(work, 'usr', 'src'):
                makefile = os.path.join(base, 'Makefile')
                with open(makefile, encoding='utf-8') as file:
                    text = file.read()
                if '/usr/src/' in text and len(text) < 1000:
                    with open(makefile, 'w', encoding='utf-8') as file:
                        file.write(text.replace('/usr/src/', f'{path}/usr/src/'))


def get(name, refresh=False):
    """The kernel called @name, one of NAMES or the directory of one in this layout."""
    if os.path.sep in name:
        if not os.path.exists(os.path.join(name, 'kernel.json')):
            raise LabError(f'{name} is no kernel directory (kernel.json, vmlinuz, config, '
                           'modules/)', EXIT_USAGE)
        return Kernel(os.path.abspath(name))
    if name not in NAMES:
        raise LabError(f'no kernel {name!r}: {", ".join(NAMES)}, or a directory', EXIT_USAGE)
    debug = name in debugkernel.LINES
    pointer = cache_dir('kernels') + f'/{name}{"-" + debugkernel.key(name) if debug else ""}.current'
    with locked('kernel-' + name):
        path = ''
        if os.path.exists(pointer) and not refresh:
            with open(pointer, encoding='utf-8') as file:
                path = cache_dir('kernels') + '/' + file.read()
        if not os.path.isdir(path) or path.endswith('/'):
            path = debugkernel.build(name) if debug else _fetch(name)
            with open(pointer + '.new', 'w', encoding='utf-8') as file:
                file.write(os.path.basename(path))
            os.rename(pointer + '.new', pointer)
    return Kernel(path)


def module_data(path):
    """The plain bytes of a module file, which Debian compresses from 6.12 on."""
    with open(path, 'rb') as file:
        data = file.read()
    return lzma.decompress(data) if path.endswith('.xz') else data
