# SPDX-License-Identifier: GPL-2.0
"""The ELF kernel inside a bzImage: a guest starts it seconds sooner than it could decompress
it by itself."""

import lzma
import os
import shutil
import struct
import subprocess

from lablib.util import LabError, die_in_group, filling, locked

PT_LOAD = 1


def _unpack(packed):
    """The content of a bzImage's payload, or None when nothing here can unpack it."""
    if packed.startswith(b'\xfd7zXZ\0'):
        return lzma.LZMADecompressor().decompress(packed)
    if packed.startswith(b'\x28\xb5\x2f\xfd') and shutil.which('zstd'):
        # The payload ends with its unpacked size, which is no part of the compressed stream.
        done = subprocess.run(['zstd', '-dcq'], input=packed[:-4], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False, preexec_fn=die_in_group)
        return done.stdout if done.returncode == 0 else None
    return None


def payload(image):
    """The bytes of vmlinux in the bzImage @image, or None."""
    with open(image, 'rb') as file:
        data = file.read()
    if data[0x202:0x206] != b'HdrS':
        raise LabError(f'{image} is no bzImage')
    setup = (data[0x1f1] or 4) + 1
    offset, length = struct.unpack_from('<II', data, 0x248)
    return _unpack(data[setup * 512 + offset:setup * 512 + offset + length])


def trim(elf):
    """@elf without the zeroes at the end of its segments and without its sections."""
    header = bytearray(elf[:64])
    offset, count = struct.unpack_from('<Q', elf, 32)[0], struct.unpack_from('<H', elf, 56)[0]
    struct.pack_into('<Q', header, 32, 64)
    struct.pack_into('<Q', header, 40, 0)
    struct.pack_into('<HHH', header, 58, 0, 0, 0)
    entries, body = [], b''
    place = 4096
    for number in range(count):
        entry = bytearray(elf[offset + 56 * number:offset + 56 * (number + 1)])
        start, size = struct.unpack_from('<Q', entry, 8)[0], struct.unpack_from('<Q', entry, 32)[0]
        content = elf[start:start + size]
        if struct.unpack_from('<I', entry)[0] == PT_LOAD:
            content = content.rstrip(b'\0')
        struct.pack_into('<Q', entry, 8, place + len(body))
        struct.pack_into('<Q', entry, 32, len(content))
        entries.append(bytes(entry))
        body += content + bytes(-len(content) % 4096)
    head = bytes(header) + b''.join(entries)
    return head + bytes(place - len(head)) + body


def vmlinux(kernel):
    """Path of the ELF image of @kernel in the cache; its bzImage when that cannot be unpacked."""
    where = os.path.join(kernel.path, 'elf')
    with locked('elf-' + kernel.release):
        if not os.path.exists(f'{where}/trimmed'):
            elf = payload(kernel.image)
            if not elf or elf[:4] != b'\x7fELF':
                return kernel.image
            with filling(where) as work:
                with open(f'{work}/trimmed', 'wb') as file:
                    file.write(trim(elf))
    return f'{where}/trimmed'
