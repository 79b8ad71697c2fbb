#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The kernels that this version is for, from compat/kernels beside this script.
#
# usage: range.sh --regex     an expression for dkms (BUILD_EXCLUSIVE_KERNEL)
#        range.sh KERNEL      whether KERNEL is one of them; if not, says so and fails
# Any kernel is taken with HVIC_ANY_KERNEL=1 in the environment, for one run; or where the file
# /etc/hvic/any-kernel is, for kernels to come.
set -eu

any=${HVIC_ANY_KERNEL-}
if [ -e /etc/hvic/any-kernel ]; then
	any=1
fi

kernels=${0%/*}/kernels
read -r first last <<EOF
$(sed -n '/^[0-9]/p' "$kernels")
EOF

# Kernel lines as numbers that compare.
number() {
	major=${1%%.*}
	minor=${1#*.}
	echo "$((major * 1000 + ${minor%%[!0-9]*}))"
}

case ${1-} in
--regex)
	if [ -n "$any" ]; then
		echo .
		exit 0
	fi
	lines=
	line=$(number "$first")
	while [ "$line" -le "$(number "$last")" ]; do
		lines="$lines${lines:+|}$((line / 1000))[.]$((line % 1000))"
		line=$((line + 1))
		# No major version has had this many minor ones.
		[ $((line % 1000)) -le 40 ] || line=$(((line / 1000 + 1) * 1000))
	done
	echo "^($lines)([^0-9]|$)"
	;;
[0-9]*.[0-9]*)
	if [ -z "$any" ] && { [ "$(number "$1")" -lt "$(number "$first")" ] ||
		[ "$(number "$1")" -gt "$(number "$last")" ]; }; then
		echo "hvic: kernel $1 is outside of the tested range, $first to $last:" \
			"its in-tree drivers stay in use. HVIC_ANY_KERNEL=1 in the environment, or a file" \
			"/etc/hvic/any-kernel for good, takes any kernel." >&2
		exit 1
	fi
	;;
*)
	echo "usage: range.sh --regex | KERNEL" >&2
	exit 2
	;;
esac
