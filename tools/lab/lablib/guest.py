# SPDX-License-Identifier: GPL-2.0
"""The guest's initramfs: busybox, the agent, the modules of its kernel (or ours in their
place), the programs of the test, and the command."""

import os
import re
import shutil
import tempfile

from lablib import debugkernel
from lablib.cpio import Archive
from lablib.kernels import module_data
from lablib.util import EXIT_USAGE, LAB, TOP, LabError, build_dir, cache_dir, digest, filling
from lablib.util import locked, run

# What --drivers calls a driver: the modules that it means.
DRIVERS = {
    'vmbus': ('hv_vmbus',),
    'storvsc': ('hv_storvsc',),
    'netvsc': ('hv_netvsc',),
    'hid': ('hid-hyperv',),
    'keyboard': ('hyperv-keyboard',),
}
# Loaded by init, in this order; everything else comes by its modalias.
LOADED = ('hv_vmbus', 'hv_utils', 'sg', 'evdev')
# In every guest, with what they depend on.
PRESENT = LOADED + ('hv_storvsc', 'hv_netvsc', 'hid-hyperv', 'hyperv-keyboard', 'hv_balloon',
                    'sd_mod', 'hid-generic', 'atkbd', 'ext4', 'crc32c_generic', 'crc32c-intel',
                    'crct10dif-pclmul', 'crct10dif_generic', 'af_packet')


def parse_drivers(text):
    """--drivers as {driver: 'ours' or 'intree'}."""
    chosen = dict.fromkeys(DRIVERS, 'intree')
    for part in text.split(','):
        name, _, origin = part.rpartition('=')
        names = [name] if name else list(DRIVERS)
        if origin not in ('ours', 'intree') or (name and name not in DRIVERS):
            raise LabError(f'--drivers {text}: {part!r} is not ours, intree or DRIVER=ours|intree '
                           f'with DRIVER of {", ".join(DRIVERS)}', EXIT_USAGE)
        for each in names:
            chosen[each] = origin
    return chosen


def module_files(where):
    """The modules below a directory: {name with '_': file}."""
    found = {}
    for base, _, names in os.walk(where):
        for name in names:
            if name.endswith('.ko'):
                found[name[:-3].replace('-', '_')] = os.path.join(base, name)
    return found


def stripped(files, where):
    """Copies in @where of modules, without what debuggers alone read, as they are installed: a
    load reads the whole file."""
    os.makedirs(where, exist_ok=True)
    made = {}
    for name, path in files.items():
        made[name] = copy = os.path.join(where, os.path.basename(path))
        if not os.path.exists(copy) or os.path.getmtime(copy) < os.path.getmtime(path):
            run(['strip', '--strip-debug', '-o', copy + '.new', path], f'stripping {path}')
            os.rename(copy + '.new', copy)
    return made


def our_modules(kernel):
    """Build our modules for @kernel; see module_files()."""
    from lablib import suite
    if not os.path.exists(os.path.join(TOP, 'Kbuild')):
        raise LabError('there is no Kbuild: our modules cannot be built', EXIT_USAGE)
    where = build_dir('modules', kernel.release)
    suites = ['HVIC_KUNIT=m'] if kernel.name in debugkernel.LINES else []
    with locked('modules-' + kernel.release):
        status, said = suite.build(kernel, where, '-s', *suites)
        if status:
            raise LabError(f'building our modules for {kernel.release} failed ({status}):\n'
                           + '\n'.join(suite.complaints(said)[:15] or said.splitlines()[-15:]))
        return stripped(module_files(where), build_dir('stripped', kernel.release))


class ModuleTree:
    """The modules that a machine gets: wanted ones, what they depend on, replacements."""

    def __init__(self, kernel):
        self.kernel = kernel
        self.files = {}         # module name with '_': path of its file
        self.chosen = {}        # path in the modules directory: content
        self.order = []         # module names, what they depend on first
        for base, _, names in os.walk(kernel.modules):
            for name in names:
                match = re.fullmatch(r'(.+)\.ko(\.xz)?', name)
                if match:
                    self.files[match.group(1).replace('-', '_')] = os.path.join(base, name)

    def replace(self, name, path):
        self.files[name.replace('-', '_')] = path

    def want(self, name, needed=False):
        """Take @name and what it depends on. A kernel that lacks it may have it built in."""
        name = name.replace('-', '_')
        if name in self.order:
            return
        path = self.files.get(name)
        if not path:
            if needed:
                raise LabError(f'kernel {self.kernel.release} has no module {name}')
            return
        data = module_data(path)
        info = {}
        for key, value in re.findall(rb'(?:^|\0)(depends|softdep)=([^\0]*)', data):
            info.setdefault(key, []).append(value.decode())
        for depends in info.get(b'depends', []):
            for other in filter(None, depends.split(',')):
                self.want(other)
        for soft in info.get(b'softdep', []):
            for other in re.sub(r'(pre|post):', ' ', soft).split():
                self.want(other)
        if path.startswith(self.kernel.modules + '/'):
            place = os.path.relpath(path, self.kernel.modules)
            place = place[:-3] if place.endswith('.xz') else place
        else:
            place = 'updates/' + os.path.basename(path)
        self.order.append(name)
        self.chosen[place] = data

    def archive(self):
        """/lib/modules/RELEASE with depmod's tables."""
        release = self.kernel.release
        with tempfile.TemporaryDirectory(prefix='hvic-mod-') as work:
            base = f'{work}/lib/modules/{release}'
            for place, data in self.chosen.items():
                os.makedirs(os.path.dirname(f'{base}/{place}'), exist_ok=True)
                with open(f'{base}/{place}', 'wb') as file:
                    file.write(data)
            for name in ('modules.builtin', 'modules.builtin.modinfo'):
                if os.path.exists(f'{self.kernel.modules}/{name}'):
                    shutil.copy(f'{self.kernel.modules}/{name}', base)
            with open(f'{base}/modules.order', 'w', encoding='ascii') as file:
                file.write('\n'.join(self.chosen) + '\n')
            run(['depmod', '-b', work, release], 'depmod')
            archive = Archive()
            for place, data in self.chosen.items():
                archive.data(f'/lib/modules/{release}/{place}', data)
            for name in ('modules.dep', 'modules.alias', 'modules.symbols', 'modules.builtin',
                         'modules.softdep'):
                archive.file(f'{base}/{name}', f'/lib/modules/{release}/{name}')
        return archive


def _program(name, header):
    """The lab's own static program @name for guests, built when its source changed."""
    source = os.path.join(LAB, 'guest', f'{name}.c')
    path = cache_dir(name) + '/' + digest(('file', source), ('file', header))
    with locked(name):
        if not os.path.isdir(path):
            with filling(path) as work:
                run(['gcc', '-O2', '-std=gnu11', '-D_GNU_SOURCE', '-static', '-s',
                     '-I', os.path.dirname(header), '-o', f'{work}/{name}', source],
                    f'building the guest\'s {name}')
    return f'{path}/{name}'


def agent():
    """The agent."""
    return _program('agent', os.path.join(TOP, 'tools', 'hvhost', 'agent_port.h'))


def hvic_count(counting):
    """hvic-count, by which a guest says when instructions are counted; a script that only runs
    commands when they are not."""
    if not counting:
        return os.path.join(LAB, 'guest', 'hvic-count')
    return _program('hvic-count', os.path.join(LAB, 'count', 'marker.h'))


def busybox(archive):
    """The static busybox and its applets' links in @archive."""
    path = shutil.which('busybox')
    if not path or not os.path.exists('/bin/busybox'):
        raise LabError('busybox is not installed; run: make setup')
    archive.file(path, '/bin/busybox')
    for applet in run([path, '--list'], 'busybox').split():
        if applet not in ('busybox', 'linuxrc', 'init'):
            archive.link(f'/bin/{applet}', 'busybox')


def command_data(command):
    """What the agent reads: the words of @command, each ended by a NUL."""
    return b''.join(word.encode() + b'\0' for word in command)


def find_program(name):
    path = name if os.path.sep in name else shutil.which(name, path=os.environ.get('PATH', '') +
                                                         ':/usr/sbin:/sbin')
    if not path or not os.path.exists(path):
        raise LabError(f'--add {name}: no such file or program', EXIT_USAGE)
    return os.path.abspath(path)


def add_files(archive, specs):
    """--add FILE[:DEST]: programs come with their libraries."""
    for spec in specs:
        name, _, dest = spec.partition(':')
        path = find_program(name)
        if not dest:
            dest = path if path.startswith(('/usr/', '/bin/', '/sbin/', '/lib')) else \
                '/lab/bin/' + os.path.basename(path)
        archive.program(path, dest)


def initramfs(where, kernel, options):
    """Write the guest's initramfs to @where, from the lab's options. In the guest, HVIC_DRIVERS
    in the environment says which drivers are ours."""
    tree = ModuleTree(kernel)
    chosen = parse_drivers(options.drivers)
    if 'ours' in chosen.values():
        ours = module_files(options.modules) if options.modules else our_modules(kernel)
        for driver, origin in chosen.items():
            for module in DRIVERS[driver] if origin == 'ours' else ():
                if module.replace('-', '_') not in ours:
                    raise LabError(f'our build for {kernel.release} made no {module}.ko '
                                   f'(--drivers {options.drivers})')
                tree.replace(module, ours[module.replace('-', '_')])
        for module, path in ours.items():
            if module.endswith('_kunit'):
                tree.replace(module, path)
    for module in PRESENT:
        tree.want(module)
    for module in options.add_module:
        tree.want(module, needed=True)
    archive = tree.archive()
    busybox(archive)
    archive.node('/dev/console', 5, 1)
    archive.file(os.path.join(LAB, 'guest', 'init'), '/init')
    archive.file(agent(), '/lab/agent')
    archive.link('/lab/bin/hostctl', '../agent')
    archive.file(os.path.join(LAB, 'guest', 'gcov-gather'), '/lab/bin/gcov-gather')
    archive.file(hvic_count(options.count), '/lab/bin/hvic-count')
    # By these paths the kernel calls them.
    for name in ('modprobe', 'poweroff', 'reboot'):
        archive.link(f'/sbin/{name}', '/bin/busybox')
    archive.link('/etc/mtab', '/proc/mounts')
    archive.text('/etc/passwd', 'root:x:0:0:root:/:/bin/sh\n')
    archive.text('/etc/group', 'root:x:0:\n')
    archive.text('/etc/hosts', '127.0.0.1 localhost guest\n')
    resolved = ','.join(f'{driver}={origin}' for driver, origin in chosen.items())
    loaded = () if options.unloaded else LOADED
    archive.text('/lab/settings', f'LAB_MODULES="{" ".join(loaded)}"\nLAB_MODE={options.mode}\n'
                 f'export HVIC_DRIVERS="{resolved}"\n')
    archive.data('/lab/command', command_data(options.command))
    archive.entries['/init'] = (archive.entries['/init'][0] | 0o111,
                                archive.entries['/init'][1])
    add_files(archive, options.add)
    archive.write(where)
