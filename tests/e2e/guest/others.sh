#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The in-tree drivers that have no twin here: each that this kernel has loads on the bus, is
# registered there and goes again; uio_hv_generic gives a program in user space a channel.
. /lab/e2e/lib.sh

# module and the name of its driver on the bus; hv_balloon has no way out
drivers='
hv_balloon hv_balloon stays
hv_utils hv_utils
hv_sock hv_sock
uio_hv_generic uio_hv_generic
hyperv_drm hyperv_drm
hyperv_fb hyperv_fb
pci-hyperv hv_pci
'
here() {
	grep -q "/$1\.ko" "/lib/modules/$(uname -r)/modules.dep"
}
loaded() {
	grep -q "^$(echo "$1" | tr - _) " /proc/modules
}
gone() {
	! loaded "$1"
}

echo "$drivers" >/tmp/drivers
while read -r module driver stays; do
	[ -n "$module" ] || continue
	if ! here "$module"; then
		note "$module: not a module of this kernel"
		continue
	fi
	check "$module loads" modprobe "$module"
	check "$module: its driver is registered" until_true 10 test -d "/sys/bus/vmbus/drivers/$driver"
	[ -z "$stays" ] || continue
	rmmod "$(echo "$module" | tr - _)"
	check "$module is unloaded" until_true 20 gone "$module"
	check "$module: its driver is gone" test ! -d "/sys/bus/vmbus/drivers/$driver"
done </tmp/drivers
check "hv_utils is loaded again" modprobe hv_utils

# --- uio_hv_generic, on a NIC that is added for it ---
if here uio_hv_generic; then
	nics() {
		grep -l f8615163-df3e-46c5-913f-f2d2f965ed0e /sys/bus/vmbus/devices/*/class_id |
			sed 's,/class_id,,; s,.*/,,' | sort
	}
	nics >/tmp/nics-before
	check "host adds a NIC" host '{"cmd": "device-add", "kind": "nic", "spec": "none"}'
	one_more() {
		nics >/tmp/nics
		[ "$(wc -l </tmp/nics)" -gt "$(wc -l </tmp/nics-before)" ]
	}
	check "it is found" until_true 20 one_more
	nic=$(sort /tmp/nics /tmp/nics-before | uniq -u)
	dev=/sys/bus/vmbus/devices/$nic
	bound_to() {
		driver=$(readlink "$dev/driver") && [ "${driver##*/}" = "$1" ]
	}
	check "hv_netvsc takes it" until_true 20 bound_to hv_netvsc
	check "it is taken from hv_netvsc" sh -c "echo $nic >/sys/bus/vmbus/drivers/hv_netvsc/unbind"
	check "uio_hv_generic loads" modprobe uio_hv_generic
	echo uio_hv_generic >"$dev/driver_override"
	check "uio_hv_generic is given it" \
		sh -c "echo $nic >/sys/bus/vmbus/drivers/uio_hv_generic/bind"
	check "it is bound" until_true 10 bound_to uio_hv_generic
	uio=$(find "$dev/uio" -mindepth 1 -maxdepth 1 -name 'uio*')
	uio=${uio##*/}
	size=$(cat "$dev/uio/$uio/maps/map0/size")
	monitor=$(cat "$dev"/channels/*/monitor_id 2>/dev/null)
	note "/dev/$uio, $size bytes of rings, monitor ${monitor:-none}"
	# shellcheck disable=SC2086
	check "rings are mapped and used" "$E2E/uioring" "/dev/$uio" "$size" 1000 $monitor
	note "$(cat /tmp/check.log)"
	# shellcheck disable=SC2086
	check "and once more, from the start" "$E2E/uioring" "/dev/$uio" "$size" 10 $monitor

	# By class, as a person would without an override: new_id and remove_id.
	check "it is given back" sh -c "echo $nic >/sys/bus/vmbus/drivers/uio_hv_generic/unbind"
	echo >"$dev/driver_override"
	class=f8615163-df3e-46c5-913f-f2d2f965ed0e
	check "its class is new to uio_hv_generic" \
		sh -c "echo $class >/sys/bus/vmbus/drivers/uio_hv_generic/new_id"
	bound_to uio_hv_generic || echo "$nic" >/sys/bus/vmbus/drivers/uio_hv_generic/bind
	check "it is bound by its class" until_true 10 bound_to uio_hv_generic
	uio=$(find "$dev/uio" -mindepth 1 -maxdepth 1 -name 'uio*')
	# shellcheck disable=SC2086
	check "rings are mapped and used again" "$E2E/uioring" "/dev/${uio##*/}" "$size" 10 \
		$monitor
	check "the class is taken away" \
		sh -c "echo $class >/sys/bus/vmbus/drivers/uio_hv_generic/remove_id"
	check "host takes the NIC away" host "{\"cmd\": \"device-remove\", \"device\": \"$nic\"}"
	is_gone() {
		[ ! -e "$dev" ]
	}
	check "its device goes" until_true 20 is_gone
	check "uio_hv_generic is unloaded" until_true 10 rmmod uio_hv_generic
fi
finish
