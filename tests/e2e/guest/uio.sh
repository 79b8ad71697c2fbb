#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The in-tree uio_hv_generic takes the NIC over and gives its rings to a program, then the NIC's
# driver has it back and works.
. /lab/e2e/lib.sh

bus=/sys/bus/vmbus
nic_class=f8615163-df3e-46c5-913f-f2d2f965ed0e

if ! until_true 20 synthetic_nic; then
	fail "NIC is found"
	finish
fi
device=$(readlink -f "/sys/class/net/$(synthetic_nic)/device")
device=${device##*/}
channel=$bus/devices/$device/channels/$(cat "$bus/devices/$device/id")

take() {
	echo "$device" >"$bus/drivers/$1/unbind" && echo "$device" >"$bus/drivers/$2/bind"
}
# What nobody who has no business with the rings may open.
private() {
	[ "$(stat -c %a "$channel/ring")" = 600 ]
}
uio_device() {
	for uio in "$bus/devices/$device/uio"/*; do
		[ -c "/dev/${uio##*/}" ] && echo "/dev/${uio##*/}" && return
	done
	return 1
}
back_again() {
	nic=$(synthetic_nic) && lease "$nic"
}

check "no ring file before" [ ! -e "$channel/ring" ]
check "uio_hv_generic loads" modprobe uio_hv_generic
check "it knows the class of NICs" sh -c "echo $nic_class >$bus/drivers/uio_hv_generic/new_id"
round=0
while [ "$round" -lt 3 ]; do
	round=$((round + 1))
	check "it takes the NIC ($round)" take hv_netvsc uio_hv_generic
	check "its device is there ($round)" until_true 5 uio_device
	check "the ring file is there, for root alone ($round)" private
	check "a program has the rings ($round)" "$E2E/ringmap" "$(uio_device)" "$channel"
	check "again, without the device in between ($round)" \
		"$E2E/ringmap" "$(uio_device)" "$channel"
	check "hv_netvsc takes it back ($round)" take uio_hv_generic hv_netvsc
	check "no ring file then ($round)" [ ! -e "$channel/ring" ]
	check "and the NIC works ($round)" until_true 20 back_again
done
check "uio_hv_generic is unloaded" rmmod uio_hv_generic
finish
