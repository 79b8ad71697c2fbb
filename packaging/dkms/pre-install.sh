#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Before dkms installs for a kernel: refuses where SLES would not load our modules, and takes away
# what `make install` placed there, for bus and drivers come from one build.
#
# usage: pre-install.sh KERNEL
set -eu
kernel=${1:?}
root=${HVIC_ROOT-}

# SUSE's modprobe refuses modules without the mark of its support. /etc has the last word over the
# file of the same name elsewhere. With ours in the initramfs there would be no root disk.
if grep -qE '^ID="?(sles|sled|sle_hpc|sl-micro)' "$root/etc/os-release" 2>/dev/null; then
	allowed=$(for dir in lib usr/lib run etc; do
		cat "$root/$dir"/modprobe.d/*unsupported-modules.conf 2>/dev/null || :
	done | sed -n 's/^[[:space:]]*allow_unsupported_modules[[:space:]]*//p' | tail -n 1)
	if [ "${allowed:-1}" != 1 ]; then
		echo "hvic: SLES does not load modules without SUSE's support: not installed. Write" >&2
		echo "    allow_unsupported_modules 1" >&2
		echo "hvic: into /etc/modprobe.d/10-unsupported-modules.conf, and then run" >&2
		echo "    dkms install hvic/$(cat "${0%/*}/../../VERSION") -k $kernel" >&2
		exit 1
	fi
fi
rm -rf "$root/lib/modules/$kernel/updates/hvic"
