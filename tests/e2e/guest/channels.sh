#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Every channel that the host offers is a device with the right attributes and, where a driver
# for it is loaded, bound and open.
. /lab/e2e/lib.sh

# The classes whose driver this guest has: GUID and driver.
classes='
ba6163d9-04a1-4d29-b605-72e2ffb1dc7f storvsc
f8615163-df3e-46c5-913f-f2d2f965ed0e netvsc
cfa8b69e-5b4a-4cc0-b98b-8ba1a1f3f95a hid_hyperv
f912ad6d-2b17-48ea-bd65-f927a61c7684 keyboard
57164f39-9115-4e78-ab55-382f3bd5422d util
0e0b6031-5213-4934-818b-38d90ced39db util
9527e630-d0ae-497b-adce-e80ab0175caf util
a9a0f4e7-5a45-4d96-b827-8a841e8c03e6 util
'
bus=/sys/bus/vmbus/devices
present=0
for dev in "$bus"/*; do
	[ -e "$dev" ] || continue
	class=$(tr -d '{}' <"$dev/class_id")
	driver=$(echo "$classes" | sed -n "s/^$class //p")
	name=${dev##*/}
	present=$((present + 1))
	[ -n "$driver" ] || continue
	until_true 10 test -e "$dev/driver"
	bound=$(readlink "$dev/driver")
	case ${bound##*/} in
	*"$driver"*) pass "$class is bound to ${bound##*/}" ;;
	*) fail "$class ($name) is bound to '${bound##*/}', expected $driver" ;;
	esac
	# 3 is CHANNEL_OPENED_STATE, which storage, network and input reach by vmbus_open().
	same "$class is open" 3 "$(cat "$dev/state")"
	case $(cat "$dev/modalias") in
	vmbus:????????????????????????????????) ;;
	*) fail "modalias of $name is '$(cat "$dev/modalias")'" ;;
	esac
	relid=$(cat "$dev/id")
	check "channel $relid of $class has its directory" \
		test -r "$dev/channels/$relid/cpu" -a -r "$dev/channels/$relid/interrupts"
done
host '{"cmd": "devices"}' >/out/devices.json
offered=$(grep -o '"removing"' /out/devices.json | wc -l)
same "every offered device is there" "$offered" "$present"
finish
