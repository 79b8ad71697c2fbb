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
# HVIC_NO_INITRAMFS=1 leaves the images alone. Fails only where an image could not be made; then
# the one before is in its place.
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

# Which of our modules an image holds, where they come from instead of the kernel's own.
ours_in() {
	{
		if command -v lsinitramfs >/dev/null; then
			lsinitramfs "$1"
		elif command -v lsinitrd >/dev/null; then
			lsinitrd "$1"
		fi
	} 2>/dev/null | grep -oE "/(updates|extra)/(dkms/|hvic/)?($modules)\.ko" | sort -u || :
}

ours_installed() {
	find "$lib/$1/updates" "$lib/$1/extra" -name 'hv_storvsc.ko*' 2>/dev/null | grep -q .
}

rebuild() {
	kernel=$1
	image=$2
	if ! cp -p "$image" "$image$kept.new" 2>/dev/null; then
		rm -f "$image$kept.new"
		say "no room in $boot to keep a copy of $image; going on without"
	elif [ -e "$image$kept" ] && [ -n "$(ours_in "$image")" ]; then
		# One with the in-tree drivers is worth more than one with ours.
		mv "$image$kept.new" "$image.hvic-undo"
	else
		mv "$image$kept.new" "$image$kept"
		say "the initramfs that was in use is kept: $image$kept"
	fi
	status=0
	if command -v update-initramfs >/dev/null; then
		update-initramfs -u -k "$kernel" || status=$?
	elif command -v dracut >/dev/null; then
		dracut -f "$image" "$kernel" || status=$?
	else
		say "neither update-initramfs nor dracut is here: rebuild $image yourself" >&2
	fi
	if [ "$status" != 0 ]; then
		for copy in "$image.hvic-undo" "$image$kept"; do
			[ -f "$copy" ] || continue
			cp -p "$copy" "$image"
			break
		done
		rm -f "$image.hvic-undo"
		say "the initramfs of $kernel could not be made (status $status): the one before is" \
			"back in its place" >&2
		return 1
	fi
	rm -f "$image.hvic-undo"
	in_image=$(ours_in "$image" | sed 's,.*/,,; s,\.ko,,' | tr '\n' ' ')
	say "initramfs of $kernel: ${in_image:-in-tree drivers}${in_image:+from this version}"
}

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
