#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The scripts of packaging/ and compat/ that can be tried without a kernel: the range, Secure Boot
# with a mokutil that says what we want, SLES's modprobe configuration. usage: scripts.sh TOP
set -u
top=$1
. "$top/tests/package/lib.sh"

# --- the range ---
mkdir "$tmp/compat"
cp "$top/compat/range.sh" "$tmp/compat/"
echo '5.10 6.2' >"$tmp/compat/kernels"
in_range() {
	sh "$tmp/compat/range.sh" "$1" && echo "$1" | grep -qE "$(sh "$tmp/compat/range.sh" --regex)"
}
out_of_range() {
	! sh "$tmp/compat/range.sh" "$1" &&
		! echo "$1" | grep -qE "$(sh "$tmp/compat/range.sh" --regex)"
}
for kernel in 5.10.0-32-amd64 5.14.0-427.el9.x86_64 5.19.1 6.0.0 6.1.0-50-amd64 6.2.16; do
	check "$kernel is in 5.10 to 6.2" in_range "$kernel"
done
for kernel in 4.18.0-553.el8_10.x86_64 5.1.0 5.9.16 6.3.1 6.12.117+deb13-amd64 6.20.0 7.0.1; do
	check "$kernel is not in 5.10 to 6.2" out_of_range "$kernel"
done
check "HVIC_ANY_KERNEL takes any" env HVIC_ANY_KERNEL=1 sh "$tmp/compat/range.sh" 4.18.0

# --- the bus's symbols ---
mkdir "$tmp/kernel"
symbols() {
	for symbol; do
		printf '%s\t%s\tdrivers/hv/hv_vmbus\tEXPORT_SYMBOL_GPL\t\n' "${symbol%%=*}" "${symbol#*=}"
	done
	printf '0x00000009\tother\tdrivers/other\tEXPORT_SYMBOL\t\n'
}
agrees() {
	symbols "$@" >"$tmp/ours"
	sh "$top/compat/abi-check.sh" "$tmp/kernel" "$tmp/ours"
}
symbols 0x00000001=one 0x00000002=two >"$tmp/kernel/Module.symvers"
check "the same symbols agree" agrees 0x00000001=one 0x00000002=two
check "one that only we have does not matter" agrees 0x00000001=one 0x00000002=two 0x00000003=three
check "it is named" grep -q three "$tmp/last"
check "one that we lack does" not agrees 0x00000001=one
check "another CRC does" not agrees 0x00000001=one 0x00000003=two
check "so many are said to agree" grep -qx 'hv_vmbus: 1 of 2 symbols agree' "$tmp/last"
sed -i 's/EXPORT_SYMBOL_GPL/EXPORT_SYMBOL/' "$tmp/kernel/Module.symvers"
check "another kind of export does" not agrees 0x00000001=one 0x00000002=two

# --- Secure Boot ---
mkdir -p "$tmp/bin" "$tmp/root/var/lib/dkms" "$tmp/root/etc/dkms"
cat >"$tmp/bin/mokutil" <<'EOF'
#!/bin/sh
case $1 in
--sb-state) cat "$FAKE/state" ;;
--test-key) if [ -e "$FAKE/enrolled" ]; then echo "$2 is already enrolled"; else
	echo "$2 is not enrolled"; fi ;;
esac
EOF
chmod +x "$tmp/bin/mokutil"
secure_boot() {
	env "PATH=$tmp/bin:$PATH" "FAKE=$tmp" "HVIC_ROOT=$tmp/root" \
		sh "$top/packaging/dkms/secure-boot.sh" "$@"
}
says() {
	pattern=$1
	shift
	secure_boot "$@" >"$tmp/out" 2>&1
	cat "$tmp/out"
	grep -q -- "$pattern" "$tmp/out"
}
silent() {
	[ -z "$(secure_boot 2>&1)" ]
}
touch "$tmp/root/var/lib/dkms/mok.pub"
echo 'ID=debian' >"$tmp/root/etc/os-release"
echo 'SecureBoot disabled' >"$tmp/state"
check "silent where Secure Boot is off" silent
printf 'SecureBoot enabled\n' >"$tmp/state"
check "Debian's key" says '^    mokutil --import /var/lib/dkms/mok.pub$'
check "that modules do not load before" says 'will not load before'
check "make install's modules are unsigned" says 'make dkms-install' unsigned
rm "$tmp/root/var/lib/dkms/mok.pub"
check "a key that is not there is told" says 'there is no /var/lib/dkms/mok.pub'
for id in rhel sles; do
	echo "ID=\"$id\"" >"$tmp/root/etc/os-release"
	check "the key of $id" says '^    mokutil --import /var/lib/dkms/mok.pub$'
done
echo 'ID=ubuntu' >"$tmp/root/etc/os-release"
check "Ubuntu's key" says '^    mokutil --import /var/lib/shim-signed/mok/MOK.der$'
echo 'mok_certificate="/etc/keys/own.der"' >"$tmp/root/etc/dkms/framework.conf"
check "a key of one's own" says '^    mokutil --import /etc/keys/own.der$'
touch "$tmp/enrolled"
check "silent where the key is enrolled" silent
rm "$tmp/enrolled"
printf 'SecureBoot enabled\nSecureBoot validation is disabled in shim\n' >"$tmp/state"
check "silent where shim does not validate" silent

# --- SLES ---
pre_install() {
	mkdir -p "$tmp/root/lib/modules/6.4/updates/hvic"
	env "HVIC_ROOT=$tmp/root" sh "$top/packaging/dkms/pre-install.sh" 6.4
}
mkdir -p "$tmp/root/lib/modprobe.d" "$tmp/root/etc/modprobe.d"
echo 'ID="sles"' >"$tmp/root/etc/os-release"
echo 'allow_unsupported_modules 0' >"$tmp/root/lib/modprobe.d/10-unsupported-modules.conf"
check "SLES is refused without allow_unsupported_modules" not pre_install
check "and told which file" grep -q '/etc/modprobe.d/10-unsupported-modules.conf' "$tmp/last"
check "nothing was touched" test -d "$tmp/root/lib/modules/6.4/updates/hvic"
echo 'allow_unsupported_modules 1' >"$tmp/root/etc/modprobe.d/10-unsupported-modules.conf"
check "SLES with it is not" pre_install
check "and make install's modules are gone" not test -d "$tmp/root/lib/modules/6.4/updates/hvic"
rm "$tmp/root/etc/modprobe.d/10-unsupported-modules.conf"
echo 'ID="rhel"' >"$tmp/root/etc/os-release"
check "RHEL has no such file" pre_install
