#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A kernel with PREEMPT_RT, whose locks sleep: no code of the bus and its drivers takes one in an
# interrupt. The function tracer writes down every function of theirs while disk, NIC and input
# are used, and whether it could be preempted. RT_THREADS=yes: the bus has a thread a processor,
# which serves all of it, comes and goes with its processor and goes with the module; without it
# what is seen is only told.
. /lab/e2e/lib.sh
tracing=/sys/kernel/tracing
reads=300

# Ids of the bus's threads, and the one of a processor.
threads() {
	grep -l '^hv_vmbus/' /proc/[0-9]*/comm 2>/dev/null | cut -d/ -f3
}
thread_of() {
	for thread in $(threads); do
		[ "$(cat "/proc/$thread/comm")" != "hv_vmbus/$1" ] || echo "$thread"
	done
}
# stat_field THREAD N: a field of its stat, counted as proc(5) does.
stat_field() {
	sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f$(($2 - 2))
}
# How often the bus's threads were woken up, and interrupts of the hypervisor, on all processors.
wakeups() {
	for thread in $(threads); do
		cat "/proc/$thread/status"
	done | awk '/^voluntary_ctxt_switches:/ { n += $2 } END { print n + 0 }'
}
interrupts() {
	awk '$1 == "HYP:" { for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i } END { print n + 0 }' \
		/proc/interrupts
}
use_devices() {
	devices_work || return 1
	busybox timeout 60 dd if="/dev/$(disk_of_lun 0)" of=/dev/null bs=4k count=$reads \
		iflag=direct || return 1
	ping -c 5 -i 0.2 -W 3 10.0.2.2 || return 1
	host '{"cmd": "type", "text": "preempted"}' || return 1
	host '{"cmd": "mouse-move", "x": 100, "y": 100}' || return 1
}

# What the function tracer saw, a line a function: "atomic" or "preemptible", for the latter whether
# in a thread of the bus, its name, how often. A column of letters stands behind the processor's
# number; its header says which column is what.
seen() {
	awk '/^#.*=> / { column++; if (/irqs-off/) irq = column; if (/hardirq/) context = column
	                 if (/preempt-depth/) depth = column }
	     /^#/ { next }
	     { for (i = 1; i < NF && $i !~ /^\[[0-9]+\]$/; i++) ;
	       letters = $(i + 1); name = $(i + 3)
	       atomic = substr(letters, irq, 1) ~ /[dDX]/ ||
	           substr(letters, context, 1) ~ /[hHzZ]/ || substr(letters, depth, 1) ~ /[1-9a-f]/
	       state = atomic ? "atomic -" : "preemptible " ($1 ~ /^hv_vmbus\// ? "thread" : "-")
	       n[state " " name]++ }
	     END { if (irq && context && depth) for (line in n) print line, n[line] }' "$1"
}
# how_often STATE WHERE NAME: how often, of /out/rt-functions.txt
how_often() {
	awk -v s="$1" -v w="$2" -v f="$3" '$1 == s && $2 == w && $3 == f { n += $4 }
	                                  END { print n + 0 }' /out/rt-functions.txt
}

same "the kernel is one with PREEMPT_RT" 1 "$(cat /sys/kernel/realtime)"
cpus=$(grep -c '^processor' /proc/cpuinfo)

if [ "${RT_THREADS:-no}" = yes ]; then
	same "there is a thread for each processor" "$cpus" "$(threads | wc -l)"
	cpu=0
	while [ "$cpu" -lt "$cpus" ]; do
		thread=$(thread_of "$cpu")
		# Policy 1 is SCHED_FIFO; 50 is what the kernel gives to threaded interrupts.
		same "hv_vmbus/$cpu: policy, priority and processor" "1 50 $cpu" \
			"$(stat_field "$thread" 41) $(stat_field "$thread" 40) $(sed -n \
				's/^Cpus_allowed_list:[[:space:]]*//p' "/proc/$thread/status")"
		cpu=$((cpu + 1))
	done
fi

mkdir -p $tracing
mount -t tracefs tracefs $tracing 2>/dev/null
echo 0 >$tracing/tracing_on
echo 16384 >$tracing/buffer_size_kb
: >$tracing/set_ftrace_filter
for module in hv_vmbus hv_storvsc hv_netvsc hid_hyperv hyperv_keyboard; do
	echo ":mod:$module" >>$tracing/set_ftrace_filter
done
check "the function tracer is there" sh -c "echo function >$tracing/current_tracer"
echo >$tracing/trace
woken=$(wakeups)
came=$(interrupts)
echo 1 >$tracing/tracing_on
check "disk, NIC, mouse and keyboard work while they are traced" use_devices
echo 0 >$tracing/tracing_on
woken=$(($(wakeups) - woken))
came=$(($(interrupts) - came))
cat $tracing/trace >/tmp/trace
head -n 14 /tmp/trace | sed 's/^/  /'
echo nop >$tracing/current_tracer
seen /tmp/trace >/out/rt-functions.txt
gzip -c /tmp/trace >/out/rt-trace.gz
note "$came interrupts, $woken wake-ups of the bus's threads. What could not be preempted:"
sort -k4 -n -r /out/rt-functions.txt | sed -n 's/^atomic/  &/p'
handled=$(how_often atomic - vmbus_isr)
check "the trace has the interrupts ($handled of $came), of $reads reads at least" \
	test "$handled" -ge $reads

if [ "${RT_THREADS:-no}" = yes ]; then
	# The interrupt itself, which wakes the thread up, and two counters that the kernel has
	# compared with preemption off before the thread sleeps.
	may='vmbus_isr|vmbus_irq_thread_wake|irq_thread_should_run'
	bad=$(awk -v may="^($may)\$" '$1 == "atomic" && $3 !~ may { print $3 }' \
		/out/rt-functions.txt | sort -u | tr '\n' ' ')
	same "all else of the bus and its drivers can be preempted" "" "$bad"
	for name in vmbus_serve storvsc_on_channel; do
		ran=$(how_often preemptible thread $name)
		check "$name ran in a thread of the bus, $ran times" test "$ran" -ge $((reads / 2))
	done
	# A wake-up while the thread runs is none.
	check "threads were woken up $woken times for $came interrupts" \
		test "$woken" -ge $((came / 2))

	last=$((cpus - 1))
	online=/sys/devices/system/cpu/cpu$last/online
	if [ -w "$online" ]; then
		check "processor $last goes" sh -c "echo 0 >$online"
		check "all works without it" use_devices
		check "processor $last comes" sh -c "echo 1 >$online"
		for channel in /sys/bus/vmbus/devices/*/channels/*; do
			echo "$last" 2>/dev/null >"$channel/cpu"
		done
		thread=$(thread_of "$last")
		woken=$(awk '/^voluntary/ { print $2 }' "/proc/$thread/status")
		check "all works on it" use_devices
		woken=$(($(awk '/^voluntary/ { print $2 }' "/proc/$thread/status") - woken))
		check "its thread serves again, $woken times" test "$woken" -ge $((reads / 2))
	fi

	for module in hv_storvsc hv_netvsc hid_hyperv hyperv_keyboard hv_utils hv_vmbus; do
		! grep -q "^$module " /proc/modules || check "$module is unloaded" rmmod $module
	done
	check "no thread is left" until_true 5 sh -c '! grep -q ^hv_vmbus/ /proc/[0-9]*/comm'
	check "the bus is loaded" modprobe hv_vmbus
	same "the threads are back" "$cpus" "$(threads | wc -l)"
	for module in hv_storvsc hv_netvsc hid_hyperv hyperv_keyboard hv_utils; do
		check "$module is loaded" modprobe $module
	done
	check "all works again" until_true 20 use_devices
fi
same "the kernel log has no word of atomic contexts, stalls and held locks" "" "$(dmesg |
	grep -E 'scheduling while atomic|invalid context|rcu.*stall|BUG:|WARNING:|blocked for')"
finish
