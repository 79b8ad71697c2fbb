# SPDX-License-Identifier: GPL-2.0
"""Numbers and tables of Markdown."""


def number(value):
    """Three digits that matter."""
    if value is None:
        return '-'
    if abs(value) >= 100:
        return f'{value:,.0f}'
    return f'{value:.1f}' if abs(value) >= 10 else f'{value:.2f}'


def table(head, lines):
    """Markdown; all columns but the first are numbers."""
    text = ['| ' + ' | '.join(head) + ' |', '|---|' + '---:|' * (len(head) - 1)]
    text += ['| ' + ' | '.join(line) + ' |' for line in lines]
    return '\n'.join(text) + '\n'
