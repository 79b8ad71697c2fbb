#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Finds out what the target kernel's headers offer: compiles each probes/have_*.c with the
# kernel's own compiler and flags and writes what compiled as macros into one header. It does so
# again when the compiler, its flags, a probe or anything that a probe includes has changed; a
# package's files are as old as the package, so the time looked at is when they came here (ctime).
#
# usage: probe.sh PROBE_DIR HEADER CONFIG_HEADER COMPILER FLAGS...
# Prints nothing unless something is wrong: the output is make's error message.
set -eu

probes=$1
header=$2
config=$3
shift 3

# What the answers depend on beside the time of files.
key="$({ "$@" --version && echo "$*" && ls "$probes"; } 2>&1 | cksum)"
# shellcheck disable=SC2016 # the inner shell expands it
if [ -f "$header" ] && [ -f "$header.deps" ] &&
	[ "$(head -n 1 "$header")" = "/* Written by compat/probe.sh: $key */" ] &&
	newer=$(tr '\n' '\0' < "$header.deps" |
		xargs -0 sh -c 'find "$@" -cnewer "$0"' "$header" 2>&1) && [ -z "$newer" ]; then
	exit 0
fi

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
touch "$tmp/began"

# The flags themselves must work, or every probe would say no.
printf '#include <linux/module.h>\nint hvic_probe;\n' > "$tmp/sane.c"
if ! "$@" -DKBUILD_MODNAME='"probe"' -c -o "$tmp/sane.o" "$tmp/sane.c" 2> "$tmp/log"; then
	echo "cannot compile against this kernel's headers: $(grep -m 3 -w error "$tmp/log" |
		tr '\n#' '  ')"
	exit 0
fi

mkdir -p "$(dirname "$header")"
{
	echo "/* Written by compat/probe.sh: $key */"
	echo "/* What the target kernel's headers offer. */"
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

# All that they include, also those that did not compile.
sed -n 's/^#include \(<.*>\).*/\1/p' "$tmp/sane.c" "$probes"/have_*.c | sort -u | while read -r name; do
	printf '#if __has_include(%s)\n#include %s\n#endif\n' "$name" "$name"
done > "$tmp/all.c"
{
	printf '%s\n' "$config" "$probes"/have_*.c "$0"
	"$@" -DKBUILD_MODNAME='"probe"' -M "$tmp/all.c" 2> /dev/null | sed 's/\\$//' |
		tr -s ' ' '\n' | sed -e '/:$/d' -e '/^$/d' -e "\\|^$tmp/|d" | sort -u
} > "$tmp/deps"

touch -r "$tmp/began" "$tmp/have.h"
mv "$tmp/deps" "$header.deps"
mv "$tmp/have.h" "$header"
