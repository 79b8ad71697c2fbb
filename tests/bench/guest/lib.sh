# SPDX-License-Identifier: GPL-2.0
# What the benchmarks share in a guest: the two sets of modules and how one takes the other's
# place, what the host counted, and failures. Figures go to /out; nothing here judges one.
# shellcheck shell=sh

BENCH=/lab/bench
# What --add-module brought, the modules that are swapped in the order of loading, whether the
# bus is one of them, what the plan says. Made by tests/bench/run.
# shellcheck source=/dev/null
. "$BENCH/settings"

die() {
	echo "FAIL $*" >&2
	exit 1
}

note() {
	echo "  $(cut -d' ' -f1 /proc/uptime) s: $*"
}

# until_true SECONDS COMMAND...: repeat the command until it succeeds.
until_true() {
	until_end=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt "$until_end" ] || return 1
		usleep 20000
	done
}

# What the host counted so far, to a file.
host_counts() {
	hostctl '{"cmd": "stats"}' >"$1" || die "the host does not tell its counters"
}

# Modules come and go by this script alone: nothing else loads one for a device that appears, and
# what was loaded for those of a bus that is built in goes.
own_modules() {
	for own_pid in /proc/[0-9]*; do
		if tr '\0' ' ' 2>/dev/null <"$own_pid/cmdline" | grep -q '^/lab/agent hotplug'; then
			kill "${own_pid##*/}"
		fi
	done
	for own_module in $BENCH_NEEDED; do
		modprobe "$own_module" || die "modprobe $own_module"
	done
	unload
}

# is_loaded MODULE
is_loaded() {
	grep -q "^$(echo "$1" | tr - _) " /proc/modules
}

# load ours|intree [MODULE...]: from this set, in order; the default is all that are swapped.
load() {
	load_set=$1
	shift
	# shellcheck disable=SC2086
	[ $# -gt 0 ] || set -- $BENCH_MODULES
	for load_module; do
		insmod "$BENCH/$load_set/$load_module.ko" || die "insmod $load_set $load_module"
	done
}

# All that are swapped, in the reverse of the order of loading.
unload() {
	unload_order=
	for unload_module in $BENCH_MODULES; do
		unload_order="$unload_module $unload_order"
	done
	for unload_module in $unload_order; do
		is_loaded "$unload_module" || continue
		rmmod "$unload_module" || die "rmmod $unload_module"
	done
}

# disk_of DRIVER: the first disk of the controller that this VMBus driver has.
disk_of() {
	for disk_path in /sys/bus/vmbus/drivers/"$1"/*/host*/target*/*/block/*; do
		[ -b "/dev/${disk_path##*/}" ] && echo "${disk_path##*/}" && return
	done
	return 1
}

# The order of a round: who is first changes, so that a machine that gets slower favours nobody.
order() {
	if [ $(($1 % 2)) = 1 ]; then
		echo ours intree
	else
		echo intree ours
	fi
}
