#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The demonstration, inside the guest: an account of what works through our modules, as it
# happens. Lines with [ ok ] and [FAIL] are counted by tests/demo/run.
. /lab/e2e/lib.sh

pass() {
	printf '  [ ok ] %s\n' "$*"
}

fail() {
	printf '  [FAIL] %s\n' "$*"
	# shellcheck disable=SC2034  # read by finish of lib.sh
	failed=1
}

heading() {
	printf '\n%s\n' "$*"
}

heading "Modules"
for module in hv_vmbus hv_storvsc hv_netvsc hid_hyperv hyperv_keyboard; do
	version=$(cat "/sys/module/$module/version" 2>/dev/null)
	same "$module is ours, version $(cat "$E2E/VERSION")" "$(cat "$E2E/VERSION")" "$version"
done

heading "Channels that the host offers"
printf '  %5s  %-36s  %-36s  %-16s %s\n' relid class instance driver state
until_true 20 have_lun 0
until_true 20 synthetic_nic
bound=0
for dev in /sys/bus/vmbus/devices/*; do
	driver=$(readlink "$dev/driver")
	case $(cat "$dev/state") in
	0) state=offered ;;
	1) state=opening ;;
	3) state=open ;;
	*) state=$(cat "$dev/state") ;;
	esac
	[ -z "$driver" ] || bound=$((bound + 1))
	printf '  %5s  %-36s  %-36s  %-16s %s\n' "$(cat "$dev/id")" \
		"$(tr -d '{}' <"$dev/class_id")" "$(tr -d '{}' <"$dev/device_id")" \
		"${driver##*/}" "$state"
done
check "$bound channels have a driver" test "$bound" -ge 4

heading "Storage (hv_storvsc)"
disk=$(disk_of_lun 0)
if [ -n "$disk" ]; then
	printf '  %s: %s %s, %s MiB\n' "/dev/$disk" \
		"$(cat "/sys/class/block/$disk/device/vendor")" \
		"$(cat "/sys/class/block/$disk/device/model")" \
		$(($(disk_bytes "$disk") >> 20))
	check "partition table is written" sh -c "printf 'label: gpt\nstart=2048\n' | sfdisk -q /dev/$disk"
	until_true 10 test -b "/dev/${disk}1"
	check "ext4 is made" mkfs.ext4 -q -F "/dev/${disk}1"
	mkdir -p /mnt
	check "ext4 is mounted" mount -t ext4 "/dev/${disk}1" /mnt
	check "128 MiB are written and verified, crc32c of every block" \
		fio --name=fill --filename=/mnt/fill --size=128M --rw=write --bs=256k \
		--ioengine=libaio --iodepth=8 --direct=1 --verify=crc32c --do_verify=1 \
		--verify_fatal=1 --group_reporting
	sed -n 's/^ *\(READ\|WRITE\): bw=\([^ ]*\).*io=\([^ ]*\) .*/  \1 \3 at \2/p' /tmp/check.log
	check "ext4 is unmounted and consistent" sh -c "umount /mnt && e2fsck -fn /dev/${disk}1"
else
	fail "the disk at LUN 0 is found"
fi
check "the host adds a LUN while the guest runs" \
	host '{"cmd": "lun-add", "controller": "scsi0", "lun": 3, "spec": "mem:64M"}'
check "the guest sees it" until_true 20 have_lun 3
added=$(disk_of_lun 3)
[ -z "$added" ] || printf '  /dev/%s: %s MiB\n' "$added" $(($(disk_bytes "$added") >> 20))

heading "Network (hv_netvsc)"
nic=$(synthetic_nic)
if [ -n "$nic" ]; then
	printf '  %s: MAC %s, MTU %s\n' "$nic" "$(cat "/sys/class/net/$nic/address")" \
		"$(cat "/sys/class/net/$nic/mtu")"
	check "DHCP gives a lease" lease "$nic"
	[ ! -s /tmp/lease ] || sed 's/^/  /' /tmp/lease
	check "HTTP download" wget -q -O /tmp/payload http://10.0.2.2:8080/payload
	printf '  %s bytes, sha256 %s\n' "$(stat -c %s /tmp/payload)" \
		"$(sha256sum </tmp/payload | cut -d' ' -f1)"
	same "its checksum is the server's" "$(cat "$E2E/payload.sha256")" \
		"$(sha256sum </tmp/payload | cut -d' ' -f1)"
else
	fail "the NIC is found"
fi

heading "Keyboard and mouse (hyperv-keyboard, hid-hyperv)"
check "both are input devices" until_true 20 \
	sh -c 'grep -qi keyboard /proc/bus/input/devices && grep -qi mouse /proc/bus/input/devices'
"$E2E/evwatch" 2500 >/tmp/events 2>/tmp/evwatch.err &
watcher=$!
until_true 10 grep -q ready /tmp/evwatch.err
host '{"cmd": "type", "text": "hello"}' >/dev/null || fail "the host types"
host '{"cmd": "mouse-move", "x": 1000, "y": 2000}' >/dev/null || fail "the host moves the mouse"
host '{"cmd": "mouse-move", "x": 16000, "y": 9000}' >/dev/null
host '{"cmd": "mouse-move", "x": 32767, "y": 32767}' >/dev/null
host '{"cmd": "mouse-click"}' >/dev/null || fail "the host clicks"
wait "$watcher"
# 35 h, 18 e, 38 l, 24 o, by <linux/input-event-codes.h>
keys=$(awk '$1 == "KEY" && $3 == 1 && $2 < 256 { printf "%s ", $2 }' /tmp/events)
printf '  the host typed "hello"; key codes seen: %s\n' "$keys"
same "the keys are those that were typed" "35 18 38 38 24 " "$keys"
path=$(awk '$1 == "ABS" && $2 == 0 { x = $3 } $1 == "ABS" && $2 == 1 { printf "%s,%s ", x, $3 }' /tmp/events)
printf '  mouse path seen: %s\n' "$path"
same "the path is the one that was moved" "1000,2000 16000,9000 32767,32767 " "$path"
check "the click is seen" grep -q '^KEY 272 1' /tmp/events
finish
