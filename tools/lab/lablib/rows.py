# SPDX-License-Identifier: GPL-2.0
"""A row of a table of tests: one lab run whose script says "PASS subject: what" and "FAIL
subject: what", with the guest's kernel log judged as well."""

import concurrent.futures
import glob
import os
import re
import shutil
import subprocess
import threading
import time

from lablib import dmesg
from lablib.util import LAB, TOP

PROGRAM = os.path.join(LAB, 'lab')
NEVER = r'(?!)'     # matches no line

_running = set()
_interrupted = threading.Event()


def each(function, items, jobs):
    """The results of @function for each of @items, @jobs at a time. An interruption ends the rows
    that run, as it would end the lab, and begins no other."""
    with concurrent.futures.ThreadPoolExecutor(max(1, jobs)) as pool:
        try:
            return list(pool.map(function, items))
        except KeyboardInterrupt:
            _interrupted.set()
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(_running):
                process.terminate()
            raise


def _lab(command, file):
    """The exit status of the lab's @command, whose output goes to @file."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file,
                          stderr=subprocess.STDOUT) as process:
        _running.add(process)
        try:
            if _interrupted.is_set():
                process.terminate()
            return process.wait()
        finally:
            _running.discard(process)


def kernel_log(out, expected=None, splats=None):
    """(whether a kernel log came back, its lines that a clean log does not have, less those that
    match the regular expression @expected). No splat is expected but those that match @splats, of
    a kernel that the test has panic."""
    paths = [os.path.join(out, 'dmesg.txt'), *glob.glob(os.path.join(out, 'console*.log'))]
    there = any(os.path.exists(path) and os.path.getsize(path) for path in paths)
    bad = dmesg.complaints(*paths)
    worst = set(dmesg.splats(*paths))
    return there, [line for line in bad if not re.search(
        (splats if line in worst else expected) or NEVER, line)]


def _verdicts(out, verdict):
    with open(os.path.join(out, 'stdout.txt'), encoding='utf-8', errors='replace') as file:
        return re.findall(f'^{verdict} (.*)$', file.read(), re.MULTILINE)


def run(name, command, subjects, out, echo, about, expected=None, splats=None, after=None):
    """Run the lab's @command, whose files go to @out; print a line under the lock @echo. Returns
    a dict of the results with @about in it. Each of @subjects must have passed something. Lines of
    the kernel log that match @expected and @splats are what the test brings about. @after(text) is
    asked in the end with what was printed: ([passed], [failed])."""
    began = time.monotonic()
    # A guest that does not come up and says nothing of why may be the emulation's fault: once more,
    # the result says so and what the first one left stays. A kernel that complained, or a test that
    # gave its verdict, is never repeated.
    first = out + '.first'
    shutil.rmtree(first, ignore_errors=True)
    repeated = False
    while True:
        shutil.rmtree(out, ignore_errors=True)
        os.makedirs(out)
        with open(os.path.join(out, 'stdout.txt'), 'wb') as file:
            status = _lab(command, file)
        if repeated or status not in (124, 125) or _verdicts(out, '(?:PASS|FAIL)') or \
                kernel_log(out, expected, splats)[1]:
            break
        repeated = True
        os.rename(out, first)
    with open(os.path.join(out, 'stdout.txt'), encoding='utf-8', errors='replace') as file:
        text = file.read()
    passed, failed = _verdicts(out, 'PASS'), _verdicts(out, 'FAIL')
    if status not in (0, 1) or (status and not failed):
        failed.append(f'lab: exit status {status}')
    for subject in sorted(set(subjects) - {line.split(':')[0] for line in passed}):
        failed.append(f'{subject}: nothing passed')
    if after:
        for verdicts, more in zip((passed, failed), after(text)):
            verdicts.extend(more)
    there, bad = kernel_log(out, expected, splats)
    if not there:
        failed.append('dmesg: no kernel log came back')
    elif bad:
        failed.append(f'dmesg: {len(bad)} lines that a clean log does not have')
    else:
        passed.append('dmesg: clean')
    result = {'row': name, **about, 'passed': passed, 'failed': failed, 'dmesg': bad,
              'said': re.findall(r'^    \| (.*)$', text, re.MULTILINE), 'repeated': repeated,
              'seconds': round(time.monotonic() - began, 1), 'out': os.path.relpath(out, TOP)}
    with echo:
        show(result)
    return result


def show(result):
    """Print a result: a line, and what failed."""
    passed, failed = result['passed'], result['failed']
    print(f'{result["row"]:32} {"FAILED" if failed else "ok":7} {len(passed):3} passed '
          f'{len(failed):3} failed {result["seconds"]:6.1f} s'
          f'{" (repeated)" if result["repeated"] else ""}', flush=True)
    for line in failed:
        print(f'    FAIL {line}')
    for line in result['said'][:80]:
        print(f'    | {line}')
    for line in result['dmesg'][:10]:
        print(f'    dmesg: {line}')
    if failed:
        print(f'    see {result["out"]}/stdout.txt and console.log', flush=True)
