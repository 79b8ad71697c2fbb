# SPDX-License-Identifier: GPL-2.0
"""Instruction counts as tables of Markdown: by module for the guest and the host, and the profile
of each path, by function, ours beside in-tree."""

from benchlib import guests, instructions, tables

KINDS = ('storage', 'network')
SHARE = 0.01    # of all instructions in any row: a module with less has no column of its own
OTHER = 'other'
SPACES = {'guest': 'programs', 'host': 'hvhost'}    # what user space is in each
TOP = 10        # functions of each path in the report


def _columns(rows, world):
    """The modules that are worth a column."""
    found = {}
    for row in rows:
        for which in guests.SETS:
            counts = row[which][world]
            for module, number in counts['modules'].items():
                share = number / counts['instructions']
                found[module] = max(found.get(module, 0), share)
    return [module for module, share in sorted(found.items(), key=lambda item: (-item[1], item[0]))
            if share >= SHARE]


def _other(counts, columns):
    """Instructions of the modules that have no column."""
    return sum(number for name, number in counts['modules'].items() if name not in columns)


def _pair(row, value):
    """Ours / in-tree."""
    return ' / '.join(tables.number(value(row[which])) for which in guests.SETS)


def modules(rows, world):
    """A line for each path: all instructions of a unit of work, and those of each module."""
    columns = _columns(rows, world)
    others = any(abs(_other(row[which][world], columns)) >= SHARE *
                 row[which][world]['instructions'] for row in rows for which in guests.SETS)
    head = ['', 'unit', 'all', 'ours / in-tree',
            *(SPACES[world] if module == instructions.USER else module for module in columns)]
    head += [OTHER] if others else []
    head.append('entries' if world == 'host' else 'units a second')
    lines = []
    for row in rows:
        both = [row[which][world]['instructions'] for which in guests.SETS]
        line = [row['name'], row['unit'], _pair(row, lambda each: each[world]['instructions']),
                f'**{both[0] / both[1]:.2f}**']
        line += [_pair(row, lambda each, name=module: each[world]['modules'].get(name, 0))
                 for module in columns]
        if others:
            line.append(_pair(row, lambda each: _other(each[world], columns)))
        line.append(_pair(row, lambda each: each['entries'] if world == 'host' else
                          each['units'] / each['seconds']))
        lines.append(line)
    return tables.table(head, lines)


def functions(row, top):
    """The @top functions of a path in the guest, those first that have most in ours or in in-tree;
    all of user space is one of them. A dash: less than an instruction or so, or never called."""
    both = {}
    for at, which in enumerate(guests.SETS):
        counts = row[which]['guest']
        for module, members in counts['functions'].items():
            for name, number in members.items():
                if name != instructions.REST:
                    both.setdefault((module, name), [None, None])[at] = number
        both.setdefault((instructions.USER, SPACES['guest']), [None, None])[at] = \
            counts['modules'][instructions.USER]
    ranked = sorted(both.items(), key=lambda item: (-max(number or 0 for number in item[1]),
                                                     item[0]))
    lines = [[f'`{name}`' if module != instructions.USER else f'({name}, in user space)',
              module if module != instructions.USER else '-', *map(tables.number, numbers)]
             for (module, name), numbers in ranked[:top]]
    rest = [row[which]['guest']['instructions'] -
            sum(numbers[at] or 0 for _, numbers in ranked[:top])
            for at, which in enumerate(guests.SETS)]
    lines.append(['(all others)', '-', *map(tables.number, rest)])
    lines.append(['**all**', '', *(f'**{tables.number(row[which]["guest"]["instructions"])}**'
                                   for which in guests.SETS)])
    return tables.table(['function', 'module', 'ours', 'in-tree'], lines)


def text(result, top):
    """The guest's profile of every path of a result."""
    return '\n'.join(f'**{row["name"]}: the guest\'s instructions of one {row["unit"]}, kernel '
                     f'{result["kernel"]}**\n\n{functions(row, top)}' for row in result['rows'])


def spreads(rows):
    """How well windows of the same work agree."""
    several = [row for row in rows if row['ours']['windows'] > 1]
    if not several:
        return ''
    worst = {world: max((row[which]['spread'][world], row['name'])
                        for row in several for which in guests.SETS) for world in SPACES}
    said = ' and '.join(f'{100 * part:.1f} % in the {world} ({name})'
                        for world, (part, name) in worst.items())
    return f'Windows of the same path differ at the most by {said}.\n'


def section(result):
    """The tables of a result for the report, or why there are none."""
    if 'why' in result:
        return f'Left out: {result["why"]}.\n'
    rows = result['rows']
    parts = [f'{result["qemu"]}; one processor. Timer ticks are taken out.\n']
    for kind in KINDS:
        some = [row for row in rows if row['kind'] == kind]
        if some:
            for world in ('guest', 'host'):
                parts.append(f'**{kind}, {world}: instructions a unit of work, ours / '
                             f'in-tree**\n\n{modules(some, world)}')
    parts.append(spreads(rows))
    parts.append(f'### By function, the {TOP} largest\n\n{text(result, TOP)}')
    return '\n'.join(part for part in parts if part)
