#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# From the load of the bus until disk, NIC, keyboard and mouse can be used; the drivers are loaded
# by their aliases, as at a boot. One measurement a boot.
. /lab/bus/lib.sh

read_disk() {
	dd if="/dev/$(disk_of_lun 0)" of=/dev/null bs=4k count=1 iflag=direct
}

answered() {
	[ -n "$nic" ] || nic=$(synthetic_nic) || return 1
	if [ ! -e /tmp/nic-up ]; then
		ip link set "$nic" up && ip addr replace 10.0.2.15/24 dev "$nic" || return 1
		touch /tmp/nic-up
	fi
	ping -c 1 -W 1 10.0.2.2
}

input() {
	grep -qi mouse /proc/bus/input/devices && grep -qi 'AT.*keyboard' /proc/bus/input/devices
}

# spent WHAT: microseconds, as the kernel tells with initcall_debug on its command line.
spent() {
	dmesg | sed -n "s/.*$1 returned 0 after \([0-9]*\) usecs.*/\1/p" | tail -n 1
}

# What is waited for is looked at in turns, so that none waits for another.
nic=
waiting='disk nic input'
modprobe -a sd_mod atkbd evdev hid-generic af_packet
before=$(dmesg | wc -l)
began=$(now)
check "the bus is loaded" modprobe hv_vmbus
figure "modprobe returns" $((($(now) - began) * 10)) ms
end=$(($(date +%s) + 60))
while [ -n "$waiting" ] && [ "$(date +%s)" -lt "$end" ]; do
	for what in $waiting; do
		case $what in
		disk) have_lun 0 && read_disk ;;
		nic) answered ;;
		input) input ;;
		esac >/dev/null 2>&1 || continue
		figure "load to $what" $((($(now) - began) * 10)) ms
		waiting=$(echo "$waiting" | sed "s/\\b$what\\b//; s/^ *//; s/ *$//")
	done
	usleep 10000
done
figure "load to all" $((($(now) - began) * 10)) ms
same "everything can be used within 60 s" "" "$waiting"
# Of that, what was spent in the drivers themselves, their waits for the host included.
own=$(spent 'initcall .* \[hv_vmbus\]')
own=${own:-0}
for class in "$CLASS_SCSI" "$CLASS_NET" "$CLASS_KEYBOARD" "$CLASS_MOUSE"; do
	device=$(device_of "$class") || continue
	took=$(spent "probe of ${device##*/}")
	own=$((own + ${took:-0}))
done
figure "in the drivers" $((own / 1000)) ms
dmesg | tail -n +"$before" >/out/startup-dmesg.txt
finish
