# SPDX-License-Identifier: GPL-2.0
"""Debian root file systems that guests boot from a synthetic disk: a tree made by debootstrap and
the recipe, kept in the cache; a disk image of such a tree; and what the lab reads from an image
and writes into it, with e2fsprogs' debugfs, so that nothing is mounted."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import uuid

from lablib import apt, bzimage, guest
from lablib.util import EXIT_USAGE, LAB, LabError, cache_dir, die_in_group, digest, filling
from lablib.util import locked, run, say

ROOM = os.path.join(LAB, 'root')
# suite: (its kernels, the suites in its apt sources, further packages)
SUITES = {
    'bullseye': (r'linux-image-(5\.10\.0-\d+-amd64)', ('bullseye', 'bullseye-security'),
                 ('isc-dhcp-client',)),
    'bookworm': (r'linux-image-(6\.1\.0-\d+-amd64)', ('bookworm', 'bookworm-security'),
                 ('isc-dhcp-client',)),
    'trixie': (r'linux-image-(6\.12\.\d+\+deb13(?:\.\d+)?-amd64)',
               ('trixie', 'trixie-security', 'trixie-backports'), ('dhcpcd-base', 'xz-utils')),
}
DEFAULT_SUITE = 'bookworm'
ABOUT = 'etc/hvic-root.json'    # in a tree: what it was made from, and its file system's UUID
PARTITION = 1 << 20             # where the one partition of an image begins
SPARE = 768 << 20               # bytes that are free in an image
SERVICE = 'etc/systemd/system/default.target.wants/hvic-lab.service'


def parse(text):
    """--root as ('debian', suite) or ('tree', directory); None is the initramfs."""
    kind, _, suite = text.partition(':')
    if text == 'initramfs':
        return None
    if kind == 'debian':
        suite = suite or DEFAULT_SUITE
        if suite not in SUITES:
            raise LabError(f'--root {text}: the suites are {", ".join(SUITES)}', EXIT_USAGE)
        return 'debian', suite
    if os.path.exists(os.path.join(text, ABOUT)):
        return 'tree', os.path.abspath(text)
    raise LabError(f'--root {text}: initramfs, debian[:SUITE] or a tree that lab root made',
                   EXIT_USAGE)


def about(tree):
    """What a tree's recipe noted."""
    with open(os.path.join(tree, ABOUT), encoding='utf-8') as file:
        return json.load(file)


def enter_command(tree, argv):
    """The command that runs @argv as root in @tree, see root/enter."""
    if os.geteuid():
        raise LabError('a Debian root is made and changed by root alone (debootstrap, chroot)',
                       EXIT_USAGE)
    return ['unshare', '--mount', '--pid', '--fork', '--kill-child', os.path.join(ROOM, 'enter'),
            tree, *argv]


def order(release):
    return [int(part) for part in re.findall(r'\d+', release)]


def _kernel(suite):
    """The second newest kernel of @suite, so that there is a newer one to install later."""
    pattern, suites, _ = SUITES[suite]
    root = apt.Root(list(suites[:2]))
    root.update()
    found = {match.group(1) for match in (re.fullmatch(pattern, name) for name in root.names())
             if match}
    if not found:
        raise LabError(f'the mirror has no kernel {pattern} in {", ".join(suites[:2])}')
    return sorted(found, key=order)[-2:][0]


def _sources(suites):
    """An apt sources.list of @suites on this machine's mirrors."""
    mirrors = apt.mirrors()
    return ''.join(f'deb {uri} {suite} main\n' for suite in suites for uri in
                   mirrors['security' if suite.endswith('-security') else 'main'][:1])


def _proxy():
    """How this machine's apt gets past its network's edge, for the tree's."""
    return ''.join(f'{line}\n' for line in run(['apt-config', 'dump'], 'apt-config').splitlines()
                   if re.match(r'Acquire::https?::Proxy', line))


def _debootstrap(suite, tree):
    release, number = _kernel(suite), str(uuid.uuid4())
    _, suites, packages = SUITES[suite]
    say(f'installing Debian {suite} with kernel {release}: some minutes')
    run(['unshare', '--mount', '--pid', '--fork', '--kill-child', 'debootstrap',
         '--variant=minbase', f'--keyring={apt.KEYRING}', suite, tree, apt.mirrors()['main'][0]],
        f'debootstrap of {suite}')
    with open(f'{tree}/etc/apt/sources.list', 'w', encoding='utf-8') as file:
        file.write(_sources(suites))
    with open(f'{tree}/etc/apt/apt.conf.d/91proxy', 'w', encoding='utf-8') as file:
        file.write(_proxy())
    shutil.copy(f'{ROOM}/recipe', f'{tree}/recipe')
    run(enter_command(tree, ['/recipe', release, number, *packages]), f'the recipe of {suite}')
    os.unlink(f'{tree}/recipe')
    shutil.copy(f'{ROOM}/hvic-lab.service', f'{tree}/etc/systemd/system')
    os.makedirs(os.path.dirname(f'{tree}/{SERVICE}'), exist_ok=True)
    os.symlink('/etc/systemd/system/hvic-lab.service', f'{tree}/{SERVICE}')
    with open(f'{tree}/{ABOUT}', 'w', encoding='utf-8') as file:
        json.dump({'suite': suite, 'kernel': release, 'uuid': number}, file)


def cached(suite):
    """The directory of the cache that holds tree/ and image of @suite, made when not there."""
    files = [('file', f'{ROOM}/{name}') for name in ('recipe', 'enter', 'hvic-lab.service')]
    path = cache_dir('roots') + f'/{suite}-{digest(repr(SUITES[suite]), *files)}'
    with locked(f'root-{suite}'):
        if not os.path.isdir(path):
            with filling(path) as work:
                _debootstrap(suite, f'{work}/tree')
                image(f'{work}/tree', f'{work}/image')
    return path


def copy_tree(suite, where):
    """A tree of one's own at @where."""
    if os.path.lexists(where):
        raise LabError(f'{where} is there already', EXIT_USAGE)
    os.makedirs(os.path.dirname(os.path.abspath(where)), exist_ok=True)
    run(['cp', '-a', '--reflink=auto', f'{cached(suite)}/tree', where], f'copying to {where}')


def image(tree, path):
    """Write a disk with one ext4 partition that holds @tree to @path."""
    used = int(run(['du', '-s', '--block-size=1', tree], 'du').split()[0])
    size = (used * 5 // 4 + SPARE) >> 20 << 20
    with open(path, 'wb') as file:
        file.truncate(size + 2 * PARTITION)
    subprocess.run(['sfdisk', '--quiet', path], check=True, text=True, preexec_fn=die_in_group,
                   input=f'label: gpt\nstart={PARTITION >> 9}, size={size >> 9}, type=linux\n')
    run(['mke2fs', '-q', '-F', '-t', 'ext4', '-U', about(tree)['uuid'], '-E',
         f'offset={PARTITION}', '-d', tree, path, f'{size >> 10}k'], 'mke2fs')


class Image:
    """A disk image that image() made."""

    def __init__(self, path):
        self.path = path

    def _debugfs(self, lines, write=False):
        """Run debugfs on @lines. It says what went wrong and ends with 0 all the same."""
        done = subprocess.run(['debugfs', *(['-w'] if write else []), '-f', '-',
                               f'{self.path}?offset={PARTITION}'], preexec_fn=die_in_group,
                              input=''.join(f'{line}\n' for line in lines), text=True,
                              errors='replace', stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False)
        said = [line for line in done.stderr.splitlines() if not re.match(r'debugfs \d', line)]
        if done.returncode or said:
            raise LabError(f'debugfs on {self.path}: {"; ".join(said[:5])}')
        return done.stdout

    def _resolve(self, path):
        """The path of the file that a symbolic link in the root directory leads to."""
        said = self._debugfs([f'stat {path}'])
        match = re.search(r'Fast link dest: "(.*)"', said)
        return '/' + match.group(1).lstrip('/') if match else path

    def boot_files(self, release, where):
        """Read the kernel that boots (@release, or the one that /vmlinuz names) and its
        initramfs to @where/vmlinuz and @where/initrd."""
        for name in ('vmlinuz', 'initrd'):
            plain = 'initrd.img' if name == 'initrd' else name
            source = f'/boot/{plain}-{release}' if release else self._resolve(f'/{plain}')
            try:
                self._debugfs([f'dump {source} {where}/{name}'])
            except LabError as error:
                raise LabError(f'the root has no {source}: {error}', EXIT_USAGE) from error

    def write(self, files):
        """Put @files, {path in the root: (content or file here, mode)}, into the image."""
        with tempfile.TemporaryDirectory(prefix='hvic-root-') as work:
            lines, made = [], set()
            for number, (dest, (content, mode)) in enumerate(files.items()):
                source = f'{work}/{number}'
                if isinstance(content, bytes):
                    with open(source, 'wb') as file:
                        file.write(content)
                else:
                    shutil.copy(content, source)
                os.chmod(source, mode)
                parts = dest.strip('/').split('/')[:-1]
                for depth in range(1, len(parts) + 1):
                    folder = '/' + '/'.join(parts[:depth])
                    if folder not in made and not self.has(folder):
                        lines.append(f'mkdir {folder}')
                    made.add(folder)
                if self.has(dest):
                    lines.append(f'rm {dest}')
                lines.append(f'write {source} {dest}')
            self._debugfs(lines, write=True)

    def has(self, path):
        """Whether @path is in the image."""
        try:
            self._debugfs([f'stat {path}'])
        except LabError:
            return False
        return True


def prepare(root, options, job):
    """Make what boots @root in the directory @job: kernel, initrd and the root's disk, a copy of
    its own. Returns the disk's path and words for the kernel's command line."""
    kind, name = root
    disk = f'{job}/root.img'
    if kind == 'debian':
        tree = f'{cached(name)}/tree'
        run(['cp', '--sparse=always', '--reflink=auto', f'{cached(name)}/image', disk],
            'copying the root\'s disk')
    else:
        tree = name
        image(tree, disk)
    disk_image = Image(disk)
    disk_image.boot_files(options.kernel, job)
    elf = bzimage.payload(f'{job}/vmlinuz')
    with open(f'{job}/kernel', 'wb') as file:
        if elf and elf[:4] == b'\x7fELF':
            file.write(bzimage.trim(elf))
        else:
            with open(f'{job}/vmlinuz', 'rb') as packed:
                file.write(packed.read())
    files = {
        '/lab/agent': (guest.agent(), 0o755),
        '/lab/bin/hostctl': (guest.agent(), 0o755),
        '/lab/bin/hvic-count': (guest.hvic_count(options.count), 0o755),
        '/lab/start': (os.path.join(ROOM, 'start'), 0o755),
        '/lab/mode': (options.mode.encode() + b'\n', 0o644),
        '/lab/command': (guest.command_data(options.command), 0o644),
    }
    for spec in options.add:
        path, _, dest = spec.partition(':')
        path = guest.find_program(path)
        files[dest or f'/lab/bin/{os.path.basename(path)}'] = (path, os.stat(path).st_mode & 0o777)
    disk_image.write(files)
    return disk, ['root=UUID=' + about(tree)['uuid'], 'ro']
