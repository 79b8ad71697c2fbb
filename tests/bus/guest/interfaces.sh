#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Writes down what user space sees of the bus and of its drivers: files with modes and contents,
# events, what writing does, trace points, what lsvmbus says. The files in /out are compared
# with those of another run outside: compare.py.
. /lab/bus/lib.sh

# op FILE TEXT: write it and tell what came of it.
op() {
	# shellcheck disable=SC3037
	if (echo -n "$2" >"$1") 2>/tmp/op; then
		op_result=ok
	else
		op_result=$(sed 's/.*: //' /tmp/op)
	fi
	echo "$(label "$1") '$(echo "$2" | cut -c1-60)': $op_result"
}

# look FILE: what it says.
look() {
	echo "$(label "$1") is '$( (cat "$1") 2>&1 | sed 's/^cat: .*: /error: /')'"
}

driver() {
	driver_path=$(readlink "$1/driver")
	echo "$(label "$1") has driver '${driver_path##*/}'"
}

label() {
	echo "$1" | sed "s,$net,NET,; s,$scsi,SCSI,; s,$mouse,MOUSE,; s,$keyboard,KEYBOARD,;
		s,/sys/bus/vmbus/,,; s,channels/[0-9]*/,channels/N/,"
}

settle() {
	until_true 10 test -e "$1/driver" || echo "$(label "$1") has no driver after 10 s"
	usleep 500000
}

scsi=$(device_of "$CLASS_SCSI")
net=$(device_of "$CLASS_NET")
mouse=$(device_of "$CLASS_MOUSE")
keyboard=$(device_of "$CLASS_KEYBOARD")
check "there is one device of each kind" \
	test -n "$scsi" -a -n "$net" -a -n "$mouse" -a -n "$keyboard"
until_true 20 have_lun 0
nic=$(synthetic_nic)
ip link set "$nic" up
sleep 1

mkdir -p /sys/kernel/tracing
mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null

# --- files ---
devices=$(for device in "$BUS"/devices/*; do readlink -f "$device"; done)
bus_device=$(readlink -f "$(dirname "$(readlink -f "$scsi")")")
echo "$bus_device" >/out/bus-device.txt
# shellcheck disable=SC2086
/lab/bus/listing tree $devices "$BUS" /sys/module/hv_vmbus /sys/module/hv_storvsc \
	/sys/module/hv_netvsc /sys/module/hid_hyperv /sys/module/hyperv_keyboard \
	/sys/module/hv_utils >/out/sysfs.txt
set -- /sys/kernel/debug/hyperv /proc/sys/kernel/hyperv* /sys/bus/acpi/drivers/vmbus \
	/sys/bus/platform/drivers/vmbus /sys/kernel/tracing/events/hyperv /sys/hypervisor
for path; do
	[ -e "$path" ] || shift_away="${shift_away-} $path"
done
echo "absent:${shift_away-}" >/out/absent.txt
for path; do
	[ ! -e "$path" ] || /lab/bus/listing tree "$path"
done >/out/other.txt
cp /proc/iomem /out/iomem.txt
cp /proc/interrupts /out/interrupts.txt
find /sys/devices/virtual /sys/class -name '*hyperv*' -o -name '*vmbus*' >/out/named.txt
check "files are listed" test "$(wc -l </out/sysfs.txt)" -gt 300
check "the hyperv trace points are listed" grep -q vmbus_chan_sched /out/other.txt

# --- lsvmbus, unchanged ---
for flags in "" -v -vv; do
	echo "lsvmbus $flags"
	# shellcheck disable=SC2086
	python3 /lab/bus/lsvmbus $flags 2>&1
	echo "status $?"
done >/out/lsvmbus.txt
same "lsvmbus ends well three times" 3 "$(grep -c '^status 0' /out/lsvmbus.txt)"
same "lsvmbus tells every device" "$(count_devices)" \
	"$(sed '/lsvmbus -v/,$d' /out/lsvmbus.txt | grep -c '^VMBUS ID')"

# Each NIC has as many channels as the first, whose number the host and the processors set.
channels_of() {
	set -- "$1"/channels/*
	echo $#
}

all_channels() {
	for nic_device in "$BUS"/devices/*; do
		[ "$(cat "$nic_device/class_id")" != "{$CLASS_NET}" ] ||
			[ "$(channels_of "$nic_device")" = "$(channels_of "$net")" ] || return 1
	done
}

# --- events: of a device that is announced again, is unbound and bound, comes and goes ---
/lab/bus/listing uevents 3 >/out/uevents.txt &
listener=$!
until_true 10 grep -q ready /out/uevents.txt
op "$mouse/uevent" add >/dev/null
op "$mouse/uevent" change >/dev/null
usleep 300000
op "$BUS/drivers/hyperv_keyboard/unbind" "${keyboard##*/}" >/dev/null
op "$BUS/drivers/hyperv_keyboard/bind" "${keyboard##*/}" >/dev/null
usleep 300000
before=$(count_devices)
check "host adds a NIC" host '{"cmd": "device-add", "kind": "nic", "spec": "none"}'
until_true 20 bound_are $((before + 1))
# It has its driver before all its channels are there.
check "all channels of the NIC come" until_true 20 all_channels
usleep 500000
check "host takes it away" host '{"cmd": "device-remove", "device": "net1"}'
until_true 20 devices_are "$before"
wait "$listener"
check "events were heard" test "$(wc -l </out/uevents.txt)" -gt 10

# --- what writing does ---
{
	for driver in hid_hyperv hv_netvsc; do
		for file in new_id remove_id; do
			for text in "" x 12345678 deadbeef-0123-4567-89ab-0123456789ab \
				deadbeef-0123-4567-89ab-0123456789ab \
				'{deadbeef-0123-4567-89ab-0123456789ab}' "$CLASS_MOUSE"; do
				op "$BUS/drivers/$driver/$file" "$text"
			done
		done
		op "$BUS/drivers/$driver/remove_id" "$CLASS_MOUSE"
	done
	look "$mouse/driver_override"
	op "$mouse/driver_override" nobody
	look "$mouse/driver_override"
	driver "$mouse"
	op "$BUS/drivers/hid_hyperv/unbind" "${mouse##*/}"
	op "$BUS/drivers/hid_hyperv/bind" "${mouse##*/}"
	op "$BUS/drivers_probe" "${mouse##*/}"
	driver "$mouse"
	op "$mouse/driver_override" hid_hyperv
	op "$BUS/drivers_probe" "${mouse##*/}"
	settle "$mouse"
	driver "$mouse"
	op "$mouse/driver_override" "$(printf '%5000s' x)"
	op "$mouse/driver_override" "
"
	look "$mouse/driver_override"
	driver "$mouse"
	op "$BUS/drivers_autoprobe" 0
	look "$BUS/drivers_autoprobe"
	op "$BUS/drivers_autoprobe" 1
	look "$BUS/hibernation"
	for device in "$net" "$scsi" "$mouse"; do
		channel=$(cat "$device/id")
		for cpu in 1 0 0x1 0 3 0 99 -1 4294967296 zero "" "1 "; do
			op "$device/channels/$channel/cpu" "$cpu"
			look "$device/channels/$channel/cpu"
		done
		op "$device/channels/$channel/interrupts" 0
		op "$device/id" 0
	done
	op /sys/module/hv_vmbus/parameters/max_version 1
	op "$BUS/drivers/hid_hyperv/unbind" "${mouse##*/}"
	op "$mouse/channels/$(cat "$mouse/id")/cpu" 1
	for file in state in_intr_mask in_read_index out_write_bytes_avail channel_vp_mapping; do
		look "$mouse/$file"
	done
	channel=$(cat "$mouse/id")
	for file in in_mask out_mask read_avail write_avail cpu interrupts subchannel_id; do
		look "$mouse/channels/$channel/$file"
	done
	op "$BUS/drivers/hid_hyperv/bind" "${mouse##*/}"
	settle "$mouse"
	driver "$mouse"
} >/out/writes.txt
check "writes were tried" test "$(wc -l </out/writes.txt)" -gt 100
check "the devices work after all that" devices_work
finish
