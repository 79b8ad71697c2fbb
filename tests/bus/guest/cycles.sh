#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Devices come and go: CYCLES small ones (default 1000), BATCH at a time (50), each probed; then as
# many as HASTE (500) that go before their probe has ended, at every moment of it; disks that go
# with I/O under way and NICs that send, MIXED (20) of each. No memory may stay behind.
# All of it is done twice: what grows both times is a leak. 0 leaves a part out.
. /lab/bus/lib.sh
cycles=${CYCLES:-1000}
batch=${BATCH:-50}
haste=${HASTE:-500}
mixed=${MIXED:-20}

# The keyboards' own drivers are not what is looked at.
echo 0 >/sys/bus/serio/drivers_autoprobe

add() {
	host "{\"cmd\": \"device-add\", \"kind\": \"keyboards\", \"spec\": \"$1\"}"
}

remove() {
	host '{"cmd": "device-remove", "device": "idle*"}'
}

at_most() {
	[ "$1" -lt "$2" ] && echo "$1" || echo "$2"
}

cycle() {
	cycle_left=$1
	while [ "$cycle_left" -gt 0 ]; do
		cycle_now=$(at_most "$batch" "$cycle_left")
		add "$cycle_now" >/dev/null || return 1
		if ! until_true 60 bound_are $((bound + cycle_now)); then
			echo "$(count_devices) devices, $(count_bound) bound, $cycle_left left"
			return 1
		fi
		remove >/dev/null || return 1
		if ! until_true 60 devices_are "$devices"; then
			echo "$(count_devices) devices are left, $cycle_left cycles"
			return 1
		fi
		cycle_left=$((cycle_left - cycle_now))
	done
}

# The host takes them away after 0, 1, 2... milliseconds.
cycle_in_haste() {
	hasty_left=$1
	hasty_ms=0
	while [ "$hasty_left" -gt 0 ]; do
		hasty_now=$(at_most 10 "$hasty_left")
		add "$hasty_now" >/dev/null || return 1
		usleep $((hasty_ms * 1000))
		remove >/dev/null || return 1
		if ! until_true 60 devices_are "$devices"; then
			echo "$(count_devices) devices are left after $hasty_ms ms"
			return 1
		fi
		hasty_ms=$(((hasty_ms + 1) % 40))
		hasty_left=$((hasty_left - hasty_now))
	done
}

# other_than NAME PATH...: the first path that exists and does not end so.
other_than() {
	other_name=$1
	shift
	for other_path; do
		if [ -e "$other_path" ] && [ "${other_path##*/}" != "$other_name" ]; then
			echo "${other_path##*/}"
			return 0
		fi
	done
	return 1
}

other_disk() {
	other_than "$first_disk" /sys/block/sd*
}

other_nic() {
	other_than "$nic" "$BUS"/devices/*/net/*
}

# ended PROCESS: a loop in the background and what it runs.
ended() {
	kill "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

disk_has_gone() {
	until_true 60 devices_are "$devices" || {
		echo "$(count_devices) devices are left; the reader: $(cat "/proc/$reader/task/$reader/children")"
		return 1
	}
	until_true 30 test ! -e "/sys/block/$disk" || {
		echo "$disk is left"
		return 1
	}
}

# A disk of a controller of its own goes while it is read.
cycle_disk() {
	disk_left=$1
	while [ "$disk_left" -gt 0 ]; do
		host '{"cmd": "device-add", "kind": "disk-controller", "spec": "mem:4M"}' >/dev/null ||
			return 1
		until_true 30 other_disk || { echo "no disk comes, $disk_left left"; return 1; }
		disk=$(other_disk)
		until_true 10 test -b "/dev/$disk" || { echo "no /dev/$disk"; return 1; }
		(while dd if="/dev/$disk" of=/dev/null bs=4k iflag=direct; do :; done >/dev/null 2>&1) &
		reader=$!
		usleep $((disk_left % 7 * 20000))
		host '{"cmd": "device-remove", "device": "scsi[1-9]*"}' >/dev/null && disk_has_gone
		disk_status=$?
		ended "$reader"
		[ "$disk_status" = 0 ] || return 1
		disk_left=$((disk_left - 1))
	done
}

# A NIC goes while it sends.
cycle_nic() {
	nic_left=$1
	while [ "$nic_left" -gt 0 ]; do
		host '{"cmd": "device-add", "kind": "nic", "spec": "none"}' >/dev/null || return 1
		until_true 30 bound_are $((bound + 1)) || { echo "no NIC, $nic_left left"; return 1; }
		until_true 10 other_nic || { echo "no interface, $nic_left left"; return 1; }
		nic_new=$(other_nic)
		ip link set "$nic_new" up || return 1
		ip addr add 10.9.0.1/24 dev "$nic_new" || return 1
		# A broadcast is sent without an answer to ARP, and nobody answers it.
		ping -i 0.001 -c 100000 -q 10.9.0.255 >/dev/null 2>&1 &
		sender=$!
		until_true 10 more_than 20 packets "$nic_new" || {
			echo "$nic_new has sent $(packets "$nic_new") packets, $nic_left left"
			ended "$sender"
			return 1
		}
		usleep $((nic_left % 7 * 20000))
		host '{"cmd": "device-remove", "device": "net[1-9]*"}' >/dev/null &&
			until_true 60 devices_are "$devices"
		nic_status=$?
		ended "$sender"
		[ "$nic_status" = 0 ] || { echo "$(count_devices) devices are left"; return 1; }
		nic_left=$((nic_left - 1))
	done
}

# counted NAME CYCLES COMMAND: measured, from as many devices as there are: one that the part before
# has left is told there, and does not hide what comes after.
counted() {
	devices=$(count_devices)
	bound=$(count_bound)
	measured "$@"
}

until_true 30 have_lun 0
first_disk=$(disk_of_lun 0)
nic=$(synthetic_nic)
until_true 20 sh -c '[ -d /sys/bus/vmbus/drivers/hyperv_keyboard ]'
sleep 2
no_hotplug
counted "a device that comes, is probed, and goes" "$cycles" cycle
counted "a device that goes while it is probed" "$haste" cycle_in_haste
counted "a disk that goes while it is read" "$mixed" cycle_disk
counted "a NIC that goes while it sends" "$mixed" cycle_nic
kmemleak_clean
check "the devices that stayed work" devices_work
finish
