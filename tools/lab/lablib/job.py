# SPDX-License-Identifier: GPL-2.0
"""One run of a guest: the job's directory, the script that starts hvhost and what goes beside
it, the live output, and how it ended."""

import math
import os
import re
import selectors
import shlex
import shutil
import signal
import sys
import tarfile
import tempfile
import termios
import time
import tty

from lablib import bzimage, count, dmesg, guest, kernels, plugin, rootfs
from lablib.machine import Direct, Emulated, kvm_usable
from lablib.util import EXIT_NO_GUEST, EXIT_TIMEOUT, EXIT_USAGE, TOP, LabError, build_dir
from lablib.util import filling, locked, parse_size, run, say, stop_group

EXIT_COMPLAINED = 126   # the command ended well, but --dmesg-clean found complaints
CONSOLE_TAIL = 30       # lines of the guest's console shown when it did not come up
GUEST_APPEND = 'console=ttyS0 panic=-1 random.trust_cpu=on nokaslr pci=noearly cryptomgr.notests'
BOOT_TIMEOUT = 150      # seconds: a guest that is not up by then hangs
ROOT_BOOT_TIMEOUT = 200 # the same of a Debian root, which does more
BOOT_TRIES = 3
COUNTED = ('count.txt', 'l1.symbols', 'l1.modules')     # what count.json is made from
ENDINGS = {'off': 0, 'reset': 3}    # --until: hvhost's exit status
ESCAPE = 0x01                # Ctrl-A, at the console of lab shell
GUEST_NUMBER = '{guest}'     # in --disk and --nic
GUEST_UP = 'init: up in '   # the guest's init says so on the console


class TimeUp(Exception):
    """The run lasted longer than --timeout."""


class NotUp(Exception):
    """The guest's userland has not started in BOOT_TIMEOUT."""


def hvhost(options):
    """The host's program, built when its sources are newer."""
    if options.hvhost:
        if not os.access(options.hvhost, os.X_OK):
            raise LabError(f'--hvhost {options.hvhost}: no such program', EXIT_USAGE)
        return os.path.abspath(options.hvhost)
    with locked('hvhost'):
        run(['make', '-s', '-j2', '-C', os.path.join(TOP, 'tools', 'hvhost')], 'building hvhost')
    return os.path.join(build_dir('hvhost'), 'hvhost')


def memory_needed(options):
    """Bytes that all hvhosts take: the guests' memory and their disks in memory."""
    total = parse_size(options.mem)
    for spec in options.disk:
        match = re.match(r'mem:(\d+[KMGT]?)', spec)
        if match:
            total += parse_size(match.group(1))
    return total * options.guests + parse_size(options.l1_mem)


class Keys:
    """What is typed at a console of the guest: Ctrl-A x leaves, Ctrl-A Ctrl-A is one Ctrl-A."""

    def __init__(self):
        self.escaped = False

    def take(self, data):
        """The bytes that are for the guest; raises KeyboardInterrupt to leave."""
        out = bytearray()
        for key in data:
            if self.escaped:
                self.escaped = False
                if key in b'xX':
                    raise KeyboardInterrupt()
                if key != ESCAPE:
                    out.append(ESCAPE)
            elif key == ESCAPE:
                self.escaped = True
                continue
            out.append(key)
        return bytes(out)


class Job:
    """A run, from options to exit status."""

    def __init__(self, options):
        self.options = options
        self.path = tempfile.mkdtemp(prefix='hvic-lab-')
        self.process = None
        self.started = 0.0
        self.marks = []
        self.machine = None
        self.kernel = None
        self.root = None        # the disk of a Debian root, and words for its kernel
        self.boot_timeout = ROOT_BOOT_TIMEOUT if options.root else BOOT_TIMEOUT

    def mark(self, what):
        self.marks.append((time.monotonic(), what))

    def _disk(self, spec):
        kind, _, rest = spec.partition(':')
        if kind != 'file':
            return spec
        path, comma, flags = rest.partition(',')
        return f'file:{self.machine.disk(path, "ro" in flags.split(","))}{comma}{flags}'

    def _hvhost(self, number):
        """The command that starts guest @number's host."""
        options = self.options
        view = self.machine.view

        def own(name):
            """A file of this guest; the first one's have plain names."""
            base, dot, rest = name.partition('.')
            return f'{base}-{number}{dot}{rest}' if number > 1 else name

        append = ' '.join([GUEST_APPEND, 'quiet' if not options.verbose else 'ignore_loglevel',
                           f'LAB_GUEST={number}', self.kernel.append if self.kernel else '',
                           *(self.root[1] if self.root else []), *options.append])
        argv = [view(f'{self.path}/hvhost'), '--kernel', view(f'{self.path}/kernel'),
                '--initrd', view(f'{self.path}/initrd'), '--append', append,
                '--cpus', str(options.cpus), '--mem', options.mem, '--on-reset', 'exit']
        if self.root:
            argv += ['--disk', self._disk(f'file:{self.root[0]}')]
        for spec in options.disk:
            argv += ['--disk', self._disk(spec.replace(GUEST_NUMBER, str(number)))]
        for spec in options.nic:
            argv += ['--nic', spec.replace(GUEST_NUMBER, str(number))]
        if options.no_input:
            argv += ['--no-input']
        if options.mode == 'shell' and number == 1:
            argv += ['--console', 'stdio']
        else:
            argv += ['--console', view(f'{self.path}/{own("console.log")}')]
        argv += ['--agent']
        if options.mode != 'shell':
            argv += ['--agent-out', view(f'{self.path}/{own("out.tar")}'),
                     '--agent-status', view(f'{self.path}/{own("agent-status")}')]
        argv += ['--control', self.machine.socket(own('control.sock')),
                 '--hvsock', self.machine.socket(own('hvsock')), *options.host_arg]
        return ' '.join(shlex.quote(word) for word in argv)

    def _script(self):
        """What runs in the machine: --host-run programs and further guests in the background,
        then the first guest, whose end is the run's. The programs' folder is new in each boot."""
        lines = ['# Made by the lab for one run.',
                 f'export HVSOCK={shlex.quote(self.machine.socket("hvsock"))}',
                 'rm -rf "$JOB/host-run"; mkdir "$JOB/host-run"']
        for number, command in enumerate(self.options.host_run, 1):
            lines.append(f'(cd "$JOB/host-run" && exec sh -c {shlex.quote(command)}) </dev/null '
                         f'>"$JOB/host-run-{number}.log" 2>&1 &')
        for number in range(2, self.options.guests + 1):
            lines.append(f'{self._hvhost(number)} </dev/null '
                         f'>"$JOB/guest-{number}.log" 2>&1 &')
        if not self.options.again:
            return '\n'.join([*lines, self._hvhost(1)]) + '\n'
        # A guest that powered off with its command under way is switched on again.
        lines += ['again=0', f'until {self._hvhost(1)}; status=$?',
                  f'[ "$status" != 0 ] || [ -s "$JOB/agent-status" ] || '
                  f'[ "$again" = {self.options.again} ]; do', 'again=$((again + 1))',
                  'done', 'exit "$status"']
        return '\n'.join(lines) + '\n'

    def prepare(self):
        options = self.options
        program = hvhost(self.options)
        emulated = options.emulated or (not options.kvm and not kvm_usable())
        if options.kvm and not kvm_usable():
            raise LabError('--kvm: /dev/kvm is not usable here', EXIT_USAGE)
        counting = None
        if options.count:
            if not emulated:
                raise LabError('--count counts in an emulated machine, and /dev/kvm is usable '
                               'here: add --emulated', EXIT_USAGE)
            counting = plugin.find()
            counting.each = options.count
            with open(f'{self.path}/count', 'w', encoding='ascii'):
                pass    # asks L1 for its symbols
        if emulated:
            self.machine = Emulated(self.path, memory_needed(options), options.icount,
                                    options.l1_cpus, counting)
        else:
            self.machine = Direct(self.path)
        # Copies: a build during the run must not pull the program away, and the emulated
        # machine sees the job's folder wherever it is, but not this machine's /tmp or /run.
        shutil.copy(program, f'{self.path}/hvhost')
        if options.root:
            self.root = rootfs.prepare(options.root, options, self.path)
        else:
            self.kernel = kernels.get(options.kernel or '6.1')
            shutil.copy(bzimage.vmlinux(self.kernel), f'{self.path}/kernel')
            guest.initramfs(f'{self.path}/initrd', self.kernel, options)
        with open(f'{self.path}/start', 'w', encoding='utf-8') as file:
            file.write(self._script())
        self.mark('prepared')

    def _relay(self, sources, stdin):
        """Pass output on until the machine ends; raise TimeUp when --timeout is over, NotUp when
        the guest hangs before it is up."""
        deadline = self.started + self.options.timeout if self.options.timeout else math.inf
        boot = math.inf if self.options.icount else self.started + self.boot_timeout
        chooser = selectors.DefaultSelector()
        pidfd = os.pidfd_open(self.process.pid)
        for fd, target in sources:
            chooser.register(fd, selectors.EVENT_READ, target)
        chooser.register(pidfd, selectors.EVENT_READ, None)
        if stdin is not None:
            chooser.register(sys.stdin.fileno(), selectors.EVENT_READ, stdin)
        ended = False
        keys = Keys()
        try:
            while True:
                now = time.monotonic()
                if now >= deadline:
                    raise TimeUp()
                if now >= boot:
                    if GUEST_UP not in self._console():
                        raise NotUp()
                    boot = math.inf
                left = min(deadline, boot) - now
                ready = chooser.select(0 if ended else None if left == math.inf else left)
                if ended and not ready:
                    return
                for key, _ in ready:
                    if key.fd == pidfd:
                        ended = True
                        chooser.unregister(pidfd)
                        continue
                    try:
                        data = os.read(key.fd, 65536)
                    except ConnectionResetError:
                        data = b''
                    if not data:
                        chooser.unregister(key.fd)
                    elif key.data == stdin and stdin is not None and key.fd == sys.stdin.fileno():
                        _write_all(stdin, keys.take(data) if sys.stdin.isatty() else data)
                    else:
                        if not any(what == 'output' for _, what in self.marks):
                            self.mark('output')
                        _write_all(key.data, data)
        finally:
            os.close(pidfd)

    def execute(self):
        """Start the machine and wait for its end."""
        self.started = time.monotonic()
        shell = self.options.mode == 'shell'
        self.process, out, err, stdin = self.machine.start(shell)
        saved = None
        if shell and sys.stdin.isatty():
            saved = termios.tcgetattr(sys.stdin)
            tty.setraw(sys.stdin)
        try:
            self._relay([(out, sys.stdout.fileno()), (err, sys.stderr.fileno())],
                        stdin if shell else None)
        finally:
            if saved:
                termios.tcsetattr(sys.stdin, termios.TCSADRAIN, saved)
            self.mark('ended')

    def boot(self):
        """execute(), again when the guest hangs before it is up: then nothing of what it is for
        has begun, and the emulation of nested machines sometimes loses an interrupt."""
        for left in reversed(range(BOOT_TRIES)):
            try:
                return self.execute()
            except NotUp:
                if not left:
                    raise
                self.machine.sample()
                stop_group(self.process)
                say(f'the guest is not up after {self.boot_timeout} s, once more')

    def _status(self, name):
        """The exit status noted in a file of the job, or None. agent-status is that of the
        command, as hvhost was told; status is hvhost's own."""
        try:
            with open(f'{self.path}/{name}', encoding='ascii', errors='replace') as file:
                text = file.read().strip()
        except FileNotFoundError:
            return None
        return int(text) if text.isdigit() else None

    def _console(self):
        try:
            with open(f'{self.path}/console.log', encoding='utf-8', errors='replace') as file:
                return file.read().replace('\r', '')
        except FileNotFoundError:
            return ''

    def _keep(self):
        """The logs of a failure without --out: in the one place for the last of them."""
        path = build_dir('lab') + '/last-failure'
        with locked('last-failure'), filling(path) as work:
            self.collect(work)
        return path

    def collect(self, out):
        """What the guest left in /out, the logs, and what was counted, to @out."""
        os.makedirs(out, exist_ok=True)
        counts = ('count.json',) if os.path.exists(f'{self.path}/count.json') else COUNTED
        for name in os.listdir(self.path):
            if name.endswith('.log') or name in counts:
                shutil.copy(f'{self.path}/{name}', out)
        archive = f'{self.path}/out.tar'
        if os.path.exists(archive) and os.path.getsize(archive):
            try:
                with tarfile.open(archive) as tar:
                    members = [m for m in tar.getmembers() if m.isfile() or m.isdir()]
                    tar.extractall(out, [m for m in members if '..' not in m.name and
                                         not m.name.startswith('/')])
            except (tarfile.TarError, EOFError) as error:
                say(f'what the guest left in /out is damaged: {error}')

    def verdict(self, timed_out):
        """The lab's exit status, with an explanation on stderr where it is not the command's."""
        if self.options.mode == 'shell':
            return EXIT_TIMEOUT if timed_out else 0
        status = self._status('agent-status')
        if status is not None:
            if self.options.until:
                say(f'the command ended with {status} before the guest\'s own end')
            return status or (EXIT_NO_GUEST if self.options.until else 0)
        console = self._console()
        up = GUEST_UP in console
        if up and self.options.until and \
                self._status('status') == ENDINGS[self.options.until]:
            return 0
        if timed_out:
            say(f'time is up ({self.options.timeout} s); the end of the guest\'s console:')
        elif up:
            say('the guest ended before its command did; the end of its console:')
        else:
            say('the guest did not come up; the end of its console:')
        tail = '\n'.join(console.rstrip().split('\n')[-CONSOLE_TAIL:])
        sys.stderr.write((tail or '(nothing)') + '\n')
        if not up:
            sys.stderr.write(self.machine.log_tail())
        return EXIT_TIMEOUT if timed_out else EXIT_NO_GUEST

    def run(self):
        """The whole of it; returns the lab's exit status."""
        status = EXIT_NO_GUEST
        try:
            self.mark('start')
            timed_out = False
            self.prepare()
            try:
                self.boot()
            except (TimeUp, NotUp) as end:
                timed_out = isinstance(end, TimeUp)
                self.machine.sample()
            stop_group(self.process)
            self.process = None
            status = self.verdict(timed_out)
            uncounted = self._count() if self.options.count not in (None, 'off') else ''
            if uncounted:
                status = status or EXIT_NO_GUEST
            if self.options.out:
                self.collect(self.options.out)
            elif status and not self.options.quiet:
                self.options.out = self._keep()
            if uncounted:
                say(f'no counts: {uncounted}' + (
                    f'; what was counted is in {self.options.out}' if self.options.out else ''))
            if status and not self.options.quiet:
                say(f'exit {status}; logs are in {self.options.out}')
            if self.options.dmesg_clean:
                found = self._complaints()
                for line in found:
                    say(f'guest kernel: {line}')
                if found and not status:
                    status = EXIT_COMPLAINED
            if self.options.times:
                first = self.marks[0][0]
                say('times: ' + ', '.join(f'{what} {at - first:.1f} s'
                                          for at, what in self.marks[1:]))
        finally:
            stop_group(self.process)
            shutil.rmtree(self.path, ignore_errors=True)
        return status

    def _count(self):
        """Make count.json in the job's directory and say it in short; gives back why there are no
        counts that can be trusted, or nothing."""
        try:
            counts = count.result(self.path, self.machine.counting.version())
        except LabError as error:
            return str(error)
        count.write(counts, f'{self.path}/count.json')
        for line in count.summary(counts):
            say(line)
        return ''

    def _complaints(self):
        with tempfile.TemporaryDirectory(prefix='hvic-dmesg-') as work:
            archive = f'{self.path}/out.tar'
            try:
                with tarfile.open(archive) as tar:
                    with open(f'{work}/dmesg', 'wb') as file:
                        file.write(tar.extractfile('./dmesg.txt').read())
            except (tarfile.TarError, EOFError, KeyError, FileNotFoundError):
                pass
            return dmesg.complaints(f'{work}/dmesg', f'{self.path}/console.log')


def _write_all(fd, data):
    while data:
        data = data[os.write(fd, data):]


def raise_interrupt(*_):
    """SIGTERM, and the terminal's SIGHUP, end a run as Ctrl-C does."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    raise KeyboardInterrupt
