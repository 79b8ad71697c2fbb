#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Finds out what the target kernel's headers offer: compiles each probes/have_*.c with the
# kernel's own compiler and flags and writes what compiled as macros into one header.
#
# usage: probe.sh PROBE_DIR HEADER CONFIG_HEADER COMPILER FLAGS...
# Prints nothing unless something is wrong: the output is make's error message.
set -eu

probes=$1
header=$2
config=$3
shift 3

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

if [ -f "$header" ] && [ -z "$(find "$config" "$probes" "$0" -newer "$header")" ]; then
	exit 0
fi

# The flags themselves must work, or every probe would say no.
printf '#include <linux/module.h>\nint hvic_probe;\n' > "$tmp/sane.c"
if ! "$@" -DKBUILD_MODNAME='"probe"' -c -o "$tmp/sane.o" "$tmp/sane.c" 2> "$tmp/log"; then
	echo "cannot compile against this kernel's headers: $(grep -m 3 -w error "$tmp/log" |
		tr '\n#' '  ')"
	exit 0
fi

mkdir -p "$(dirname "$header")"
{
	echo "/* Written by compat/probe.sh: what the target kernel's headers offer. */"
	for probe in "$probes"/have_*.c; do
		name=$(basename "$probe" .c | tr '[:lower:]' '[:upper:]')
		if "$@" -Werror -DKBUILD_MODNAME='"probe"' -c -o "$tmp/probe.o" "$probe" \
			> /dev/null 2>&1; then
			echo "#define HVIC_$name 1"
		else
			echo "/* HVIC_$name is missing */"
		fi
	done
} > "$tmp/have.h"
mv "$tmp/have.h" "$header"
