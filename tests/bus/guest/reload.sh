#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# All five modules and hv_utils are unloaded and loaded RELOADS times (default 30); in-tree without
# the bus, whose unload a guest does not survive. Every device comes back each time. Done twice, and
# what grows both times is a leak.
. /lab/bus/lib.sh
reloads=${RELOADS:-30}
modules='hv_storvsc hv_netvsc hid_hyperv hyperv_keyboard hv_utils hv_vmbus'
case $HVIC_DRIVERS in
*vmbus=intree*) modules=${modules% hv_vmbus} ;;
esac

reload_rounds() {
	reload_left=$1
	while [ "$reload_left" -gt 0 ]; do
		for module in $modules; do
			rmmod "$module" || return 1
		done
		for module in $(echo "$modules" | tr ' ' '\n' | sed -n '1!G;h;$p'); do
			modprobe "$module" || return 1
		done
		until_true 60 bound_are "$bound" || {
			echo "$(count_bound) devices have a driver, $reload_left rounds left"
			return 1
		}
		until_true 60 have_lun 0 || return 1
		reload_left=$((reload_left - 1))
	done
}

until_true 30 have_lun 0
until_true 20 sh -c "grep -qi mouse /proc/bus/input/devices"
sleep 2
no_hotplug
bound=$(count_bound)
measured "$modules: unloaded and loaded" "$reloads" reload_rounds
kmemleak_clean
check "the devices work" devices_work
finish
