# SPDX-License-Identifier: GPL-2.0
# What the scripts of power and crash share. A script runs once in each kernel of its guest; what
# it is to do there is told by LAB_STAGE, a word of that kernel's command line, or by the host's
# counters.
# shellcheck shell=sh
. /lab/bus/lib.sh

MARK_BLOCKS=16	# of 64 KiB
MARK_AT=16	# blocks from the disk's start, behind a partition table

# host_count KEY: a counter of the host. Devices have some of the same name, later.
host_count() {
	host '{"cmd": "stats"}' | grep -o "\"$1\": *[0-9]*" | head -n 1 | grep -o '[0-9]*$'
}

# Within a minute; else what is wrong is told.
devices_work_soon() {
	until_true 60 devices_work && return
	devices_work
	nic_state "$(synthetic_nic)"
	return 1
}

# The devices of the bus work, its driver is the one that the run is about, and the host has
# nothing to complain about.
all_is_well() {
	check "$1: devices work" devices_work_soon
	case $HVIC_DRIVERS in
	*vmbus=ours*) check "$1: the bus is ours" test -s /sys/module/hv_vmbus/version ;;
	*) check "$1: the bus is in-tree's" test ! -e /sys/module/hv_vmbus/version ;;
	esac
	same "$1: bad messages" 0 "$(host_count bad_messages)"
	check "$1: the host is connected" sh -c \
		"hostctl '{\"cmd\": \"stats\"}' | grep -q '\"connection\": *\"connected\"'"
}

# Data that nobody else writes, to be read again by another kernel.
mark() {
	seq 200000 | head -c $((MARK_BLOCKS << 16))
}

mark_disk() {
	mark 2>/dev/null | dd of="/dev/$(disk_of_lun 0)" bs=64k seek="$MARK_AT" iflag=fullblock \
		oflag=direct 2>/dev/null
}

disk_is_marked() {
	mark_got=$(dd if="/dev/$(disk_of_lun 0)" bs=64k skip="$MARK_AT" count="$MARK_BLOCKS" \
		iflag=direct 2>/dev/null | md5sum)
	[ "$mark_got" = "$(mark 2>/dev/null | md5sum)" ]
}

# traffic NAME: disk and NIC are busy from now on; what does it does not end.
traffic() {
	traffic_disk=$(disk_of_lun 0)
	(while dd if="/dev/$traffic_disk" of=/dev/null bs=64k iflag=direct; do :; done >/dev/null 2>&1) &
	(while ping -A -q -c 1000 10.0.2.2; do :; done >/dev/null 2>&1) &
	(while ping -A -q -s 8000 -c 1000 10.0.2.2; do :; done >/dev/null 2>&1) &
	check "$1: disk and NIC are busy" working "$traffic_disk" "$(synthetic_nic)"
}

# another_kernel load|crash STAGE [WORD...]: the same kernel with what this guest's file system
# holds now, to be started later; WORDs come behind this kernel's, without its crashkernel.
another_kernel() {
	another_how=$1
	another_words="$(sed 's/crashkernel=[^ ]*//; s/LAB_STAGE=[^ ]*//' /proc/cmdline) LAB_STAGE=$2"
	shift 2
	# The root itself, below what is mounted over it.
	mkdir -p /tmp/root
	mount --bind / /tmp/root || return 1
	(cd /tmp/root && find . | cpio -o -H newc) >/tmp/initrd 2>/tmp/cpio.log || {
		cat /tmp/cpio.log
		return 1
	}
	umount /tmp/root
	/lab/bus/nextkernel "$another_how" /lab/vmlinuz /tmp/initrd "$another_words $*" || return 1
	ls -l /tmp/initrd
	rm -f /tmp/initrd
}

# What this kernel said so far goes with the results of the guest's end.
keep_log() {
	dmesg >"/out/dmesg-$1.txt"
}

# What was said is with the host before this kernel ends.
said() {
	sleep 1
}
