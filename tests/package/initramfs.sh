#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2016
#
# packaging/dkms/initramfs.sh with tools that are told what to make: an image is a list of paths.
# usage: initramfs.sh TOP
set -u
top=$1
. "$top/tests/package/lib.sh"
kernel=6.1.0-9
boot=$tmp/boot
lib=$tmp/lib
image=$boot/initrd.img-$kernel

# The tools write $FAKE/next to the image, or fail if there is none; all leave what they were asked.
mkdir -p "$tmp/debian" "$tmp/rhel" "$boot" "$lib/$kernel/updates/dkms"
cat >"$tmp/debian/update-initramfs" <<'EOF'
#!/bin/sh
echo "update-initramfs $*" >>"$FAKE/asked"
[ -f "$FAKE/next" ] && cp "$FAKE/next" "$FAKE/boot/initrd.img-$3"
EOF
cat >"$tmp/rhel/dracut" <<'EOF'
#!/bin/sh
echo "dracut $1 ${2##*/} $3" >>"$FAKE/asked"
echo half >"$2"
[ -f "$FAKE/next" ] && cp "$FAKE/next" "$2"
EOF
for tools in debian rhel; do
	printf '#!/bin/sh\necho "depmod $*" >>"$FAKE/asked"\n' >"$tmp/$tools/depmod"
done
printf '#!/bin/sh\ncat "$1"\n' >"$tmp/debian/lsinitramfs"
printf '#!/bin/sh\ncat "$1"\n' >"$tmp/rhel/lsinitrd"
chmod +x "$tmp"/debian/* "$tmp"/rhel/*

run() {
	tools=$1
	shift
	: >"$tmp/asked"
	env "PATH=$tmp/$tools:/usr/bin:/bin" "FAKE=$tmp" "HVIC_BOOT=$boot" "HVIC_LIB=$lib" "$@"
}
sh=$top/packaging/dkms/initramfs.sh

# An image with the five modules from folder $1; without those named after it.
list() {
	from=$1
	shift
	for mod in hv_vmbus hv_storvsc hv_netvsc hid-hyperv hyperv-keyboard; do
		case " $* " in
		*" $mod "*) ;;
		*) echo "usr/lib/modules/$kernel/$from/$mod.ko" ;;
		esac
	done
}

asked() {
	printf '%s\n' "$@" | diff - "$tmp/asked"
}

intree() {
	list kernel/drivers | cmp - "$1"
}

for mod in hv_vmbus hv_storvsc hv_netvsc hid-hyperv hyperv-keyboard; do
	touch "$lib/$kernel/updates/dkms/$mod.ko"
done

list updates/dkms >"$tmp/next"
check "without an initramfs there is nothing to make" run debian sh "$sh" "$kernel"
check "but depmod" asked "depmod $kernel"

list kernel/drivers >"$image"
check "an initramfs is made" run debian sh "$sh" "$kernel"
check "by update-initramfs, after depmod" asked "depmod $kernel" "update-initramfs -u -k $kernel"
check "it is the new one" cmp "$image" "$tmp/next"
check "the one before is kept" intree "$image.before-hvic"
check "it is made again" run debian sh "$sh" "$kernel"
check "the in-tree one is still kept" intree "$image.before-hvic"
check "and nothing else" sh -c "[ \$(ls '$boot' | wc -l) = 2 ]"

list kernel/drivers >"$image"
list updates/dkms hv_storvsc >"$tmp/next"
check "one without the root disk's driver is refused" not run debian sh "$sh" "$kernel"
check "the one before is back" intree "$image"
rm "$lib/$kernel/updates/dkms/hv_vmbus.ko"
(list kernel/drivers | grep vmbus; list updates/dkms hv_vmbus) >"$tmp/next"
check "drivers alone with the kernel's own bus are whole" run debian sh "$sh" "$kernel"
touch "$lib/$kernel/updates/dkms/hv_vmbus.ko"
list kernel/drivers >"$image"
check "the kernel's own bus where ours is installed is not" not run debian sh "$sh" "$kernel"
rm "$tmp/next"
check "a tool that fails is a failure" not run debian sh "$sh" "$kernel"
check "the one before is in its place then" intree "$image"

list updates/dkms >"$tmp/next"
check "a kernel's own postinst is left to make it" run debian \
	env DPKG_MAINTSCRIPT_PACKAGE=linux-image-6.1.0-9-amd64 sh "$sh" "$kernel"
check "then depmod is all" asked "depmod $kernel"
check "a postinst of its headers is not" run debian \
	env DPKG_MAINTSCRIPT_PACKAGE=linux-headers-6.1.0-9-amd64 sh "$sh" "$kernel"
check "that makes one" asked "depmod $kernel" "update-initramfs -u -k $kernel"

check "nothing is stale while ours are there" run debian sh "$sh" --stale
touch "$boot/initrd.img-5.0.before-hvic"
check "a kept image whose kernel went goes too" sh -c \
	"PATH=$tmp/debian:\$PATH FAKE=$tmp HVIC_BOOT=$boot HVIC_LIB=$lib sh $sh --stale &&
	[ ! -e $boot/initrd.img-5.0.before-hvic ] && [ -e $image.before-hvic ]"
check "nothing was made" cmp "$tmp/asked" /dev/null
rm -r "$lib/$kernel/updates"
list kernel/drivers >"$tmp/next"
check "an image with ours and no modules is stale" run debian sh "$sh" --stale
check "it is made anew" intree "$image"
check "the kept ones are forgotten" run debian sh "$sh" --forget
check "that leaves the image alone" sh -c "[ \"\$(ls '$boot')\" = initrd.img-$kernel ]"

# `make install` has a folder a room.
mkdir -p "$lib/$kernel/updates/hvic/drivers/hid"
touch "$lib/$kernel/updates/hvic/drivers/hid/hyperv-keyboard.ko"
list kernel/drivers >"$image"
list updates/hvic/drivers/hid >"$tmp/next"
check "one with what make install placed is whole" run debian sh "$sh" "$kernel"
check "that is the new one" cmp "$image" "$tmp/next"
rm -r "$lib/$kernel/updates"

# RHEL's image, dracut, and dkms's folder there.
mkdir -p "$lib/$kernel/extra"
touch "$lib/$kernel/extra/hv_storvsc.ko.xz" "$lib/$kernel/extra/hv_vmbus.ko.xz"
for image in "$boot/initramfs-$kernel.img" "$boot/initrd-$kernel"; do
	rm "$boot"/*
	list kernel/drivers >"$image"
	list extra >"$tmp/next"
	check "${image##*/}: dracut makes it" run rhel sh "$sh" "$kernel"
	check "${image##*/}: asked for it by name" asked "depmod $kernel" \
		"dracut -f ${image##*/} $kernel"
	check "${image##*/}: the one before is kept" intree "$image.before-hvic"
	list kernel/drivers >"$image"
	rm "$tmp/next"
	check "${image##*/}: dracut that fails half-way" not run rhel sh "$sh" "$kernel"
	check "${image##*/}: leaves the one before" intree "$image"
done
