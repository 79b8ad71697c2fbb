#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A guest that is isolated from its host (hvhost --isolated): it takes the devices that such a guest
# may trust and no others, and what it shares with the host it takes back when its drivers go. The
# host sees no page that is not shared with it: what it is given to read must have been.
. /lab/e2e/lib.sh
# Network, disks, shutdown, time and heartbeat; not mouse, keyboard, key-value pairs.
trusted='0e0b6031-5213-4934-818b-38d90ced39db
57164f39-9115-4e78-ab55-382f3bd5422d
9527e630-d0ae-497b-adce-e80ab0175caf
ba6163d9-04a1-4d29-b605-72e2ffb1dc7f
f8615163-df3e-46c5-913f-f2d2f965ed0e'
modules='hv_netvsc hv_storvsc hv_utils'

classes() {
	cat /sys/bus/vmbus/devices/*/class_id | tr -d '{}' | sort
}
shared() {
	host '{"cmd": "stats"}' | number shared_pages
}
refused() {
	host '{"cmd": "stats"}' |
		sed -n 's/.*"unknown": *\([0-9]*\), *"failed": *\([0-9]*\).*/\1 \2/p'
}
shared_is() {
	[ "$(shared)" = "$1" ]
}
bound() {
	for device in /sys/bus/vmbus/devices/*/driver; do
		[ ! -e "$device" ] || echo "$device"
	done | wc -l
}
bound_are() {
	[ "$(bound)" = "$1" ]
}
unload() {
	for module in $modules; do
		until_true 20 rmmod "$module" || return 1
	done
}
# MODULES in the reverse order.
load() {
	for module in $(echo "$modules" | tr ' ' '\n' | sed -n '1!G;h;$p'); do
		modprobe "$module" || return 1
	done
	until_true 60 bound_are "$1"
}
disk_and_nic() {
	until_true 30 have_lun 0
	until_true 30 synthetic_nic
	disk=$(disk_of_lun 0) && nic=$(synthetic_nic) || return 1
	busybox timeout 60 dd if="/dev/$disk" of=/dev/null bs=1M count=8 iflag=direct &&
		ip link set "$nic" up && ip addr replace 10.0.2.15/24 dev "$nic" &&
		ping -c 3 -W 5 10.0.2.2
}

same "the kernel knows that it is isolated" 1 "$(dmesg | grep -c 'Hyper-V: Isolation Config')"
until_true 30 bound_are 5
same "devices that the guest takes" "$trusted" "$(classes)"
same "and each has a driver" 5 "$(bound)"
same "of each other one the kernel says that it does not" 3 \
	"$(dmesg | grep -c 'hv_vmbus: Invalid offer .* from the host supporting isolation')"
check "disk and NIC work" disk_and_nic
same "hypercalls that are unknown or failed" "0 0" "$(refused)"
with=$(shared)

check "the drivers are unloaded" unload
without=$(shared)
check "they share nothing any more: $without pages of $with" test "$without" -lt "$with"
check "they are loaded" load 5
check "disk and NIC work" disk_and_nic
check "they are unloaded" unload
check "what is shared without them is the same" until_true 10 shared_is "$without"
if [ "${RELOAD_BUS:-yes}" = yes ]; then
	modules="$modules hv_vmbus"
	check "the bus is unloaded" rmmod hv_vmbus
	bare=$(shared)
	check "it shares nothing any more: $bare pages of $without" test "$bare" -lt "$without"
	check "bus and drivers are loaded" load 5
	check "disk and NIC work" disk_and_nic
	check "they are unloaded" unload
	check "what is shared without the bus is the same" until_true 10 shared_is "$bare"
fi
check "they are loaded" load 5
check "disk and NIC work" disk_and_nic
finish
