# SPDX-License-Identifier: GPL-2.0
"""Initramfs archives (newc), and which shared libraries a program needs beside it."""

import os
import re
import stat
import subprocess

from lablib.util import LabError, die_in_group


class Archive:
    """A tree that becomes an uncompressed newc archive. Paths are absolute, in the guest."""

    def __init__(self):
        self.entries = {}

    def _parents(self, path):
        parent = os.path.dirname(path)
        if parent != '/' and parent not in self.entries:
            self._parents(parent)
            self.entries[parent] = (stat.S_IFDIR | 0o755, b'')

    def data(self, path, data, mode=0o644):
        self._parents(path)
        self.entries[path] = (stat.S_IFREG | mode, data)

    def text(self, path, text, mode=0o644):
        self.data(path, text.encode(), mode)

    def directory(self, path):
        self._parents(path)
        self.entries[path] = (stat.S_IFDIR | 0o755, b'')

    def link(self, path, target):
        self._parents(path)
        self.entries[path] = (stat.S_IFLNK | 0o777, target.encode())

    def node(self, path, major, minor):
        self._parents(path)
        self.entries[path] = (stat.S_IFCHR | 0o600, (major, minor))

    def file(self, source, path):
        """A file of this machine, with its mode; a directory with all it holds."""
        if os.path.isdir(source):
            for base, _, names in os.walk(source):
                for name in names:
                    full = os.path.join(base, name)
                    self.file(full, os.path.join(path, os.path.relpath(full, source)))
            return
        with open(source, 'rb') as file:
            self.data(path, file.read(), os.stat(source).st_mode & 0o777)

    def program(self, source, path=None):
        """A file of this machine with the libraries it is linked to."""
        self.file(source, path or source)
        if not os.path.isdir(source):
            for library in libraries(source):
                if library not in self.entries:
                    self.file(library, library)

    def tree(self, where):
        """Write the tree as plain files below the directory @where."""
        for path, (mode, content) in self.entries.items():
            full = where + path
            if stat.S_ISDIR(mode):
                os.makedirs(full, exist_ok=True)
            elif stat.S_ISREG(mode):
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, 'wb') as file:
                    file.write(content)
                os.chmod(full, mode & 0o777)

    def write(self, where):
        with open(where, 'wb') as out:
            for number, path in enumerate(sorted(self.entries), 1):
                mode, content = self.entries[path]
                device = (0, 0)
                if stat.S_ISCHR(mode):
                    device, content = content, b''
                _record(out, path[1:], mode, content, number, device)
            _record(out, 'TRAILER!!!', 0, b'', 0, (0, 0))


def _record(out, name, mode, content, number, device):
    fields = (number, mode, 0, 0, 2 if stat.S_ISDIR(mode) else 1, 0, len(content), 0, 0,
              *device, len(name) + 1, 0)
    header = b'070701' + b''.join(b'%08x' % field for field in fields) + name.encode() + b'\0'
    out.write(header + bytes(-len(header) % 4))
    out.write(content)
    out.write(bytes(-len(content) % 4))


def libraries(program):
    """Paths of the libraries that @program loads, the dynamic loader included."""
    with open(program, 'rb') as file:
        if file.read(4) != b'\x7fELF':
            return []
    done = subprocess.run(['ldd', program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, preexec_fn=die_in_group)
    if 'not found' in done.stdout:
        raise LabError(f'{program} needs libraries that are not installed:\n{done.stdout}')
    return re.findall(r'(/\S+) \(0x', done.stdout)
