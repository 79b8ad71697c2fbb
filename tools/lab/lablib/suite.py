# SPDX-License-Identifier: GPL-2.0
"""Builds modules for kernels of Debian suites other than the machine's own: in a root file system
of the suite, made by debootstrap and kept in the cache, with the suite's compiler and the kernel's
own headers package. Nothing of it is mounted outside of a namespace that ends with the command."""

import os
import re
import shutil
import subprocess

from lablib import apt
from lablib.util import TOP, LabError, cache_dir, digest, die_in_group, filling, locked, run, say

PACKAGES = ('make', 'binutils')    # beside the headers, which bring their compiler
BUILD = '/build'                    # inside: where the tree to build is
SCRIPTS = '/usr/share/debootstrap/scripts'
NAMESPACE = ('unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc')
APT_OPTIONS = ('-qq', '-y', '--no-install-recommends', '-o', 'Dpkg::Use-Pty=0',
               '-o', 'DPkg::Options::=--force-unsafe-io')
ENVIRONMENT = {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': '/root', 'LC_ALL': 'C.UTF-8',
               'DEBIAN_FRONTEND': 'noninteractive'}


def can_mount():
    """Whether this process may mount in a namespace of its own; containers often may not."""
    done = subprocess.run([*NAMESPACE, 'mount', '-t', 'tmpfs', 'none', '/mnt'], check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, preexec_fn=die_in_group)
    return done.returncode == 0


class Suite:
    """The root file system of the suite called @name."""

    def __init__(self, name):
        self.name = name
        self.key = digest(name, *PACKAGES)
        self.path = os.path.join(cache_dir('suites'), f'{name}-{self.key}')
        self.mounts = can_mount()

    def _lock(self, shared=False):
        return locked(f'suite-{self.name}-{self.key}', shared)

    def headers(self, kernel):
        """The headers of @kernel inside the root, as the machine sees them."""
        return f'{self.path}/usr/src/linux-headers-{kernel.release}'

    def _mounted(self, tree=''):
        """What to put before a command so that the root has /proc, and @tree at BUILD, for as
        long as the command runs; nothing where mounting is not allowed."""
        if not self.mounts:
            return []
        return [*NAMESPACE, 'sh', '-euc', 'mount -t proc proc "$1/proc"; '
                '[ -z "$2" ] || mount --bind "$2" "$1$3"; shift 3; exec "$@"', 'sh', self.path,
                tree, BUILD]

    def _apt(self, root, what, *command):
        """The machine's apt, with its own proxies and keys, at work on the root."""
        archives = f'{self.path}/var/cache/apt/archives'
        os.makedirs(f'{archives}/partial', exist_ok=True)
        run([*self._mounted(), 'apt-get', *root.options,
             '-o', f'Dir::State::status={self.path}/var/lib/dpkg/status',
             '-o', f'Dir::Cache::archives={archives}',
             '-o', f'DPkg::Chroot-Directory={self.path}', *APT_OPTIONS, *command], what,
            env={**os.environ, 'DEBIAN_FRONTEND': 'noninteractive', 'LC_ALL': 'C.UTF-8'})
        for name in os.listdir(archives):
            if name.endswith('.deb'):
                os.unlink(f'{archives}/{name}')

    def _bootstrap(self):
        mirror = apt.mirrors()['main'][0]
        # A suite younger than the machine's debootstrap is made as the newest one is.
        script = self.name if os.path.exists(f'{SCRIPTS}/{self.name}') else 'sid'
        say(f'making a root of {self.name} to build in: a minute or two')
        with filling(self.path) as work:
            run([*(NAMESPACE if self.mounts else ()), 'debootstrap', '--variant=minbase',
                 f'--keyring={apt.KEYRING}', self.name, work, mirror, f'{SCRIPTS}/{script}'],
                f'debootstrap {self.name}')
            for name in os.listdir(f'{work}/var/cache/apt/archives'):
                if name.endswith('.deb'):
                    os.unlink(f'{work}/var/cache/apt/archives/{name}')

    def prepare(self, kernel):
        """Make the root when it is not there and put the headers of @kernel into it."""
        if os.geteuid():
            raise LabError(f'kernel {kernel.release} is built with the compiler of {self.name}, in '
                           'a root of that suite, which takes root\'s rights: run as root, or give '
                           'modules built elsewhere with --modules')
        if not shutil.which('debootstrap'):
            raise LabError('debootstrap is not installed; run: make setup')
        changing = f'{self.path}/.changing'
        package = f'linux-headers-{kernel.release}'
        with self._lock():
            if os.path.exists(changing):
                say(f'the root of {self.name} was left half made: making it anew')
                shutil.rmtree(self.path)
            if not os.path.isdir(self.path):
                self._bootstrap()
            if os.path.exists(f'{self.path}/.have-{package}_{kernel.version}'):
                return
            suites = [self.name] + [suite for suite in kernel.suites if suite != self.name]
            root = apt.Root(suites)
            root.update()
            with open(changing, 'w', encoding='ascii'):
                pass
            say(f'putting {package} and its compiler into the root of {self.name}')
            self._apt(root, f'installing {package} in the root of {self.name}', 'install',
                      *PACKAGES, f'{package}={kernel.version}')
            with open(f'{self.path}/.have-{package}_{kernel.version}', 'w', encoding='ascii'):
                pass
            os.unlink(changing)

    def make(self, kernel, tree, *arguments):
        """Run the kernel's make in the root on the module sources in @tree; gives back
        (status, what it said). The results are in @tree, whose name inside is BUILD."""
        self.prepare(kernel)
        os.makedirs(self.path + BUILD, exist_ok=True)
        inside = ['chroot', self.path, 'make', '-C', f'/usr/src/linux-headers-{kernel.release}',
                  f'M={BUILD}', *arguments]
        if self.mounts:
            with self._lock(shared=True):
                return _run([*self._mounted(tree), *inside], env=ENVIRONMENT)
        # No right to mount: the tree goes in and the results come back as copies. Newer kernels'
        # objtool ends without a /proc that says where its stack is; it looks there only when it
        # crashes, so that any answer does.
        maps = f'{self.path}/proc/self/maps'
        with self._lock():
            try:
                os.makedirs(os.path.dirname(maps), exist_ok=True)
                shutil.copyfile('/proc/self/maps', maps)
                shutil.rmtree(self.path + BUILD)
                shutil.copytree(tree, self.path + BUILD, symlinks=True)
                status, said = _run(inside, env=ENVIRONMENT)
                shutil.copytree(self.path + BUILD, tree, symlinks=True, dirs_exist_ok=True)
            finally:
                shutil.rmtree(self.path + BUILD, ignore_errors=True)
            return status, said


def _run(argv, **kwargs):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors='replace', check=False,
                          preexec_fn=die_in_group, **kwargs)
    return done.returncode, done.stdout


def _is_own(kernel):
    return kernel.toolchain == apt.codename()


def headers(kernel):
    """The headers of @kernel that build() uses: a folder with its Module.symvers and .config."""
    if _is_own(kernel):
        return kernel.headers()
    suite = Suite(kernel.toolchain)
    suite.prepare(kernel)
    return suite.headers(kernel)


def build(kernel, where, *arguments):
    """Build our modules for @kernel in the folder @where with the compiler of its suite: on the
    machine itself or in a root. @arguments go to make. Gives back (status, what it said)."""
    if _is_own(kernel):
        return _run(['make', '-C', TOP, 'modules', f'KVER={kernel.release}',
                     f'KDIR={kernel.headers()}', f'B={where}', *arguments])
    run(['make', '-s', '-C', TOP, 'copy', f'B={where}'], 'copying the sources')
    status, said = Suite(kernel.toolchain).make(kernel, where, *arguments, 'modules')
    return status, said.replace(BUILD + '/', where + '/')


def complaints(said):
    """The lines of a build's output that are errors or warnings, its first ones first."""
    return [line for line in said.splitlines()
            if re.search(r'\b(error|warning):|\b(ERROR|WARNING):|\*\*\* (?!\[|Waiting)', line)]
