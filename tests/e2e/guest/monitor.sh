#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Channels that the host gave a monitor to are signalled by their bit in the monitor page, others by
# hypercalls. MONITORED=scsi: the disks' channels have one and the NIC's have not; MONITORED=none:
# the host offers none to anybody.
. /lab/e2e/lib.sh
scsi_class=ba6163d9-04a1-4d29-b605-72e2ffb1dc7f
nic_class=f8615163-df3e-46c5-913f-f2d2f965ed0e
reads=100

# channels CLASS: directories of the channels of that class.
channels() {
	grep -l "$1" /sys/bus/vmbus/devices/*/class_id | while read -r class_path; do
		echo "${class_path%/class_id}/channels"/*
	done
}
# How often the class's channels were signalled by a hypercall.
events() {
	for channel in $(channels "$1"); do
		cat "$channel/events"
	done | awk '{ n += $1 } END { print n + 0 }'
}
monitors() {
	for channel in $(channels "$1"); do
		[ ! -e "$channel/monitor_id" ] || echo "${channel##*/}"
	done | wc -l
}
monitor_signals() {
	host '{"cmd": "stats"}' | number monitor_signals
}
counted() {
	signals=$(monitor_signals)
	disk_events=$(events $scsi_class)
	nic_events=$(events $nic_class)
}
use_disk() {
	busybox timeout 60 dd if="/dev/$(disk_of_lun 0)" of=/dev/null bs=4k count=$reads iflag=direct
}
use_nic() {
	ping -c 20 -i 0.1 -W 5 10.0.2.2
}

all=$(channels $scsi_class | wc -w)
check "disks and NIC work" devices_work
check "there are channels of disks ($all) and NICs" test "$all" -ge 1 -a -n "$(channels $nic_class)"
[ "${MONITORED:-none}" = scsi ] || all=0
same "channels of disks that have a monitor" "$all" "$(monitors $scsi_class)"
same "channels of NICs that have one" 0 "$(monitors $nic_class)"

counted
check "$reads reads" use_disk
by_page=$(($(monitor_signals) - signals))
by_call=$(($(events $scsi_class) - disk_events))
if [ "${MONITORED:-none}" = scsi ]; then
	check "they are signalled by the page: $by_page times" test "$by_page" -ge $((reads * 9 / 10))
	same "and by no hypercall" 0 "$by_call"
else
	same "none is signalled by the page" 0 "$by_page"
	check "they are signalled by hypercalls: $by_call" test "$by_call" -ge $((reads * 9 / 10))
fi
counted
check "20 packets to the host and back" use_nic
by_page=$(($(monitor_signals) - signals))
by_call=$(($(events $nic_class) - nic_events))
# A disk may be asked something at any time.
check "none of these by the page ($by_page), all by hypercalls ($by_call)" \
	test "$by_page" -le 5 -a "$by_call" -ge 20
finish
