# SPDX-License-Identifier: GPL-2.0
"""Instruction counts: what the plugin wrote, address by address, as counts of modules and
functions, by the tables that the guest and the emulated machine gave."""

import bisect
import json
import tarfile

from lablib.util import LabError

WORLDS = {'g': 'guest', 'h': 'host'}
KERNEL = 'kernel'           # what is no module
UNKNOWN = '(unknown)'       # code that no table has: made at run time, or gone since
RANGE = ('_stext', '_etext', '_sinittext', '_einittext')
TICK = 'update_process_times'   # what the kernel executes in each timer tick, and only there
TICKS = 'ticks'             # the window of hvic-count ticks
SHOWN = 8                   # modules a line of the summary names


class Symbols:
    """The functions of a kernel and its modules: @symbols as in /proc/kallsyms, code alone;
    @modules has "NAME BYTES ADDRESS" a line."""

    def __init__(self, symbols, modules):
        self.modules = {}
        for line in modules.splitlines():
            name, size, address = line.split()
            self.modules[name] = (int(address, 16), int(size))
        found, bounds = {}, {}
        for line in symbols.splitlines():
            words = line.split()
            address, name = int(words[0], 16), words[2]
            module = words[3].strip('[]') if len(words) > 3 else KERNEL
            if name in RANGE and module == KERNEL:
                bounds[name] = address
                continue
            # Of several names for one place: a global one, then the first by alphabet.
            rank = (words[1].islower(), name)
            if address not in found or rank < found[address][0]:
                found[address] = (rank, module, name)
        if not found or '_stext' not in bounds or '_etext' not in bounds:
            raise LabError('the table of symbols is not whole')
        self.ranges = [(bounds['_stext'], bounds['_etext'])]
        if '_sinittext' in bounds and '_einittext' in bounds:
            self.ranges.append((bounds['_sinittext'], bounds['_einittext']))
        self.places = sorted(found)
        self.names = [found[place][1:] for place in self.places]

    def find(self, address):
        """(module, function) of the code at @address."""
        at = bisect.bisect_right(self.places, address) - 1
        if at < 0:
            return UNKNOWN, UNKNOWN
        module, name = self.names[at]
        if module == KERNEL:
            if any(first <= address < end for first, end in self.ranges):
                return module, name
        elif module in self.modules:
            first, size = self.modules[module]
            if first <= address < first + size:
                return module, name
        return UNKNOWN, UNKNOWN


def parse(text):
    """What the plugin wrote: (insns or blocks, windows). A window has id, seconds, entries,
    complete, and for each world {'user': n, 'lost': n, address: n}. LabError when it is not to be
    trusted."""
    lines = iter(text.splitlines())
    first = next(lines, '').split()
    if first[:2] != ['hvic-count', '1'] or len(first) != 3:
        raise LabError('the counts do not begin as they should')
    windows, window = [], None
    for line in lines:
        words = line.split()
        try:
            if words[0] == 'error':
                raise LabError(f'the counts are wrong: {line[6:]}')
            if words[0] == 'window' and window is None:
                window = {'id': int(words[1]), 'seconds': float(words[2]),
                          'entries': int(words[3]), 'complete': words[4] == 'ended',
                          'guest': {}, 'host': {}}
            elif words[0] == 'end' and window is not None:
                windows.append(window)
                window = None
            elif words[0] in WORLDS and window is not None:
                key = words[1] if words[1] in ('user', 'lost') else int(words[1], 16)
                window[WORLDS[words[0]]][key] = int(words[2])
            else:
                raise ValueError('unknown')
        except (ValueError, IndexError) as error:
            raise LabError(f'the counts have a line that makes no sense: {line}') from error
    if window is not None:
        raise LabError('the counts end in the middle of a window')
    return first[2], windows


def by_symbol(counts, tables):
    """The counts of a world by module and function. @tables are tried one after the other."""
    user, lost = counts.get('user', 0), counts.get('lost', 0)
    symbols = {}
    for address, count in counts.items():
        if isinstance(address, str):
            continue
        module, name = UNKNOWN, UNKNOWN
        for table in tables:
            module, name = table.find(address)
            if module != UNKNOWN:
                break
        functions = symbols.setdefault(module, {})
        functions[name] = functions.get(name, 0) + count
    modules = {module: sum(functions.values()) for module, functions in symbols.items()}
    kernel = sum(modules.values()) + lost
    return {'instructions': user + kernel, 'user': user, 'kernel_half': kernel, 'lost': lost,
            'modules': _sorted(modules),
            'symbols': {module: _sorted(symbols[module]) for module in _sorted(modules)}}


def _sorted(counts):
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


class Guest:
    """What hvic-count left in the guest's /out/count, read from the archive of /out."""

    def __init__(self, archive):
        self.files = {}
        self.tables = {}
        try:
            with tarfile.open(archive) as tar:
                for member in tar:
                    name = member.name.removeprefix('./')
                    if name.startswith('count/') and member.isfile():
                        self.files[name[6:]] = tar.extractfile(member).read().decode(
                            'utf-8', 'replace')
        except (tarfile.TarError, EOFError, FileNotFoundError):
            pass

    def name(self, number):
        """The name of window @number, or None when the guest told nothing of it."""
        text = self.files.get(f'{number}/name')
        return text.rstrip('\n') if text is not None else None

    def watched(self, number):
        """{path: (first line at the begin, and at the end)} of the files that hvic-count during
        noted in window @number."""
        text = self.files.get(f'{number}/files', '')
        lines = text.split('\n')
        if lines.pop() or len(lines) % 3:
            raise LabError(f'the files noted in window {number} were cut')
        return {lines[at]: (lines[at + 1], lines[at + 2]) for at in range(0, len(lines), 3)}

    def check(self, number):
        """LabError unless the guest told all of window @number, which it ended."""
        missing = [what for what in ('name', 'begin', 'end')
                   if not self.files.get(f'{number}/{what}', '').strip()]
        if missing:
            raise LabError(f'window {number} ended, and the guest did not tell its '
                           f'{", ".join(missing)}: its /out/count was lost or cut')

    def sets(self, number):
        """The numbers of the symbol sets at the window's end and its begin, without repetition."""
        found = []
        for when in ('end', 'begin'):
            text = self.files.get(f'{number}/{when}', '').strip()
            if text and text not in found:
                found.append(text)
        return found

    def table(self, number):
        """Symbols of set @number."""
        if number not in self.tables:
            try:
                self.tables[number] = Symbols(self.files[f'symbols-{number}'],
                                              self.files[f'modules-{number}'])
            except KeyError as error:
                raise LabError(f'the guest sent no {error}') from error
        return self.tables[number]


def read(path):
    """A file's text."""
    try:
        with open(path, encoding='utf-8', errors='replace') as file:
            return file.read()
    except FileNotFoundError as error:
        raise LabError(f'there is no {path}') from error


def result(job, qemu):
    """The counts of the run in the directory @job, as they become JSON."""
    each, windows = parse(read(f'{job}/count.txt'))
    guest = Guest(f'{job}/out.tar')
    if not windows:
        raise LabError('no window began')
    host = Symbols(read(f'{job}/l1.symbols'), read(f'{job}/l1.modules'))
    told = []
    for window in windows:
        if window['complete']:
            guest.check(window['id'])
        sets = guest.sets(window['id'])
        about = {'name': guest.name(window['id']), 'id': window['id'],
                 'complete': window['complete'], 'seconds': window['seconds'],
                 'entries': window['entries'], 'modules_changed': len(sets) > 1,
                 'files': guest.watched(window['id'])}
        about['guest'] = by_symbol(window['guest'], [guest.table(number) for number in sets])
        about['host'] = by_symbol(window['host'], [host])
        told.append(about)
    told.sort(key=lambda about: about['id'])
    _estimate_ticks(told)
    return {'qemu': qemu, 'each': each, 'windows': told}


def _estimate_ticks(windows):
    """Add to the counts of the guest and of the host in each window the part that time has, where
    there is a window of ticks alone to learn from: timer ticks, and in the host the guest's too.
    Their number follows the time that the work takes, not the work; that of a window is known by
    a function that each of them calls."""
    for learned in windows:
        for world in WORLDS.values():
            called = ticks_of(learned[world])
            if learned['name'] == TICKS and learned['complete'] and called:
                cost = learned[world]['kernel_half'] / called
                for window in windows:
                    window[world]['ticks'] = round(ticks_of(window[world]) * cost)


def ticks_of(counts):
    """How much the function that each timer tick calls has in the counts of a world."""
    return counts['symbols'].get(KERNEL, {}).get(TICK, 0)


def summary(counts):
    """A few lines for a person."""
    lines = []
    for window in counts['windows']:
        guest, host = window['guest'], window['host']
        name = window['name'] if window['name'] is not None else f'window {window["id"]}'
        notes = [note for note, true in (
            ('not ended', not window['complete']),
            ('modules came or went', window['modules_changed']),
            (f'{guest["lost"] + host["lost"]:,} not placed', guest['lost'] + host['lost']),
        ) if true]
        lines.append(f'count {name}: guest {guest["instructions"]:,}, host '
                     f'{host["instructions"]:,}, {window["entries"]:,} entries'
                     + (f' ({"; ".join(notes)})' if notes else ''))
        for world, what in ((guest, 'guest'), (host, 'host')):
            parts = [f'user {world["user"]:,}']
            if 'ticks' in world:
                parts.append(f'ticks about {world["ticks"]:,}')
            parts += [f'{module} {count:,}' for module, count in
                      list(world['modules'].items())[:SHOWN]]
            lines.append(f'  {what}: {", ".join(parts)}')
    return lines


def write(counts, path):
    """The counts as JSON."""
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(counts, file, indent=1)
        file.write('\n')
