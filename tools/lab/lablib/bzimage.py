# SPDX-License-Identifier: GPL-2.0
"""The ELF kernel inside a bzImage: an emulated machine starts it seconds sooner than it could
decompress it by itself."""

import lzma
import os
import struct

from lablib.util import LabError, filling


def payload(image):
    """The bytes of vmlinux in the bzImage @image (Debian compresses with xz)."""
    with open(image, 'rb') as file:
        data = file.read()
    if data[0x202:0x206] != b'HdrS':
        raise LabError(f'{image} is no bzImage')
    setup = (data[0x1f1] or 4) + 1
    offset, length = struct.unpack_from('<II', data, 0x248)
    packed = data[setup * 512 + offset:setup * 512 + offset + length]
    if packed[:6] != b'\xfd7zXZ\0':
        return None
    return lzma.LZMADecompressor().decompress(packed)


def vmlinux(kernel):
    """Path of the ELF image of @kernel in the cache; its bzImage when that is packed otherwise."""
    where = os.path.join(kernel.path, 'elf')
    if not os.path.isdir(where):
        elf = payload(kernel.image)
        if not elf or elf[:4] != b'\x7fELF':
            return kernel.image
        with filling(where) as work:
            with open(os.path.join(work, 'vmlinux'), 'wb') as file:
                file.write(elf)
    return os.path.join(where, 'vmlinux')
