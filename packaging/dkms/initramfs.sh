#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Makes depmod and the initramfs of a kernel follow what is in /lib/modules. The image that was
# there is kept beside the new one, with .before-hvic behind its name. dkms runs this after it
# has installed or removed the modules for a kernel; `make install` and the packages do too.
#
# usage: initramfs.sh KERNEL      that kernel, if it has an initramfs yet
#        initramfs.sh --stale     each kernel whose initramfs holds our modules and that has none
#        initramfs.sh --forget    delete the kept images
# HVIC_NO_INITRAMFS=1 leaves the images alone. Fails where an image could not be made or lacks a
# module of ours that the one before had in any version; then the one before is in its place.
set -eu

boot=${HVIC_BOOT-/boot}
lib=${HVIC_LIB-/lib/modules}
kept=.before-hvic
modules='hv_vmbus|hv_storvsc|hv_netvsc|hid-hyperv|hyperv-keyboard'

say() {
	echo "hvic: $*"
}

# The image of kernel $1: Debian's name, RHEL's, SLES's.
image_of() {
	for image in "$boot/initrd.img-$1" "$boot/initramfs-$1.img" "$boot/initrd-$1"; do
		if [ -f "$image" ]; then
			echo "$image"
			return
		fi
	done
}

# The paths that an image holds our modules' names under, the kernel's own or ours.
named_in() {
	{
		if command -v lsinitramfs >/dev/null; then
			lsinitramfs "$1"
		elif command -v lsinitrd >/dev/null; then
			lsinitrd "$1"
		fi
	} 2>/dev/null | grep -oE "/[^ ]*/($modules)\.ko" | sort -u || :
}

# Those of the paths $1 that are ours; make install has folders of its own below hvic.
ours_of() {
	echo "$1" | grep -E "/(updates|extra)/(dkms/|hvic/([^ ]*/)?)?($modules)\.ko" || :
}

ours_in() {
	ours_of "$(named_in "$1")"
}

# Every module of ours for kernel $1 is in the image with paths $3, if its name was in the one
# before, with paths $2.
whole() {
	for module in $(find "$lib/$1/updates" "$lib/$1/extra" -name '*.ko*' 2>/dev/null |
		sed 's,.*/,,; s,\.ko.*,,' | grep -xE "$modules"); do
		if echo "$2" | grep -q "/$module\.ko" &&
			! ours_of "$3" | grep -q "/$module\.ko"; then
			say "the new initramfs of $1 lacks our $module" >&2
			return 1
		fi
	done
}

ours_installed() {
	find "$lib/$1/updates" "$lib/$1/extra" -name 'hv_storvsc.ko*' 2>/dev/null | grep -q .
}

rebuild() {
	kernel=$1
	image=$2
	before=$(named_in "$image")
	# A kept one with the in-tree drivers is worth more than one with ours.
	keep=$image$kept
	if [ -e "$keep" ] && [ -n "$(ours_of "$before")" ]; then
		keep=$image.hvic-undo
	fi
	if cp -p "$image" "$keep.new" 2>/dev/null; then
		mv "$keep.new" "$keep"
		[ "$keep" != "$image$kept" ] || say "the initramfs that was in use is kept: $keep"
	else
		rm -f "$keep.new"
		keep=
		say "no room in $boot to keep a copy of $image; going on without"
	fi
	status=0
	if command -v update-initramfs >/dev/null; then
		update-initramfs -u -k "$kernel" || status=$?
	elif command -v dracut >/dev/null; then
		dracut -f "$image" "$kernel" || status=$?
	else
		say "neither update-initramfs nor dracut is here: rebuild $image yourself" >&2
	fi
	after=$(named_in "$image")
	if [ "$status" != 0 ] || ! whole "$kernel" "$before" "$after"; then
		[ -z "$keep" ] || cp -p "$keep" "$image"
		rm -f "$image.hvic-undo"
		say "the initramfs of $kernel could not be made" \
			"(status $status)${keep:+: the one before is back in its place}" >&2
		return 1
	fi
	rm -f "$image.hvic-undo"
	after=$(ours_of "$after" | sed 's,.*/,,; s,\.ko,,' | tr '\n' ' ')
	say "initramfs of $kernel: ${after:-in-tree drivers}${after:+from this version}"
}

# A kernel that went took its image along.
for copy in "$boot"/initrd*"$kept" "$boot"/initramfs*"$kept"; do
	[ -e "${copy%"$kept"}" ] || rm -f "$copy"
done

case ${1-} in
--forget)
	rm -f "$boot"/initrd*"$kept" "$boot"/initramfs*"$kept"
	;;
--stale)
	for tree in "$lib"/*; do
		image=$(image_of "${tree##*/}")
		if [ -n "$image" ] && ! ours_installed "${tree##*/}" &&
			[ -n "$(ours_in "$image")" ]; then
			rebuild "${tree##*/}" "$image"
		fi
	done
	;;
[0-9]*)
	[ -d "$lib/$1" ] || exit 0
	depmod "$1"
	[ -z "${HVIC_NO_INITRAMFS-}" ] || exit 0
	# A kernel's own installation or removal makes or deletes its image afterwards.
	case ${DPKG_MAINTSCRIPT_PACKAGE-} in
	linux-image-* | linux-modules-* | linux-binary-*) exit 0 ;;
	esac
	image=$(image_of "$1")
	[ -z "$image" ] || rebuild "$1" "$image"
	;;
*)
	echo "usage: initramfs.sh KERNEL | --stale | --forget" >&2
	exit 2
	;;
esac
