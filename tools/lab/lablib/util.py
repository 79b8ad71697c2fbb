# SPDX-License-Identifier: GPL-2.0
"""Small things that every part of the lab uses: where caches live, how a failure is told,
and how a child process is started so that it never outlives the lab."""

import contextlib
import ctypes
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..', '..'))
LAB = os.path.join(TOP, 'tools', 'lab')

EXIT_USAGE = 2
EXIT_TIMEOUT = 124
EXIT_NO_GUEST = 125

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


class LabError(Exception):
    """Something that a person has to know: one line, and the lab's exit status."""

    def __init__(self, text, status=EXIT_NO_GUEST):
        super().__init__(text)
        self.status = status


def say(text):
    """One line of progress on stderr, which leaves stdout to the guest's command."""
    print(f'lab: {text}', file=sys.stderr, flush=True)


def cache_dir(*parts):
    base = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    path = os.path.join(base, 'hvic', *parts)
    os.makedirs(path, exist_ok=True)
    return path


def build_dir(*parts):
    path = os.path.join(TOP, 'build', *parts)
    os.makedirs(path, exist_ok=True)
    return path


@contextlib.contextmanager
def locked(name, shared=False):
    """Hold the cache's lock @name: two labs may want the same kernel at the same time."""
    with open(os.path.join(cache_dir('locks'), name), 'w', encoding='ascii') as file:
        fcntl.flock(file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield


def digest(*parts):
    """A short key of strings, bytes and the content of files (given as ('file', path))."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, tuple):
            with open(part[1], 'rb') as file:
                part = file.read()
        elif isinstance(part, str):
            part = part.encode()
        total.update(len(part).to_bytes(8, 'little') + part)
    return total.hexdigest()[:16]


@contextlib.contextmanager
def filling(path):
    """A temporary directory that becomes @path when the block ends well, so that a cache
    entry is whole or absent."""
    parent = os.path.dirname(path)
    os.makedirs(parent, exist_ok=True)
    work = tempfile.mkdtemp(prefix='.new-', dir=parent)
    try:
        yield work
        shutil.rmtree(path, ignore_errors=True)
        os.chmod(work, 0o755)
        os.rename(work, path)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def die_with_parent():
    """For Popen's preexec_fn: a group of its own, killed when the lab dies of anything."""
    os.setpgid(0, 0)
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def die_in_group():
    """As die_with_parent(), for short helpers that stay in the lab's own group."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def stop_group(process, grace=2.0):
    """End @process and its group: politely, then for certain."""
    if process is None:
        return
    for sig in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sig)
        except ProcessLookupError:
            pass
        try:
            process.wait(timeout=grace)
            if sig == signal.SIGTERM:
                continue
        except subprocess.TimeoutExpired:
            pass


def run(argv, what, **kwargs):
    """Run a helper program; a failure ends the lab with the tail of what it said."""
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors='replace',
                              preexec_fn=die_in_group, check=False, **kwargs)
    except FileNotFoundError as error:
        raise LabError(f'{what}: {argv[0]} is not installed; run: make setup') from error
    if done.returncode:
        tail = '\n'.join(done.stdout.strip().splitlines()[-15:])
        raise LabError(f'{what} failed ({done.returncode}): {" ".join(argv)}\n{tail}')
    return done.stdout


def parse_size(text):
    """A size such as 512M or 2G, in bytes."""
    units = {'K': 1 << 10, 'M': 1 << 20, 'G': 1 << 30, 'T': 1 << 40}
    factor = units.get(text[-1:].upper())
    number = text[:-1] if factor else text
    if not number.isdigit():
        raise LabError(f'{text!r} is not a size (a number and K, M, G or T)', EXIT_USAGE)
    return int(number) * (factor or 1)
