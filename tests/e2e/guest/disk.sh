#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A synthetic disk: found, partitioned, formatted, filled and verified; SCSI commands; LUNs
# added, removed and resized while the guest runs. LUN 0 is of FILL_MIB plus some; default 1 GiB.
. /lab/e2e/lib.sh
fill=${FILL_MIB:-1024}

if ! until_true 20 have_lun 0; then
	fail "disk at LUN 0 is found"
	finish
fi
disk=/dev/$(disk_of_lun 0)
pass "disk at LUN 0 is found"
note "$disk, $(disk_bytes "${disk#/dev/}") bytes"

same "storage protocol" "${VSTOR:-6.2}" \
	"$(host '{"cmd": "stats"}' | sed -n 's/.*"vstor_version": *"\([0-9.]*\)".*/\1/p')"

# --- SCSI commands, by sg3_utils ---
check "INQUIRY" sg_inq "$disk"
check "VPD pages are listed" sg_vpd "$disk"
check "VPD device identification" sg_vpd -p di "$disk"
check "VPD block limits" sg_vpd -p bl "$disk"
check "READ CAPACITY(16)" sg_readcap -l "$disk"
sg_readcap -l "$disk" >/tmp/readcap 2>&1
blocks=$(sed -n 's/.*Number of logical blocks=\([0-9]*\).*/\1/p' /tmp/readcap)
same "READ CAPACITY(16) agrees with the kernel" \
	"$(disk_bytes "${disk#/dev/}")" "$((${blocks:-0} * 512))"
check "REPORT LUNS" sg_luns "$disk"
check "TEST UNIT READY" sg_turs -n 10 "$disk"
check "SYNCHRONIZE CACHE" sg_sync "$disk"
check "MODE SENSE" sg_modes -a "$disk"
# An operation that no disk has: the host must refuse it with sense data, not fail the disk.
sg_raw -r 512 "$disk" c1 00 00 00 00 00 >/tmp/raw 2>&1
if grep -qi 'illegal request\|invalid command operation' /tmp/raw; then
	pass "an unknown operation is refused with ILLEGAL REQUEST"
else
	fail "an unknown operation is refused with ILLEGAL REQUEST: $(tr '\n' ' ' </tmp/raw)"
fi
# One past the end: LBA OUT OF RANGE, and the disk goes on.
if dd if="$disk" of=/dev/null bs=512 count=1 skip="${blocks:-0}" 2>/dev/null &&
	[ "$(dd if="$disk" bs=512 count=1 skip="${blocks:-0}" 2>/dev/null | wc -c)" != 0 ]; then
	fail "nothing is read past the end"
else
	pass "nothing is read past the end"
fi

# --- a file system, filled and verified ---
printf 'label: gpt\nstart=2048\n' >/tmp/layout
check "partition table" sh -c "sfdisk -q $disk </tmp/layout"
partprobe "$disk" 2>/dev/null || blockdev --rereadpt "$disk" 2>/dev/null
if ! until_true 10 test -b "${disk}1"; then
	fail "partition appears"
	finish
fi
pass "partition appears"
check "ext4 is made" mkfs.ext4 -q -F "${disk}1"
mkdir -p /mnt
check "ext4 is mounted" mount -t ext4 "${disk}1" /mnt
check "$fill MiB are written and verified (crc32c)" \
	fio --name=fill --filename=/mnt/fill --size="${fill}M" --rw=write --bs=256k \
	--ioengine=libaio --iodepth=8 --direct=1 --verify=crc32c --do_verify=1 \
	--verify_fatal=1 --group_reporting
check "mixed 4 KiB blocks are written and verified" \
	fio --name=mix --filename=/mnt/mix --size=16M --rw=randrw --bs=4k --ioengine=libaio \
	--iodepth=32 --direct=1 --verify=crc32c --verify_fatal=1 --group_reporting
check "buffered writes reach the disk" dd if=/dev/zero of=/mnt/zero bs=1M count=16 conv=fsync
check "discard" fstrim /mnt
check "ext4 is unmounted" umount /mnt
check "ext4 is consistent" e2fsck -fn "${disk}1"

# --- LUNs that come, change and go ---
if host '{"cmd": "lun-add", "controller": "scsi0", "lun": 7, "spec": "mem:64M"}' >/tmp/add.json; then
	pass "host adds LUN 7"
else
	fail "host adds LUN 7: $(cat /tmp/add.json)"
fi
check "LUN 7 appears" until_true 20 have_lun 7
added=$(disk_of_lun 7)
if [ -n "$added" ]; then
	same "LUN 7 has 64 MiB" $((64 << 20)) "$(disk_bytes "$added")"
	dd if=/dev/urandom of=/tmp/random bs=1M count=4 2>/dev/null
	dd if=/tmp/random of="/dev/$added" bs=1M oflag=direct 2>/dev/null
	dd if="/dev/$added" of=/tmp/back bs=1M count=4 iflag=direct 2>/dev/null
	check "LUN 7 keeps what is written" cmp /tmp/random /tmp/back
	check "host resizes LUN 7" \
		host '{"cmd": "lun-resize", "controller": "scsi0", "lun": 7, "size": "128M"}'
	new_size() {
		# A command that meets the change makes the kernel look again.
		dd if="/dev/$added" of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null
		[ "$(disk_bytes "$added")" = $((128 << 20)) ]
	}
	check "the new size is seen" until_true 20 new_size
	check "host removes LUN 7" host '{"cmd": "lun-remove", "controller": "scsi0", "lun": 7}'
	check "LUN 7 goes" until_true 20 lun_is_gone 7
fi
check "LUN 0 is still there" sg_turs "$disk"
finish
