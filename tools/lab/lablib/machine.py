# SPDX-License-Identifier: GPL-2.0
"""Where hvhost runs: on this machine when it has a usable /dev/kvm, else inside L1, a machine
that QEMU emulates with AMD's virtualisation, so that KVM works in it."""

import os
import re
import shutil
import socket
import subprocess
import threading
import time

from lablib import bzimage, kernels
from lablib.cpio import Archive
from lablib.guest import ModuleTree, busybox
from lablib.util import LAB, LabError, cache_dir, die_with_parent, digest, filling, locked, say

L1_KERNEL = '6.1'
L1_MODULES = ('virtio_pci', 'virtio_console', '9pnet_virtio', '9p', 'kvm_amd', 'tun', 'virtio_blk')
# No FSRM without ERMS: the kernel takes one to imply the other, and memmove() checks no length.
L1_CPU = 'max,-xsave,-avx,-avx2,-vaes,-vpclmulqdq,-pku,-erms,-fsrm'
JOB_IN_L1 = '/tmp/job'
L1_OVERHEAD = 1 << 30   # bytes that L1 has beside the guest's memory and its disks in memory
L1_APPEND = ('console=ttyS0 quiet panic=-1 tsc=reliable clocksource=tsc mitigations=off nokaslr '
             'audit=0 selinux=0 apparmor=0 nmi_watchdog=0 rodata=off cryptomgr.notests '
             'rcupdate.rcu_expedited=1 random.trust_cpu=on kvm_amd.nested=0 no_timer_check')


def kvm_usable():
    """Whether /dev/kvm stands for hardware virtualisation: some machines offer one without
    it, which runs no unmodified kernel."""
    with open('/proc/cpuinfo', encoding='ascii', errors='replace') as file:
        if not re.search(r'^flags\s*:.*\b(vmx|svm)\b', file.read(), re.MULTILINE):
            return False
    try:
        os.close(os.open('/dev/kvm', os.O_RDWR))
        return True
    except OSError:
        return False


def l1_initramfs():
    """L1's own initramfs in the cache: busybox and the modules, nothing of a run."""
    kernel = kernels.get(L1_KERNEL)
    init = os.path.join(LAB, 'l1', 'init')
    key = digest(kernel.key, ' '.join(L1_MODULES), ('file', init), ('file', '/bin/busybox'),
                 ('file', __file__))
    path = cache_dir('l1') + '/' + key
    with locked('l1'):
        if not os.path.isdir(path):
            tree = ModuleTree(kernel)
            for module in L1_MODULES:
                tree.want(module, needed=True)
            names = {os.path.basename(place)[:-3].replace('-', '_'): data
                     for place, data in tree.chosen.items()}
            archive = Archive()
            for name, data in names.items():
                archive.data(f'/modules/{name}.ko', data)
            archive.text('/modules/order', ''.join(f'{name}.ko\n' for name in tree.order))
            busybox(archive)
            archive.node('/dev/console', 5, 1)
            archive.data('/init', open(init, 'rb').read(), 0o755)
            with filling(path) as work:
                archive.write(f'{work}/initrd')
        image = bzimage.vmlinux(kernel)
    return image, f'{path}/initrd'


def _heartbeat(port):
    """Interrupt L1 ten times a second. QEMU's emulation of nested SVM now and then loses an
    interrupt of the one-shot timer, and a machine that is idle then sleeps for ever; any other
    interrupt makes its kernel look at the clock and go on."""
    port.setblocking(False)
    while True:
        time.sleep(0.1)
        try:
            port.send(b'.')
        except BlockingIOError:
            continue
        except OSError:
            return


class Direct:
    """hvhost on this machine's own KVM."""

    def __init__(self, job):
        self.job = job
        self.env = dict(os.environ, JOB=job, PATH=os.environ.get('PATH', '') + ':/usr/sbin:/sbin')

    def view(self, path):
        return path

    def socket(self, name):
        """Where a Unix socket of hvhost's is."""
        return os.path.join(self.job, name)

    def disk(self, path, readonly):
        return os.path.abspath(path)

    def start(self, stdin):
        """Start the job; return the process and the files that carry its output."""
        tmp = os.path.join(self.job, 'tmp')
        os.makedirs(tmp, exist_ok=True)
        script = f'sh "$JOB/start"; echo $? >"$JOB/status.new"; mv "$JOB/status.new" "$JOB/status"'
        process = subprocess.Popen(['sh', '-c', script], cwd=tmp, env=self.env, bufsize=0,
                                   stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   preexec_fn=die_with_parent)
        return process, process.stdout.fileno(), process.stderr.fileno(), \
            process.stdin.fileno() if stdin else None

    def sample(self):
        """Where a machine that hangs is: nothing that can be asked from here."""

    def log_tail(self):
        return ''


class Emulated:
    """hvhost inside L1, whose user space is this machine's own, read-only, beside a /tmp and
    a /run in memory. The job's directory is at JOB_IN_L1."""

    def __init__(self, job, memory, icount=False, cpus=1, counting=None):
        self.job = job
        self.memory = memory
        self.icount = icount
        self.cpus = cpus
        self.counting = counting    # how instructions are counted, a plugin.Counting
        self.disks = []
        self.image, self.initrd = l1_initramfs()
        self.ports = []

    def view(self, path):
        """How hvhost sees a path of this machine."""
        if path == self.job or path.startswith(self.job + '/'):
            return JOB_IN_L1 + path[len(self.job):]
        return path

    def socket(self, name):
        """Where a Unix socket of hvhost's is: not on the share, which holds no sockets."""
        return '/tmp/' + name

    def disk(self, path, readonly):
        """A file of this machine as a block device of L1."""
        if not os.path.isfile(path):
            raise LabError(f'--disk file:{path}: no such file', 2)
        self.disks.append(os.path.abspath(path) + (',readonly=on' if readonly else ''))
        return f'/dev/vd{chr(ord("a") + len(self.disks) - 1)}'

    def command(self, fds):
        qemu = self.counting.argv(self.job) if self.counting else \
            [shutil.which('qemu-system-x86_64')]
        if not qemu[0]:
            raise LabError('qemu-system-x86_64 is not installed; run: make setup')
        accel = ['-accel', 'tcg,thread=single', '-icount', 'shift=1,sleep=off'] if self.icount \
            else ['-accel', 'tcg']
        argv = [*qemu, '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot',
                *accel, '-cpu', L1_CPU, '-smp', str(self.cpus),
                '-m', f'{(self.memory + L1_OVERHEAD) >> 20}M', '-machine', 'q35',
                '-kernel', self.image, '-initrd', self.initrd, '-append', L1_APPEND,
                '-serial', f'file:{self.job}/l1.log', '-device', 'virtio-serial-pci',
                '-monitor', f'unix:{self.job}/monitor,server=on,wait=off']
        for number, fd in enumerate(fds, 1):
            argv += ['-chardev', f'socket,id=port{number},fd={fd}', '-device',
                     f'virtserialport,chardev=port{number},nr={number},name=port{number}']
        for tag, path, mode in (('host', '/', ',readonly=on'), ('job', self.job, '')):
            argv += ['-fsdev',
                     f'local,id={tag},path={path},security_model=none,multidevs=remap{mode}',
                     '-device', f'virtio-9p-pci,fsdev={tag},mount_tag={tag}']
        for path in self.disks:
            argv += ['-drive', f'file={path},format=raw,if=virtio,cache=writeback']
        return argv

    def start(self, stdin):
        ours, theirs = zip(*(socket.socketpair() for _ in range(3)))
        fds = [port.fileno() for port in theirs]
        with open(os.path.join(self.job, 'qemu.log'), 'wb') as log:
            process = subprocess.Popen(self.command(fds), stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=log, pass_fds=fds, preexec_fn=die_with_parent,
                                       env=self.counting.env if self.counting else None)
        for port in theirs:
            port.close()
        self.ports = ours
        threading.Thread(target=_heartbeat, args=(ours[2],), daemon=True).start()
        return process, ours[0].fileno(), ours[1].fileno(), ours[0].fileno() if stdin else None

    def sample(self):
        """Note in qemu.log where a machine that hangs is: its registers, five times."""
        try:
            with socket.socket(socket.AF_UNIX) as monitor, \
                    open(os.path.join(self.job, 'qemu.log'), 'a', encoding='ascii') as log:
                monitor.settimeout(5)
                monitor.connect(f'{self.job}/monitor')
                for _ in range(5):
                    monitor.send(b'info registers\n')
                    time.sleep(0.3)
                    said = monitor.recv(65536).decode('ascii', 'replace')
                    log.write(''.join(f'{line}\n' for line in said.splitlines()
                                      if re.match('R..=|R.. =|CR0', line)))
        except OSError as error:
            say(f'the emulated machine does not say where it is: {error}')

    def log_tail(self):
        text = ''
        for name in ('qemu.log', 'l1.log'):
            try:
                with open(os.path.join(self.job, name), encoding='utf-8', errors='replace') as file:
                    text += ''.join(file.readlines()[-10:])
            except FileNotFoundError:
                pass
        return text
