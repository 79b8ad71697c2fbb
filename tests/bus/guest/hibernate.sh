#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Suspend to disk: the image goes to a swap area at the synthetic disk's end, the guest powers off,
# and the host starts again with the same file as its disk. That boot finds the image and resumes
# it: this script goes on where it was, with devices that the host has offered anew. MODE is what
# /sys/power/disk is to be (shutdown).
. /lab/bus/powerlib.sh
mode=${MODE:-shutdown}
SWAP_MIB=512

# The swap area, on a partition that is no more than an offset.
check "the disk is there" until_true 30 have_lun 0
disk=$(disk_of_lun 0)
swap=/dev/${disk}1

signature() {
	dd if="$swap" bs=4096 count=1 2>/dev/null | tail -c 10
}

# The signature of a partition table.
has_table() {
	table_last=$(dd if="/dev/$disk" bs=512 count=1 2>/dev/null | tail -c 2 | od -An -tx1 |
		tr -d ' \n')
	[ "$table_last" = 55aa ]
}

# The disk of a first boot is empty. One with a partition table is of a boot before, and nothing is
# written to it.
if has_table; then
	until_true 30 test -b "$swap"
	same "the partition has an image" S1SUSPEND "$(signature)"
	[ "$(signature)" != S1SUSPEND ] || cat "/sys/class/block/${disk}1/dev" >/sys/power/resume
	fail "the image is resumed"
	dmesg | tail -n 30
	finish
fi

# More to find again than what the kernel has of itself.
remember() {
	dd if=/dev/urandom of=/tmp/remembered bs=1M count=16 2>/dev/null
	md5sum </tmp/remembered >/tmp/remembered.md5
}

remembers() {
	[ "$(md5sum </tmp/remembered)" = "$(cat /tmp/remembered.md5)" ]
}

listed() {
	for listed_path in "$BUS"/devices/*; do
		echo "${listed_path##*/} $(cat "$listed_path/class_id")" \
			"$(readlink "$listed_path/driver" | sed 's/.*\///')"
	done
}

all_is_well "before"
check "a partition for the image" sh -c "echo '$(((1024 - SWAP_MIB) * 2048)),,S' | \
	sfdisk -q /dev/$disk"
check "the disk is written" mark_disk
check "the partition is there" until_true 10 test -b "$swap"
check "the swap area is made" mkswap "$swap"
check "the swap area is used" swapon "$swap"
check "$mode is a way to hibernate" sh -c "echo $mode >/sys/power/disk"
check "something is remembered" remember
listed >/tmp/listed
nic=$(synthetic_nic)
mac=$(cat "/sys/class/net/$nic/address")
boots=$(cat /proc/sys/kernel/random/boot_id)
said
began=$(date +%s)
check "the guest sleeps and is resumed" sh -c 'echo disk >/sys/power/state'
figure "from the way to disk to the way back" $(($(date +%s) - began)) s
same "it is the same kernel as before" "$boots" "$(cat /proc/sys/kernel/random/boot_id)"
check "memory is what it was" remembers
all_is_well "after"
# This host has seen two guests: the one that booted to resume, which unloads the bus when the image
# takes its place, and the resumed one.
same "the new host was contacted twice" 2 "$(host_count contacts)"
same "the kernel that loaded the image has unloaded the bus" 1 "$(host_count unloads)"
same "the devices are the same, with their drivers" "$(cat /tmp/listed)" "$(listed)"
same "the NIC is the same" "$nic $mac" "$(synthetic_nic) $(cat "/sys/class/net/$nic/address")"
check "the disk has what was written" disk_is_marked
check "the disk writes" mark_disk
check "swap is given back" swapoff "$swap"
finish
