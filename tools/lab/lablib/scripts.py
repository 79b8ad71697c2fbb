# SPDX-License-Identifier: GPL-2.0
"""The end-to-end scripts of tests/e2e/guest as options of lab run: what they need in the guest
and beside the host."""

import hashlib
import os
import shlex

from lablib import guest, kernels
from lablib.rows import PROGRAM
from lablib.util import TOP, locked, run

HERE = os.path.join(TOP, 'tests', 'e2e', 'guest')
BUILD = os.path.join(TOP, 'build', 'e2e')
PROGRAMS = ('fio', 'iperf3', 'ethtool', 'mkfs.ext4', 'e2fsck', 'sfdisk', 'sg_inq', 'sg_vpd',
            'sg_readcap', 'sg_luns', 'sg_turs', 'sg_sync', 'sg_modes', 'sg_raw', 'hv_kvp_daemon')
# Programs of ours, built from one C file each.
BUILT = ('evwatch', 'sockmove', 'uioring', 'ringmap')
# In-tree drivers on the bus for which we have no twin; not every kernel has each.
OTHERS = ('hv_sock', 'uio_hv_generic', 'hyperv_drm', 'hyperv_fb', 'pci-hyperv')

# The file that guests download: the numbers from 1 on, about 4 MiB.
PAYLOAD_LINES = 600000

# The host's ends of the sockets subject, in its order. What listens is there from the start.
SOCKETS = '''
for each in "5003 turns $MIB" "5004 together 1 16" "5007 together 256"; do
    set -- $each; port=$1; shift
    (while :; do "$MOVE" listen "unix:${HVSOCK}_$port" "$@"; done) &
done
until "$MOVE" listen "unix:${HVSOCK}_5002" together "$MIB"; do :; done
until "$MOVE" call "hvsock:$HVSOCK:5001" together "$MIB"; do sleep 1; done
"$MOVE" refused "hvsock:$HVSOCK:5998" || exit
until "$MOVE" call "hvsock:$HVSOCK:5005" turns "$MIB"; do sleep 1; done
until "$MOVE" call "hvsock:$HVSOCK:5006" together 1 16; do sleep 1; done
'''


def _newer(path, source):
    return os.path.exists(path) and os.path.getmtime(path) > os.path.getmtime(source)


def _build(path, source):
    if not _newer(path, source):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        run(['gcc', '-O2', '-Wall', '-Wextra', '-static', '-I', os.path.join(TOP, 'include'),
             '-o', path, source], f'building {os.path.basename(path)}')


def program(path, source):
    """Build the program @path for guests from the C file @source, unless it is there already:
    another run may be using it."""
    with locked('e2e-programs'):
        _build(path, source)


def prepare():
    """What runs in guests, and the checksum of what they download. What is there already stays:
    another run may be using it."""
    os.makedirs(BUILD, exist_ok=True)
    with locked('e2e-programs'):
        path = os.path.join(BUILD, 'payload.sha256')
        if not _newer(path, __file__):
            payload = ''.join(f'{n}\n' for n in range(1, PAYLOAD_LINES + 1)).encode()
            with open(path, 'w', encoding='ascii') as file:
                file.write(hashlib.sha256(payload).hexdigest() + '\n')
        for name in BUILT:
            _build(os.path.join(BUILD, name), os.path.join(HERE, name + '.c'))


def subjects(words):
    """The subjects among @words; the others are VAR=VALUE."""
    return [word for word in words if '=' not in word]


def _beside(words):
    """Programs beside the host, as --host-run lines."""
    lines = [f'mkdir www && seq {PAYLOAD_LINES} >www/payload && '
             'exec busybox httpd -f -p 127.0.0.1:8080 -h www', 'iperf3 -s -B 127.0.0.1']
    if 'sockets' in words:
        values = dict(word.split('=', 1) for word in words if '=' in word)
        lines.append(f'MOVE={shlex.quote(os.path.join(BUILD, "sockmove"))} '
                     f'MIB={int(values.get("SOCKETS_MIB", "4"))}\n{SOCKETS}')
    return lines


def command(kernel, drivers, words, options, out, timeout):
    """The command line of a lab run of the subjects in @words."""
    argv = [PROGRAM, 'run', '--kernel', kernel, '--drivers', drivers, '--mem', '1G',
            '--out', out, '--timeout', str(timeout)]
    if '--cpus' not in options:
        argv += ['--cpus', '2']
    if '--disk' not in options:
        argv += ['--disk', 'mem:1536M']
    if '--nic' not in options:
        argv += ['--nic', 'user']
    for line in _beside(words):
        argv += ['--host-run', line]
    for program in PROGRAMS:
        argv += ['--add', program]
    if {'sockets', 'others'} & set(words):
        there = guest.ModuleTree(kernels.get(kernel)).files
        for module in OTHERS:
            if module.replace('-', '_') in there:
                argv += ['--add-module', module]
    if 'uio' in words:
        argv += ['--add-module', 'uio_hv_generic']
    if 'others' in words:
        # uio_hv_generic of older kernels takes no channel that is signalled by hypercalls.
        argv += ['--host-arg', '--monitor=net']
    for name in sorted(os.listdir(HERE)):
        if name.endswith('.sh'):
            argv += ['--add', f'{os.path.join(HERE, name)}:/lab/e2e/{name}']
    for name in (*BUILT, 'payload.sha256'):
        argv += ['--add', f'{os.path.join(BUILD, name)}:/lab/e2e/{name}']
    return argv + list(options) + ['--', 'sh', '/lab/e2e/subjects.sh'] + list(words)
