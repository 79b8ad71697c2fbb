# SPDX-License-Identifier: GPL-2.0
"""The report: every result in a directory as tables of Markdown, with the plots beside it."""

import glob
import os

from benchlib import guests, plots, profile
from benchlib.tables import number, table

TITLES = {'storage': 'Storage', 'network': 'Network', 'bus': 'Bus', 'counts': 'Instructions'}
# Peers of a machine that differs in one of these are left out.
SAME = ('processor', 'cpus', 'emulated', 'qemu')
COUNTED = {'storage': 'request', 'network': 'packet, sent or received,'}


def ratio(value):
    """Median (least to most)."""
    return f'**{value["median"]:.2f}** ({value["min"]:.2f} to {value["max"]:.2f})'


def _add_peers(result, run):
    """Put the peers of a run of their own beside a subject's rows, and remember when it was."""
    names = []
    for row in result['rows']:
        others = run['peers'].get(row['key'], {})
        row.setdefault('peers', {}).update(others)
        names += [name for name in others if name not in names]
    if names:
        result['peers_run'] = {'names': names, 'date': run['date'], 'busy': run['busy']}


def _wrong(path, error):
    """What is said of a file that is left out."""
    return f'{os.path.relpath(path, guests.TOP)}: not a result of this version ' \
        f'({type(error).__name__}: {error}); measure again or delete it'


def results(where):
    """The results in a directory, in the order of subjects and kernels, and what is said of files
    that are none."""
    found, runs, wrong = [], {}, []
    for path in sorted(glob.glob(os.path.join(where, '*-*.json'))):
        try:
            result = guests.read_json(path)
            result.update(path=path, busy=_busy(result['machine']),
                          same=[result['machine'][what] for what in SAME])
            if result['subject'] == 'peers':
                runs[result['kernel']] = result
            else:
                found.append((list(TITLES).index(result['subject']),
                              [int(part) for part in result['kernel'].split('.')
                               if part.isdigit()], path, result))
        except (guests.BenchError, AttributeError, *guests.MALFORMED) as error:
            wrong.append(_wrong(path, error))
    found = [result for *_, result in sorted(found, key=lambda each: each[:-1])]
    for result in found:
        run = runs.get(result['kernel'])
        if run and run['same'] == result['same']:
            _add_peers(result, run)
    return found, wrong


def _groups(rows):
    """(title, rows) of rows with as many processors and of one unit."""
    groups = {}
    for row in rows:
        what = 'times' if row['better'] == 'lower' else 'rates'
        groups.setdefault((row.get('cpus'), what), []).append(row)
    return [(f'{cpus} processor{"s" * (cpus > 1)}' if cpus else '', members)
            for (cpus, _), members in groups.items()]


def rates(rows):
    """What was achieved, ours beside in-tree and the peers."""
    peers = list(dict.fromkeys(peer for row in rows for peer in row.get('peers', {})))
    timed = any('latency' in row for row in rows)
    higher = rows[0]['better'] == 'higher'
    head = ['', 'unit', 'ours', 'in-tree', 'ours / in-tree']
    head += ['p50 us, ours / in-tree', 'p99 us, ours / in-tree'] if timed else []
    lines = []
    for row in rows:
        line = [row['name'], row['unit'] + ('/s' if higher else ''),
                number(row['ours']['median']), number(row['intree']['median']),
                ratio(row['ratio'])]
        for percent in ('p50', 'p99') if timed else ():
            latency = row.get('latency', {}).get(percent)
            line.append(' / '.join(number(latency[which]['median']) for which in guests.SETS)
                        if latency else '-')
        line += [number(row['peers'][peer]['rate']) if peer in row.get('peers', {}) else '-'
                 for peer in peers]
        lines.append(line)
    return table(head + peers, lines)


def counts(rows):
    """What a unit of work costs the host."""
    rows = [row for row in rows if all(row.get('counts', {}).get(which) for which in guests.SETS)]
    names = list(dict.fromkeys(name for row in rows for which in guests.SETS
                               for name in row['counts'][which] if name != 'units'))
    if not rows or not names:
        return ''
    return table(['', *names], [
        [row['name'], *(' / '.join(number(row['counts'][which].get(name))
                                   for which in guests.SETS) for name in names)]
        for row in rows])


def _busy(machine):
    """What else a machine did during a run."""
    return (f'processors {100 * machine["busy"]:.0f} % busy, {100 * machine["stolen"]:.0f} % '
            f'stolen, load {machine["load_before"]} before and {machine["load_after"]} after')


def lost(rows):
    """Answers that did not come, which cost a job two seconds each."""
    return ''.join(f'{row["name"]}: {row["lost"]["ours"]} answers of ours and '
                   f'{row["lost"]["intree"]} of in-tree were lost.\n\n'
                   for row in rows if any(row.get('lost', {}).values()))


def section(result):
    """One subject on one kernel."""
    machine = result['machine']
    title = f'## {TITLES[result["subject"]]}, kernel {result["kernel"]}\n'
    if result['subject'] == 'counts':
        return f'{title}\n{result["date"]}: {result["took"]:.0f} s; {result["busy"]} (1 is this ' \
            f'run alone). {profile.section(result)}'
    text = [title, f'{result["date"]}: {result["rounds"]} pairs'
            f'{", the quick part" if result["quick"] else ""}, {result["took"]:.0f} s; '
            f'{machine["cpus"]} x {machine["processor"]}, '
            f'{"emulated by QEMU " + machine["qemu"] if machine["emulated"] else "KVM"}; '
            f'{result["busy"]} (1 is this run alone).\n']
    if 'peers_run' in result:
        run = result['peers_run']
        text.append(f'From another run, {run["date"]}, {run["busy"]}: '
                    f'{", ".join(run["names"])}.\n')
    for title, rows in _groups(result['rows']):
        text.append((f'**{title}**\n\n' if title else '') + rates(rows))
        if lost(rows):
            text.append(lost(rows))
        cost = counts(rows)
        if cost:
            text.append(f'What one {COUNTED[result["subject"]]} costs, ours / in-tree:\n\n{cost}')
    return '\n'.join(text)


def write(where):
    """Write report.md and the plots of every result in @where. Return: the report's path, and what
    is said of files that are left out; the report says it, too."""
    found, wrong = results(where)
    if not found:
        raise guests.BenchError('\n'.join([f'there is no result in {where}', *wrong]))
    text = ['# Benchmarks\n']
    for result in found:
        try:
            part = [section(result)]
            for name, about in () if result['subject'] == 'counts' else plots.draw(result, where):
                part.append(f'![{about}]({name}.svg)\n')
            text += part
        except guests.MALFORMED as error:
            wrong.append(_wrong(result['path'], error))
    text += [f'Left out: {said}.\n' for said in wrong]
    path = os.path.join(where, 'report.md')
    with open(path, 'w', encoding='utf-8') as file:
        file.write('\n'.join(text))
    return path, wrong
