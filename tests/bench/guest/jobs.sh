# SPDX-License-Identifier: GPL-2.0
# The jobs themselves, on whatever disk or interface: fio, UDP packets, turns, flows.
# shellcheck shell=sh

BENCH_GENERATOR=198.18.0.1
BENCH_FAR=10.9.0.2
# The interface of the generator, and the near one of the pair, once there are any.
gen=
near=

# fio_run DISK RESULT SECONDS [OPTION...]: bounded, and its errors are ours.
fio_run() {
	run_disk=$1
	run_result=$2
	run_limit=$3
	shift 3
	DISK="/dev/$run_disk" RUNTIME=$BENCH_RUNTIME busybox timeout "$run_limit" fio "$BENCH/cells.fio" \
		--output-format=json --output="$run_result" "$@" 2>"$run_result.err" ||
		die "fio on $run_disk: status $?: $(cat "$run_result.err")"
}

# nic_of MAC
nic_of() {
	for nic_path in /sys/class/net/*; do
		[ "$(cat "$nic_path/address")" = "$1" ] && echo "${nic_path##*/}" && return
	done
	return 1
}

# The generator's NIC and both of the pair.
all_nics() {
	nic_of "$BENCH_MAC_GEN" && nic_of "$BENCH_MAC_NEAR" && nic_of "$BENCH_MAC_FAR"
}

# there COMMAND...: in the other namespace.
there() {
	nsenter -t "$other" -n "$@"
}

# A network namespace beside this one, with what TCP jobs talk to.
other_namespace() {
	unshare -n sleep 100000 &
	other=$!
	usleep 500000
	there ip link set lo up || die "no network namespace"
	there iperf3 -s >/dev/null 2>&1 &
	there "$BENCH/netbench" tcp-serve 5999 &
}

# The helpers of other_namespace() end, and with them the namespace.
end_jobs() {
	# shellcheck disable=SC2046
	kill $(jobs -p) 2>/dev/null
}

# pair NEAR FAR: addresses for two interfaces that reach each other.
pair() {
	ip link set "$2" netns "$other" || die "$2 does not go to the other namespace"
	there ip addr add "$BENCH_FAR/24" dev "$2" || die "$2: no address"
	there ip link set "$2" up
	ip addr add 10.9.0.1/24 dev "$1" || die "$1: no address"
	ip link set "$1" up
	until_true 20 ping -c 1 -W 1 "$BENCH_FAR" || die "$1 does not reach $2"
}

# Addresses for all of them; the generator answers.
take_nics() {
	gen=$(nic_of "$BENCH_MAC_GEN")
	near=$(nic_of "$BENCH_MAC_NEAR")
	pair "$near" "$(nic_of "$BENCH_MAC_FAR")"
	ip addr add 198.18.0.9/15 dev "$gen" || die "$gen: no address"
	ip link set "$gen" up
	until_true 30 ping -c 1 -W 1 "$BENCH_GENERATOR" || die "$gen does not reach the generator"
}

# generate RATE: 64-byte frames to this guest; 0 is as many as it has buffers for.
generate() {
	generate_said=$(hostctl "{\"cmd\": \"generate\", \"device\": \"net0\", \"rate\": $1}" 2>&1) ||
		die "the host does not generate: $generate_said"
}
quiet() {
	quiet_said=$(hostctl '{"cmd": "generate", "device": "net0", "stop": true}' 2>&1) ||
		die "the host does not stop: $quiet_said"
}

# count_beside PID PREFIX WHAT: what the host counted so far, twice, BENCH_WINDOW seconds apart,
# while the job PID runs: PREFIX-0.json and PREFIX-1.json. PREFIX.log is what the job says.
count_beside() {
	host_counts "$2-0.json"
	sleep "$BENCH_WINDOW"
	host_counts "$2-1.json"
	kill -0 "$1" 2>/dev/null ||
		die "$3 ended while its cost was counted: $(tail -n 5 "$2.log" 2>&1)"
}

# netbench JOB [ARGUMENT...]: of the job under way, bounded whatever it waits for.
netbench() {
	busybox timeout $((job_seconds + 30)) "$BENCH/netbench" "$@" >"$job_result" \
		2>"$job_result.err"
}

# job NAME RESULT SECONDS: one of the jobs below.
job() {
	job_result=$2
	job_seconds=$3
	"job_$1" || die "$1: $(tail -n 5 "$job_result.err") $(tail -n 5 "$job_result")"
}
job_udp_send() {
	host_counts "$job_result.0"
	netbench udp-send "$BENCH_GENERATOR" 9 18 "$job_seconds" || return
	host_counts "$job_result.1"
}
job_udp_recv() {
	generate 0
	netbench udp-recv 9 "$job_seconds" || return
	quiet
}
job_xdp_drop() {
	netbench xdp-drop "$gen" on || return
	generate 0
	sleep 0.3
	host_counts "$job_result.0"
	sleep "$job_seconds"
	host_counts "$job_result.1"
	quiet
	netbench xdp-drop "$gen" off
}
job_udp_turns() {
	netbench udp-turns "$BENCH_GENERATOR" 7 "$job_seconds"
}
job_tcp_turns() {
	netbench tcp-turns "$BENCH_FAR" 5999 "$job_seconds"
}
flows() {
	busybox timeout $((job_seconds + 60)) iperf3 -c "$BENCH_FAR" -t "$job_seconds" -P "$1" -J \
		>"$job_result" 2>"$job_result.err"
}
job_tcp_1() {
	flows 1
}
job_tcp_4() {
	flows 4
}
