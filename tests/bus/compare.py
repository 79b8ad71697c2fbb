# SPDX-License-Identifier: GPL-2.0
"""What user space sees of the bus with in-tree and with our drivers, as interfaces.sh wrote it
down: names, modes, formats of contents, events, what writing does, trace points, modinfo. What may
differ is in the file "differences", each rule under the reason."""

import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = ('hv_vmbus', 'hv_storvsc', 'hv_netvsc', 'hid_hyperv', 'hyperv_keyboard')
# Numbers that the kernel gives in the order in which things come.
COUNTED = (
    (r'\b(input|event|mouse|js|host|rport-|serio|hidraw|sg|eth|ep_|wakeup|rx-|tx-|cpu)\d+', r'\1#'),
    (r'\b(target|bsg/)?\d+:\d+:\d+(:\d+)?', 'H:C:T:L'),
    (r'\b(block|sd[a-z]*)/sd[a-z]+', r'\1/sdX'), (r'\bsd[a-z]\b', 'sdX'),
    (r'\b\d+:\d+\b', 'M:M'), (r'(0003|0006):045E:([0-9A-F]{4})\.[0-9A-F]{4}', r'\1:045E:\2.#'),
    (r'(/channels/)\d+', r'\1N'), (r'(scsi_host|scsi_disk|scsi_device|bsg)/[^/]*', r'\1/#'),
)
# Files whose content has to be the same, not of one form: what the host gave, which is the same in
# each boot (hvhost makes even the instances' GUIDs of the devices' numbers), and settings.
EXACT = re.compile(r'/(parameters/[^/]+|modalias|class_id|device_id|vendor|device|numa_node|'
                   r'subchannel_id|monitor_id|hibernation)$')


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
        self.met = set()

    def allow(self, kind, what):
        """Whether a difference of @kind (added, value, mode, write, event) at @what is meant."""
        for which, pattern in self.rules:
            if which == kind and pattern.search(what):
                self.met.add((which, pattern))
                return True
        return False

    def stale(self):
        """The rules that no difference met."""
        return [f'{which} {pattern.pattern}' for which, pattern in self.rules
                if (which, pattern) not in self.met]


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


def content(path, mode, value):
    """What has to be the same of a file's content."""
    if path.startswith('/sys/kernel/tracing/'):
        return re.sub(r'ID: \d+|^\d+\\n$', 'ID', value)
    return value if mode.startswith('f') and EXACT.search(path) else shape(value)


def files(where, name):
    """{plain path: [(type and mode, what of the content has to be the same)]} of a listing: several
    where paths differ by a number alone."""
    found = {}
    for line in read(where, name):
        path, mode, value = (line.split('\t') + ['', ''])[:3]
        # What a module's file is made of, and who uses it, is not its interface.
        if re.search(r'^/sys/module/\w+/(sections|notes|holders)(/|$)', path):
            continue
        found.setdefault(plain_path(path), []).append((mode, content(path, mode, value)))
    return {path: sorted(entries) for path, entries in found.items()}


def compare_files(theirs, ours, allow):
    """Failures, one a line, and how many were compared."""
    failed = []
    for path in sorted(set(theirs) | set(ours)):
        if path not in ours:
            failed.append(f'missing: {path}')
            continue
        if path not in theirs:
            if not allow('added', path):
                failed.append(f'not in-tree: {path}')
            continue
        their, our = theirs[path], ours[path]
        if len(their) != len(our):
            failed.append(f'number: {path} is there {len(our)} times, in-tree {len(their)}')
            continue
        modes, our_modes = ([entry[0] for entry in entries] for entries in (their, our))
        if modes != our_modes and not allow('mode', path):
            failed.append(f'mode: {path} is {our_modes}, in-tree {modes}')
        values, our_values = (sorted(entry[1] for entry in entries) for entries in (their, our))
        if values != our_values and not allow('value', path):
            value, our_value = next(pair for pair in zip(values, our_values) if pair[0] != pair[1])
            failed.append(f'content: {path} is {our_value[:300]!r}, in-tree {value[:300]!r}')
    return failed, sum(len(entries) for entries in theirs.values())


def compare_lines(theirs, ours, kind, allow):
    """Failures of two transcripts that should be the same."""
    if not theirs:
        return ['nothing was listed in-tree']
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
        if '@' not in words[0] or \
                not re.search(r'-[0-9a-f]{12}|vmbus|VMBUS|@/channels/', words[0]):
            continue
        variables = sorted(word if word.startswith('MODALIAS=') else shape(word)
                           for word in words[1:] if not word.startswith('SEQNUM='))
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
    failed = [f'there is no {name} {side}' for name in MODULES
              for side, found in (('in-tree', intree), ('of ours', our)) if name not in found]
    for name, data in intree.items():
        if name not in our:
            continue
        theirs, ours = modinfo(data), modinfo(our[name])
        failed += [f'{name} lacks {text}' for text in sorted(theirs - ours)
                   if not allow('value', f'{name} {text}') and not
                   (text.startswith('parm=') and
                    any(text.split(':')[0] == other.split(':')[0] for other in ours))]
        failed += [f'{name} has {text}, which is not in-tree' for text in sorted(ours - theirs)
                   if not text.startswith('parm=') and not allow('added', f'{name} {text}')]
    return failed


def interrupts(where):
    """The bus's lines of /proc/interrupts, without the counts."""
    return [re.sub(r'\s+', ' ', re.sub(r'\b\d+\b', '#', line))
            for line in read(where, 'interrupts.txt') if 'hyper' in line.lower()]


def lsvmbus(where):
    """What lsvmbus said, without the processors."""
    return [re.sub(r'target_cpu=\d+', 'target_cpu=#', line)
            for line in read(where, 'lsvmbus.txt')]


# What is compared line by line: how it is told, the kind of rule, and what reads it from a folder.
TRANSCRIPTS = (
    ('which parts are absent', 'value', lambda where: read(where, 'absent.txt')),
    ('where the bus is', 'value', lambda where: read(where, 'bus-device.txt')),
    ('names of classes and virtual devices', 'value',
     lambda where: sorted(read(where, 'named.txt'))),
    ('writes', 'write', lambda where: read(where, 'writes.txt')),
    ('lsvmbus', 'value', lsvmbus),
    # Where the kernel itself is, is not told.
    ('iomem', 'value', lambda where: [line.split(' : ')[-1] for line in read(where, 'iomem.txt')]),
    ('interrupts', 'value', interrupts),
)


def run(intree, ours, modules):
    """Compare two folders that interfaces.sh filled. @modules: ({name: bytes} in-tree, ours).
    Returns (passed, failed, stale): lines that tell what was compared, each difference, and the
    rules of the file "differences" that none met."""
    rule = Rules()
    passed, failed = [], []

    def judge(what, bad):
        if bad:
            failed.extend(f'interfaces: {what}: {line}' for line in bad)
        else:
            passed.append(f'interfaces: {what}')

    for what, name in (('files of sysfs', 'sysfs.txt'),
                       ('drivers, sysctls, debugfs, trace points', 'other.txt')):
        bad, count = compare_files(files(intree, name), files(ours, name), rule.allow)
        judge(f'{what}: name, mode and content of {count}' if not bad else what,
              bad if count else ['nothing was listed in-tree'])
    for what, kind, lines in TRANSCRIPTS:
        theirs = lines(intree)
        judge(f'{what}: {len(theirs)} lines',
              compare_lines(theirs, lines(ours), kind, rule.allow))
    theirs = events(intree)
    judge(f'{len(theirs)} events', compare_events(theirs, events(ours), rule.allow)
          if theirs else ['none was heard in-tree'])
    judge('aliases and parameters of the modules', compare_modinfo(*modules, rule.allow))
    return passed, failed, rule.stale()
