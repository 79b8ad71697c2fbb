#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A bus of CHANNELS channels (default 2000), most of them small devices with a driver: how long and
# how much memory from the load of the bus until the last probe has ended, and all of it back
# afterwards. Then PARALLEL (200) more that are offered at once to a bus that runs.
. /lab/bus/lib.sh
channels=${CHANNELS:-2000}
parallel=${PARALLEL:-200}

# By the driver's folder: faster than a look at each device.
probed() {
	# shellcheck disable=SC2010
	ls /sys/bus/vmbus/drivers/hyperv_keyboard 2>/dev/null | grep -c '^........-....-'
}

probed_are() {
	[ "$(probed)" = "$1" ]
}

# Of the trace on standard input: most opens that wait for the host's answer together.
most_together() {
	awk '/vmbus_open: / { n++; if (n > most) most = n } /vmbus_onopen_result: / { n-- }
	     END { print most + 0 }'
}

no_hotplug
echo 0 >/sys/bus/serio/drivers_autoprobe
there=$(host '{"cmd": "devices"}' | grep -o '"removing"' | wc -l)
idle=$((channels - there))
check "host has $idle small devices" \
	host "{\"cmd\": \"device-add\", \"kind\": \"keyboards\", \"spec\": \"$idle\"}"
memory >/tmp/memory-first
free=$(free_kib)
began=$(now)
check "the bus is loaded" modprobe hv_vmbus
figure "modprobe of a bus of $channels channels returns after" $((($(now) - began) * 10)) ms
check "the driver is loaded" modprobe hyperv-keyboard
if until_true 500 probed_are $((idle + 1)); then
	pass "$((idle + 1)) devices are probed"
else
	fail "$(probed) of $((idle + 1)) devices are probed; $(count_devices) are there"
fi
figure "from load to the last probe of $channels channels" $((($(now) - began) * 10)) ms
figure "memory of $channels channels" $((free - $(free_kib))) KiB
devices_are "$channels"
same "each channel is a device" "$channels" "$(count_devices)"
host '{"cmd": "stats"}' >/out/stats.json
# remove_all: the driver goes, then the small devices.
remove_all() {
	began=$(now)
	check "the driver goes" rmmod hyperv_keyboard
	figure "unload of the driver of $idle devices" $((($(now) - began) * 10)) ms
	began=$(now)
	check "host takes them away" host '{"cmd": "device-remove", "device": "idle*"}'
	if until_true 300 devices_are "$there"; then
		pass "$there devices are left"
	else
		fail "$(count_devices) devices are left, expected $there"
	fi
	figure "removal of $idle devices" $((($(now) - began) * 10)) ms
}

remove_all
memory >/tmp/memory-0
figure "pages that stay after the first removal of $idle devices, modules among it" \
	$(($(sed -n "s/^KiB //p" /tmp/memory-0) - $(sed -n "s/^KiB //p" /tmp/memory-first))) KiB

# Twice more: as in measured(), what grows both times is a leak.
come_and_go() {
	check "$1 devices come again" \
		host "{\"cmd\": \"device-add\", \"kind\": \"keyboards\", \"spec\": \"$1\"}"
	check "the driver is loaded again" modprobe hyperv-keyboard
	check "$(($1 + 1)) devices are probed again" until_true 500 probed_are $(($1 + 1))
	remove_all
}

for scale_pass in 1 2; do
	come_and_go "$idle"
	memory >"/tmp/memory-$scale_pass"
done
nothing_grew "they come and go" "$idle"

# At once, to a bus that runs.
echo 1 >/sys/bus/serio/drivers_autoprobe
modprobe -a sd_mod atkbd hid-generic evdev af_packet hyperv-keyboard hv_storvsc hv_netvsc hid-hyperv
until_true 60 probed_are 1
sleep 1
echo 0 >/sys/bus/serio/drivers_autoprobe
mkdir -p /sys/kernel/tracing
mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
cd /sys/kernel/tracing || exit 1
echo 8192 >buffer_size_kb
echo >trace
echo 1 >events/hyperv/vmbus_open/enable
echo 1 >events/hyperv/vmbus_onopen_result/enable
began=$(now)
check "host offers $parallel at once" \
	host "{\"cmd\": \"device-add\", \"kind\": \"keyboards\", \"spec\": \"$parallel\"}"
if until_true 120 probed_are $((parallel + 1)); then
	pass "$parallel devices are probed together"
else
	fail "$(probed) of $((parallel + 1)) devices are probed"
fi
figure "$parallel devices at once" $((($(now) - began) * 10)) ms
together=$(most_together <trace)
figure "opens under way together, of $parallel" "$together" channels
check "probes do not wait for one another" test "$together" -gt 1
echo 0 >events/enable
check "host takes them away" host '{"cmd": "device-remove", "device": "idle*"}'
check "they go" until_true 120 devices_are "$there"
until_true 30 have_lun 0
check "the other devices work" devices_work
finish
