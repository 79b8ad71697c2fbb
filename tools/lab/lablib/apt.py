# SPDX-License-Identifier: GPL-2.0
"""Packages of Debian suites other than the machine's own, through apt itself: a private apt
root whose sources are derived from the machine's, so that no mirror is named here."""

import glob
import os
import subprocess
import time

from lablib.util import LabError, cache_dir, die_in_group, locked, run, say

KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
LISTS_MAX_AGE = 24 * 3600   # seconds after which the index of a suite is asked for again


def codename():
    with open('/etc/os-release', encoding='utf-8') as file:
        for line in file:
            if line.startswith('VERSION_CODENAME='):
                return line.split('=', 1)[1].strip().strip('"')
    raise LabError('/etc/os-release has no VERSION_CODENAME: the lab needs Debian')


def _deb822(text):
    """(types, uris, suites) of each stanza of a .sources file."""
    stanza = {}
    for line in text.splitlines() + ['']:
        if line.startswith('#'):
            continue
        if not line.strip():
            if stanza.get('enabled', 'yes').lower() not in ('no', 'false', '0'):
                yield tuple(stanza.get(key, '').split() for key in ('types', 'uris', 'suites'))
            stanza = {}
        elif line[0].isspace() and stanza:
            stanza[list(stanza)[-1]] += ' ' + line.strip()
        elif ':' in line:
            key, value = line.split(':', 1)
            stanza[key.strip().lower()] = value.strip()


def _one_line(text):
    """(types, uris, suites) of each line of a .list file."""
    for line in text.splitlines():
        words = line.split('#', 1)[0].split()
        if len(words) > 1 and words[1].startswith('['):
            while words[1:] and not words[1].endswith(']'):
                del words[1]
            del words[1:2]
        if len(words) >= 3 and words[0] in ('deb', 'deb-src'):
            yield words[:1], words[1:2], words[2:3]


def mirrors():
    """The machine's Debian mirrors: {'main': [uri], 'security': [uri]}, in apt's order."""
    own = codename()
    found = {'main': [], 'security': []}
    for path in ['/etc/apt/sources.list'] + sorted(glob.glob('/etc/apt/sources.list.d/*')):
        parse = {'.list': _one_line, '.sources': _deb822}.get(os.path.splitext(path)[1])
        if not parse or not os.path.exists(path):
            continue
        with open(path, encoding='utf-8', errors='replace') as file:
            text = file.read()
        for types, uris, suites in parse(text):
            if 'deb' not in types:
                continue
            for suite in suites:
                kind = {own: 'main', 'stable': 'main', 'oldstable': 'main',
                        f'{own}-security': 'security', 'stable-security': 'security',
                        'oldstable-security': 'security',
                        f'{own}/updates': 'security'}.get(suite)
                if kind:
                    found[kind] += [uri for uri in uris if uri not in found[kind]]
    if not found['main']:
        raise LabError(f'the apt sources of this machine name no mirror of Debian {own}')
    return found


class Root:
    """A private apt root over some @suites; nothing of the machine's own apt changes."""

    def __init__(self, suites, architecture='amd64'):
        self.suites = suites
        self.name = '+'.join(suites) + ('' if architecture == 'amd64' else f'_{architecture}')
        self.path = cache_dir('apt', self.name)
        for part in ('lists/partial', 'archives/partial', 'state', 'preferences.d'):
            os.makedirs(os.path.join(self.path, part), exist_ok=True)
        self.options = [
            '-o', f'Dir::Etc::SourceList={self.path}/sources.list',
            '-o', 'Dir::Etc::SourceParts=/dev/null',
            '-o', 'Dir::Etc::Preferences=/dev/null',
            '-o', f'Dir::Etc::PreferencesParts={self.path}/preferences.d',
            '-o', f'Dir::State={self.path}/state',
            '-o', f'Dir::State::Lists={self.path}/lists',
            '-o', f'Dir::State::status={self.path}/state/status',
            '-o', f'Dir::Cache={self.path}',
            '-o', f'Dir::Cache::archives={self.path}/archives',
            '-o', f'APT::Architecture={architecture}',
            '-o', f'APT::Architectures={architecture}',
            '-o', 'Acquire::Languages=none', '-o', 'Acquire::Retries=3',
            '-o', 'APT::Sandbox::User=',
        ]

    def _write_sources(self):
        found = mirrors()
        lines = []
        for suite in self.suites:
            kind = 'security' if suite.endswith('-security') else 'main'
            lines += [f'deb [signed-by={KEYRING}] {uri} {suite} main' for uri in found[kind]]
        with open(f'{self.path}/sources.list', 'w', encoding='utf-8') as file:
            file.write('\n'.join(lines) + '\n')
        with open(f'{self.path}/state/status', 'a', encoding='utf-8'):
            pass

    def update(self):
        """Bring the index of the suites up to date, at most once a day."""
        stamp = f'{self.path}/updated'
        with locked('apt-' + self.name):
            if os.path.exists(stamp) and time.time() - os.path.getmtime(stamp) < LISTS_MAX_AGE:
                return
            self._write_sources()
            say(f'asking apt what {", ".join(self.suites)} hold')
            run(['apt-get', *self.options, '-qq', 'update'],
                f'apt-get update for {", ".join(self.suites)} (does the mirror have them?)')
            with open(stamp, 'w', encoding='ascii'):
                pass

    def names(self):
        """The names of all packages of the suites."""
        return run(['apt-cache', *self.options, 'pkgnames'], 'apt-cache').split()

    def version(self, package):
        """The version that apt would take of @package (backports included)."""
        for line in run(['apt-cache', *self.options, 'madison', package],
                        'apt-cache').splitlines():
            return line.split('|')[1].strip()
        raise LabError(f'the mirror has no {package} in {", ".join(self.suites)}')

    def depends(self, package):
        """The names that @package (NAME or NAME=VERSION) depends on, without alternatives."""
        text = run(['apt-cache', *self.options, 'depends', '--no-recommends', '--no-suggests',
                    '--no-enhances', '--no-conflicts', '--no-breaks', '--no-replaces', package],
                   'apt-cache')
        return [line.split(':', 1)[1].strip() for line in text.splitlines()
                if line.strip().startswith('Depends:')]

    def unpack(self, package, version, where):
        """Download @package and unpack its files into @where."""
        archives = f'{self.path}/archives'
        say(f'downloading {package} {version}')
        with locked('apt-' + self.name):
            run(['apt-get', *self.options, '-qq', 'download', f'{package}={version}'],
                f'apt-get download {package}', cwd=archives)
            files = glob.glob(f'{archives}/{glob.escape(package)}_*.deb')
            if len(files) != 1:
                raise LabError(f'apt-get download {package} left {len(files)} files')
            run(['dpkg-deb', '-x', files[0], where], f'unpacking {package}')
            os.unlink(files[0])


def installed(package):
    """Whether @package is installed on this machine."""
    done = subprocess.run(['dpkg-query', '-W', '-f', '${Status}', package], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          preexec_fn=die_in_group)
    return done.stdout.endswith(b' installed')
