#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What becomes of a machine where not everything can be installed; make install and dkms-install.
. /mnt/guest/lib.sh
kernel=$(first_kernel)
symvers=/lib/modules/$kernel/build/Module.symvers
cp -R /mnt/tree /root/tree
cd /root/tree || exit 1
cp "$symvers" /root/symvers

# --- a kernel whose bus exports something else ---
sed -i 's/^0x[0-9a-f]*\tvmbus_open\t/0x12345678\tvmbus_open\t/' "$symvers"
check "the deb is installed on a kernel with another vmbus_open" install_deb "$VERSION"
check "the reason is told" grep -q 'does not export this kernel.s symbols (hv_vmbus: [0-9]* of' \
	/tmp/last
check "drivers alone are ours" come_from "$kernel" updates kernel
check "drivers alone are ours in the initramfs" initramfs_from "$kernel" updates kernel
vmbus_crc() {
	modprobe --dump-modversions "$(modinfo -k "$kernel" -n hv_storvsc)" | grep vmbus_open
	modprobe --dump-modversions "$(modinfo -k "$kernel" -n hv_storvsc)" |
		grep -q '0x12345678.*vmbus_open'
}
check "they were built for the kernel's own bus" vmbus_crc
check "dkms takes it for whole" sh -c "dkms status | grep -q 'installed$'"
check "the deb is purged" apt-get purge -y hvic-dkms
check "in-tree drivers are back" come_from "$kernel" kernel

check "make install places drivers alone there" make install "KVER=$kernel"
check "drivers alone are ours by make install" come_from "$kernel" updates kernel
check "make uninstall" make uninstall "KVER=$kernel"
check "in-tree drivers are back after make uninstall" come_from "$kernel" kernel
cp /root/symvers "$symvers"

# --- a kernel with its bus built in, one without Hyper-V ---
config=/lib/modules/$kernel/build/.config
cp "$config" /root/config
sed -i 's/^CONFIG_HYPERV=m/CONFIG_HYPERV=y/' "$config"
check "a built-in bus leaves the drivers" sh -c "sh compat/rooms.sh /lib/modules/$kernel/build \
	2>/tmp/why | grep -qx 'storvsc netvsc hid' && grep -q 'built in' /tmp/why"
check "dkms leaves the bus out of its list there" sh -c "packaging/source /usr/src/hvic-$VERSION &&
	dkms add hvic/$VERSION && dkms build hvic/$VERSION -k $kernel;
	cat /var/lib/dkms/hvic/$VERSION/build/make.log;
	grep -q \"HVIC_ROOMS='storvsc netvsc hid'\" /var/lib/dkms/hvic/$VERSION/build/make.log ||
	ls /var/lib/dkms/hvic/$VERSION/$kernel/x86_64/module | grep -v vmbus | grep -q storvsc"
dkms remove "hvic/$VERSION" --all >/dev/null 2>&1
rm -rf "/usr/src/hvic-$VERSION"
sed -i '/^CONFIG_HYPERV=/d' "$config"
check "a kernel without Hyper-V is refused" sh -c "! sh compat/rooms.sh /lib/modules/$kernel/build"
cp /root/config "$config"

# --- outside of the range ---
cp compat/kernels /root/kernels
echo '5.4 5.9' >compat/kernels
check "make install refuses a kernel outside of the range" sh -c \
	"! make install KVER=$kernel >/tmp/why 2>&1 && grep -q 'outside of the tested range' /tmp/why"
check "make dkms-install does" sh -c \
	"! make dkms-install KVER=$kernel >/tmp/why 2>&1 && grep -q 'outside of the tested range' /tmp/why"
check "nothing was installed" sh -c "! dkms status | grep -q hvic && [ ! -e /usr/src/hvic-$VERSION ]"
packaging/source "/usr/src/hvic-$VERSION"
dkms add "hvic/$VERSION" >/dev/null
for hook in postinst header_postinst; do
	check "a kernel outside of the range does not fail its own $hook" \
		"/etc/kernel/$hook.d/dkms" "$kernel"
	check "and keeps its in-tree drivers" come_from "$kernel" kernel
done
mkdir -p /etc/hvic
touch /etc/hvic/any-kernel
check "any-kernel lets it in" "/etc/kernel/postinst.d/dkms" "$kernel"
check "then ours are installed" come_from "$kernel" updates
rm -r /etc/hvic
cp /root/kernels compat/kernels

# --- make dkms-install ---
check "make dkms-install replaces what was there" make dkms-install "KVER=$kernel"
check "its drivers are ours" come_from "$kernel" updates
check "make dkms-install again" make dkms-install "KVER=$kernel"
check "make install refuses beside it" not make install "KVER=$kernel"
echo '#error broken on purpose' >>drivers/netvsc/main.c
check "a build that fails is a failure" not make dkms-install "KVER=$kernel"
check "its log is where it says" sh -c \
	"grep -q 'broken on purpose' \$(sed -n 's/.*the log is //p' /tmp/last)"
cp /mnt/tree/drivers/netvsc/main.c drivers/netvsc/main.c
check "in-tree drivers are in use then" come_from "$kernel" kernel
check "in the initramfs too" initramfs_from "$kernel" kernel
check "nothing half-installed is left" sh -c "! dkms status | grep -q hvic && ! ls /usr/src | grep -q hvic"
check "make dkms-uninstall with nothing there" make dkms-uninstall
check "make install once more" make install "KVER=$kernel"
check "make dkms-install takes the place of make install" make dkms-install "KVER=$kernel"
check "one set of modules is there" sh -c "[ \$(find /lib/modules/$kernel -path '*updates*' \
	-name 'hv_storvsc.ko*' | wc -l) = 1 ]"
check "make dkms-uninstall" make dkms-uninstall "KVER=$kernel"
check "in-tree drivers are back after it" come_from "$kernel" kernel
check "headers that are missing are named" sh -c "! make modules KVER=6.1.0-0-none 2>/tmp/why &&
	grep -q 'apt-get install linux-headers-6.1.0-0-none' /tmp/why && grep -q 'zypper' /tmp/why &&
	grep -q 'dnf install kernel-devel-6.1.0-0-none' /tmp/why"
