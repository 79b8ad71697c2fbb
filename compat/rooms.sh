#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Which rooms of drivers/ can be installed on a kernel: all; or the device drivers alone, where
# the bus is built into the kernel or does not export exactly the kernel's symbols, which other
# in-tree drivers (hv_utils, hv_balloon, pci-hyperv, ...) import. The latter takes a build of the
# bus, which is made in a temporary folder.
#
# usage: rooms.sh KERNEL_BUILD_DIR [RECORD]
#   RECORD: a file that keeps the outcome until the kernel's Module.symvers changes
# Prints the rooms; on stderr why the bus is not among them. Fails where nothing can be installed.
set -eu

if [ $# -lt 1 ] || [ ! -f "$1/.config" ]; then
	echo "usage: rooms.sh KERNEL_BUILD_DIR [RECORD] (a folder with the kernel's .config)" >&2
	exit 2
fi
kdir=$1
record=${2-}
top=$(cd "${0%/*}/.." && pwd)
drivers='storvsc netvsc hid'

alone() {
	echo "hvic: $1: installing the device drivers alone, on the kernel's own bus" >&2
	echo "$drivers"
	exit 0
}

# CONFIG_HYPERV_VMBUS is the bus where it exists, CONFIG_HYPERV on older kernels.
config() {
	sed -n "s/^CONFIG_$1=//p" "$kdir/.config"
}
bus=$(config HYPERV_VMBUS)
[ -n "$bus" ] || bus=$(config HYPERV)
case $bus in
m) ;;
y) alone 'this kernel has its VMBus driver built in' ;;
*)
	echo "hvic: this kernel has no support for Hyper-V: nothing to install" >&2
	exit 1
	;;
esac

key=$(cksum <"$kdir/Module.symvers")
verdict=
if [ -n "$record" ] && [ -f "$record" ]; then
	verdict=$(sed -n "s/^$key: //p" "$record")
fi
if [ -z "$verdict" ]; then
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	cp -R "$top/Kbuild" "$top/VERSION" "$top/compat" "$top/include" "$top/drivers" "$tmp/"
	# The kernel's own compiler, as dkms picks it; Debian's kernels name it by themselves.
	set --
	cc=$(sed -n 's/^CONFIG_CC_VERSION_TEXT="*\([^" ]*\) .*/\1/p' "$kdir/.config")
	if grep -q '^CONFIG_CC_IS_CLANG=y' "$kdir/.config"; then
		set -- LLVM=1
	elif [ ! -f "$kdir/.kernelvariables" ] && command -v "$cc" >/dev/null; then
		set -- "CC=$cc"
	fi
	if ! make -j "$(nproc)" -C "$kdir" M="$tmp" HVIC_ROOMS=vmbus "$@" modules \
		>"$tmp/log" 2>&1; then
		# The whole build tells more about this than half of it.
		verdict=unknown
	elif sh "$top/compat/abi-check.sh" "$kdir" "$tmp/Module.symvers" >"$tmp/abi"; then
		verdict=same
	else
		verdict=$(tail -n 1 "$tmp/abi")
	fi
	if [ -n "$record" ] && [ "$verdict" != unknown ] && [ -w "${record%/*}" ]; then
		echo "$key: $verdict" >"$record"
	fi
fi
case $verdict in
same | unknown) echo "vmbus $drivers" ;;
*) alone "the bus does not export this kernel's symbols ($verdict)" ;;
esac
