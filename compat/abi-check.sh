#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Compares the symbols that a build of our bus exports with those of the kernel's own: name,
# kind of export and, where the kernel has MODVERSIONS, CRC. In-tree drivers load on our bus
# only when all of the kernel's agree; one that only we export hurts nobody.
#
# usage: abi-check.sh KERNEL_BUILD_DIR OUR_MODULE_SYMVERS
# Prints the differences and "hv_vmbus: N of M symbols agree"; fails unless all do. Further
# arguments mean nothing: dkms appends make's to whatever comes last (LLVM=1).
set -eu

if [ $# -lt 2 ] || [ ! -f "$1/Module.symvers" ] || [ ! -f "$2" ]; then
	echo "usage: abi-check.sh KERNEL_BUILD_DIR OUR_MODULE_SYMVERS" >&2
	exit 2
fi

awk -F '\t' '
	$3 !~ /(^|\/)hv_vmbus$/ { next }
	FILENAME == ARGV[1] { crc[$2] = $1; kind[$2] = $4; total++; next }
	{ seen[$2] = 1 }
	!($2 in crc) { print "only ours, asked for by nobody: " $2; next }
	$1 != crc[$2] { print $2 ": CRC " $1 ", kernel has " crc[$2]; bad = 1; next }
	$4 != kind[$2] { print $2 ": " $4 ", kernel has " kind[$2]; bad = 1; next }
	{ same++ }
	END {
		for (name in crc)
			if (!(name in seen)) {
				print "missing: " name
				bad = 1
			}
		printf "hv_vmbus: %d of %d symbols agree\n", same, total
		exit bad || !total
	}
' "$1/Module.symvers" "$2"
