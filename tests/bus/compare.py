# SPDX-License-Identifier: GPL-2.0
"""What user space sees of the bus with in-tree and with our drivers, as interfaces.sh wrote it
down: names, modes, formats of contents, events, what writing does, trace points, modinfo. What may
differ is in the file "differences", each rule under the reason."""

import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = ('hv_vmbus', 'hv_storvsc', 'hv_netvsc', 'hid-hyperv', 'hyperv-keyboard')
# Numbers that the kernel gives in the order in which things come.
COUNTED = (
    (r'\b(input|event|mouse|js|host|rport-|serio|hidraw|sg|eth|ep_|wakeup|rx-|tx-|cpu)\d+', r'\1#'),
    (r'\b(target|bsg/)?\d+:\d+:\d+(:\d+)?', 'H:C:T:L'),
    (r'\b(block|sd[a-z]*)/sd[a-z]+', r'\1/sdX'), (r'\bsd[a-z]\b', 'sdX'),
    (r'\b\d+:\d+\b', 'M:M'), (r'(0003|0006):045E:([0-9A-F]{4})\.[0-9A-F]{4}', r'\1:045E:\2.#'),
    (r'(/channels/)\d+', r'\1N'), (r'(scsi_host|scsi_disk|scsi_device|bsg)/[^/]*', r'\1/#'),
)


def read(where, name):
    """The lines of a file, [] when it is not there."""
    path = os.path.join(where, name)
    if not os.path.exists(path):
        return []
    with open(path, encoding='utf-8', errors='replace') as file:
        return file.read().splitlines()


def rules():
    """[(kind, regular expression)] of the file "differences"."""
    found = []
    for line in read(HERE, 'differences'):
        if line.strip() and not line.startswith('#'):
            kind, pattern = line.split(None, 1)
            found.append((kind, re.compile(pattern.strip())))
    return found


class Rules:
    """Which differences are meant; those that were met are remembered."""

    def __init__(self):
        self.rules = rules()
        self.met = {}

    def allow(self, kind, what):
        """Whether a difference of @kind (added, value, mode, write, event) at @what is meant."""
        for which, pattern in self.rules:
            if which == kind and pattern.search(what):
                self.met.setdefault(pattern.pattern, []).append(what)
                return True
        return False


def plain_path(path):
    """A path without the numbers that depend on the order of things."""
    for pattern, by in COUNTED:
        path = re.sub(pattern, by, path)
    return path


def shape(value):
    """The format of a value: numbers become their kind."""
    value = plain_path(value)
    value = re.sub(r'\b0x[0-9a-fA-F]+\b', '0x#', value)
    value = re.sub(r'\b(?=\w*\d)[0-9a-fA-F]{8,}\b', 'HEX', value)
    # Numbers in columns have as many blanks in front of them as they are short.
    value = re.sub(r' +(?=-?\d)', ' ', value)
    return re.sub(r'-?\b\d+(\.\d+)?\b', '#', value)


def files(where, *names):
    """{plain path: (type and mode, content)} of listings."""
    found = {}
    for name in names:
        for line in read(where, name):
            path, mode, value = (line.split('\t') + ['', ''])[:3]
            # What a module's file is made of, and who uses it, is not its interface.
            if re.search(r'^/sys/module/\w+/(sections|notes|holders)(/|$)', path):
                continue
            found.setdefault(plain_path(path), (mode, value))
    return found


def compare_files(theirs, ours, allow):
    """Failures, one a line, and how many were compared."""
    failed = []
    for path in sorted(set(theirs) | set(ours)):
        if path not in ours:
            failed.append(f'missing: {path}')
        elif path not in theirs:
            if not allow('added', path):
                failed.append(f'not in-tree: {path}')
        else:
            (mode, value), (our_mode, our_value) = theirs[path], ours[path]
            if mode != our_mode and not allow('mode', path):
                failed.append(f'mode: {path} is {our_mode}, in-tree {mode}')
            if path.startswith('/sys/kernel/tracing/'):
                value, our_value = (re.sub(r'ID: \d+|^\d+\\n$', 'ID', text)
                                    for text in (value, our_value))
                same = value == our_value
            else:
                same = value == our_value or shape(value) == shape(our_value)
            if not same and not allow('value', path):
                failed.append(f'format: {path} is {our_value[:300]!r}, in-tree {value[:300]!r}')
    return failed, len(theirs)


def compare_lines(theirs, ours, kind, allow):
    """Failures of two transcripts that should be the same."""
    failed = [f'{our!r}, in-tree {their!r}' for their, our in zip(theirs, ours)
              if their != our and not allow(kind, our)]
    if len(theirs) != len(ours):
        failed.append(f'{len(ours)} lines, in-tree {len(theirs)}')
    return failed


def events(where):
    """The events of the bus's devices and of what is on them, sorted: each an action, a path and
    its variables."""
    found = []
    for line in read(where, 'uevents.txt'):
        words = line.split('\t')
        if '@' not in words[0] or not re.search(r'-[0-9a-f]{12}|vmbus|VMBUS', words[0]):
            continue
        variables = sorted(shape(word) for word in words[1:] if not word.startswith('SEQNUM='))
        found.append(plain_path(words[0]) + ' ' + ' '.join(variables))
    return sorted(found)


def compare_events(theirs, ours, allow):
    """Failures: events that only one of both sent."""
    failed, left = [], list(ours)
    for event in theirs:
        if event in left:
            left.remove(event)
        elif not allow('event', event):
            failed.append(f'no event {event}')
    return failed + [f'not in-tree: event {event}' for event in left
                     if not allow('added', f'event {event}')]


def modinfo(data):
    """The interface part of a module's .modinfo: aliases and parameters."""
    found = re.findall(rb'(?:^|\0)((?:alias|parm|parmtype)=[^\0]*)', data)
    return {text.decode() for text in found}


def compare_modinfo(intree, our, allow):
    """@intree, @our: {module: bytes}. What a module of ours lacks."""
    failed = []
    for name, data in intree.items():
        theirs, ours = modinfo(data), modinfo(our[name])
        failed += [f'{name} lacks {text}' for text in sorted(theirs - ours)
                   if not allow('value', f'{name} {text}') and not
                   (text.startswith('parm=') and
                    any(text.split(':')[0] == other.split(':')[0] for other in ours))]
        failed += [f'{name} has {text}, which is not in-tree' for text in sorted(ours - theirs)
                   if not text.startswith('parm=') and not allow('added', f'{name} {text}')]
    return failed


def named(where, name, pattern):
    """The lines of a file of /proc that speak of the bus, numbers taken away."""
    return [re.sub(r'\s+', ' ', re.sub(r'\b\d+\b', '#', line)) for line in read(where, name)
            if re.search(pattern, line, re.IGNORECASE)]


def run(intree, ours, modules):
    """Compare two folders that interfaces.sh filled. @modules: ({name: bytes} in-tree, ours).
    Returns (passed, failed): lines that tell what was compared, and each difference."""
    allow = Rules().allow
    passed, failed = [], []

    def judge(what, bad):
        if bad:
            failed.extend(f'interfaces: {what}: {line}' for line in bad)
        else:
            passed.append(f'interfaces: {what}')

    for what, names in (('files of sysfs', ('sysfs.txt',)),
                        ('drivers, sysctls, debugfs, trace points', ('other.txt',))):
        bad, count = compare_files(files(intree, *names), files(ours, *names), allow)
        judge(f'{what}: name, mode and format of {count}' if not bad else what,
              bad if count else ['nothing was listed'])
    judge('which parts are absent', compare_lines(read(intree, 'absent.txt'),
                                                  read(ours, 'absent.txt'), 'value', allow))
    judge('writes', compare_lines(read(intree, 'writes.txt'), read(ours, 'writes.txt'), 'write',
                                  allow))
    judge('lsvmbus', compare_lines(
        [re.sub(r'target_cpu=\d+', 'target_cpu=#', line) for line in read(intree, 'lsvmbus.txt')],
        [re.sub(r'target_cpu=\d+', 'target_cpu=#', line) for line in read(ours, 'lsvmbus.txt')],
        'value', allow))
    theirs = events(intree)
    judge(f'{len(theirs)} events', compare_events(theirs, events(ours), allow)
          if theirs else ['none was heard'])
    judge('iomem', compare_lines(named(intree, 'iomem.txt', 'hyperv|vmbus'),
                                 named(ours, 'iomem.txt', 'hyperv|vmbus'), 'value', allow))
    judge('interrupts', compare_lines(named(intree, 'interrupts.txt', 'hyper'),
                                      named(ours, 'interrupts.txt', 'hyper'), 'value', allow))
    judge('aliases and parameters of the modules', compare_modinfo(*modules, allow))
    return passed, failed
