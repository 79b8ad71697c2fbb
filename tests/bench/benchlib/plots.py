# SPDX-License-Identifier: GPL-2.0
"""Plots by gnuplot, each as SVG and PNG: ours beside in-tree with the spread, and the ratio of each
row."""

import os
import shutil
import subprocess

from benchlib import guests

OURS, INTREE, PEERS = '#1b6ca8', '#e08e45', ('#7a7a7a', '#4c9f70', '#9b5fb5')
TERMINALS = {
    'svg': 'svg size {width},{height} dynamic noenhanced font "DejaVu Sans,12"',
    'png': 'pngcairo noenhanced size {width},{height} font "DejaVu Sans,10"',
}
COMMON = '''
set encoding utf8
set border 3 lc rgb "#888888"
set tics nomirror out textcolor rgb "#333333"
'''


def _quoted(text):
    return '"' + text.replace('\\', '\\\\').replace('"', "'") + '"'


def _run(script, path, width, height):
    """Draw @script twice. gnuplot's complaints are ours."""
    if not shutil.which('gnuplot'):
        raise guests.BenchError('gnuplot is not installed; run: tools/setup bench')
    for kind, terminal in TERMINALS.items():
        size = terminal.format(width=width, height=height)
        text = f'set terminal {size} background "#ffffff"\n' \
            f'set output {_quoted(f"{path}.{kind}")}\n{COMMON}{script}\n'
        done = subprocess.run(['gnuplot'], input=text, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        if done.returncode or not os.path.getsize(f'{path}.{kind}'):
            raise guests.BenchError(f'gnuplot: {done.stdout}')


def ratios(path, title, rows):
    """How many times in-tree ours is, row by row, with the least and the largest pair. For times
    it is turned, so that to the right is better everywhere."""
    lines = []
    for place, row in enumerate(reversed(rows)):
        value = row['ratio']
        low, middle, high = value['min'], value['median'], value['max']
        if row['better'] == 'lower':
            low, middle, high = 1 / high, 1 / middle, 1 / low
        lines.append(f'{middle} {place} {low} {high} {_quoted(row["name"])}')
    script = f'''
set title {_quoted(title)} textcolor rgb "#222222"
set xlabel "times as good as in-tree, bars: least and largest pair"
set yrange [-0.7:{len(rows) - 0.3}]
set logscale x
set grid x lc rgb "#dddddd" lt 1
set arrow from 1, graph 0 to 1, graph 1 nohead lc rgb "{INTREE}" lw 2 back
unset key
$rows << EOD
''' + '\n'.join(lines) + f'''
EOD
plot $rows using 1:2:3:4:ytic(5) with xerrorbars lc rgb "{OURS}" lw 1.5 pt 7 ps 0.9
'''
    _run(script, path, 1000, 90 + 22 * len(rows))


def values(path, title, rows, unit):
    """Each row's ours, in-tree and peers on one scale, with the spread of the first two. The scale
    is logarithmic: rows differ by orders of magnitude, and a factor is as long everywhere."""
    peers = list(dict.fromkeys(peer for row in rows for peer in row.get('peers', {})))
    names = ['ours', 'in-tree', *peers]
    blocks, plot = [], []
    for number, name in enumerate(names):
        lines = []
        for place, row in enumerate(reversed(rows)):
            at = place + 0.24 - 0.48 * number / (len(names) - 1)
            if number < len(guests.SETS):
                value = row[guests.SETS[number]]
                lines.append(f'{value["median"]} {at} {value["min"]} {value["max"]}')
            elif name in row.get('peers', {}):
                rate = row['peers'][name]['rate']
                lines.append(f'{rate} {at} {rate} {rate}')
        blocks.append(f'$s{number} << EOD\n' + '\n'.join(lines) + '\nEOD\n')
        style = f'pt {7 if number < 2 else 5} ps {0.9 if number < 2 else 0.7} lw 1.5'
        plot.append(f'$s{number} using 1:2:3:4 with xerrorbars {style} '
                    f'lc rgb "{(OURS, INTREE, *PEERS)[number]}" title {_quoted(name)}')
    tics = ', '.join(f'{_quoted(row["name"])} {place}' for place, row in enumerate(reversed(rows)))
    script = f'''
set title {_quoted(title)} textcolor rgb "#222222"
set xlabel {_quoted(unit + ", bars: least and largest")}
set logscale x
set format x "%.0s%c"
set grid x mxtics lc rgb "#dddddd" lt 1, lc rgb "#eeeeee" lt 1
set key above right samplen 1.5
set yrange [-0.7:{len(rows) - 0.3}]
set ytics ({tics})
''' + ''.join(blocks) + 'plot ' + ', '.join(plot)
    _run(script, path, 1000, 130 + 32 * len(rows))


def draw(result, where):
    """The plots of a result: [(file without its ending, what it shows)]."""
    subject, kernel = result['subject'], result['kernel']
    drawn = []
    rows = result['rows']
    for cpus in sorted({row.get('cpus') or 0 for row in rows}):
        some = [row for row in rows if (row.get('cpus') or 0) == cpus]
        of_cpus = f', {cpus} processor{"s" * (cpus > 1)}' if cpus else ''
        name = f'{subject}-{kernel}-ratios' + (f'-c{cpus}' if cpus else '')
        about = f'{subject}, kernel {kernel}{of_cpus}: ours by in-tree'
        ratios(os.path.join(where, name), about, some)
        drawn.append((name, about))
        groups = {}
        for row in some:
            groups.setdefault((row['unit'], row['better'], row.get('size')), []).append(row)
        for (unit, better, size), members in groups.items():
            suffix = unit.lower().replace('/', '') + (f'-{size}' if size else '')
            name = f'{subject}-{kernel}-{suffix}' + (f'-c{cpus}' if cpus else '')
            about = f'{subject}, kernel {kernel}{of_cpus}: ' + \
                (f'{unit} a second, more is better' if better == 'higher'
                 else f'{unit}, less is better')
            values(os.path.join(where, name), about, members,
                 f'{unit}/s' if better == 'higher' else unit)
            drawn.append((name, about))
    return drawn
