#!/usr/bin/env bash
# Fetches RabbitMQ 4 with its Erlang into a folder of its own: nothing is installed into the system.
#
#     get_rabbitmq.sh FOLDER
#
# The packages are Debian 13's, from the mirror that this machine uses; FOLDER/root is a small Debian to run them in.
# Where that cannot be done, FOLDER/missing.txt says why, and the script still ends well: the tests say the reason.
set -euo pipefail
mkdir -p "$1"
folder=$(cd "$1" && pwd)
rm -rf "$folder/root" "$folder/missing.txt"

missing() {
    echo "$1" | tee "$folder/missing.txt"
    exit 0
}

keyring=$(ls /usr/share/keyrings/debian-archive-keyring.{gpg,pgp} 2>/dev/null | head -n 1 || true)
command -v apt-get >/dev/null && [ -n "$keyring" ] ||
    missing "RabbitMQ 4 is fetched from Debian 13's packages, and this system is not Debian."
[ "$(id -u)" = 0 ] || missing "RabbitMQ 4 runs in a folder of its own by chroot, which only root may."
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | tr ' ' '\n' |
    awk '/^(https?|file|mirror)/ && /\/debian\/?$/ {print; exit}' || true)
[ -n "$mirror" ] || missing "RabbitMQ 4 is fetched from Debian 13's packages, and this system names no mirror of Debian."

apt=$folder/apt
mkdir -p "$apt"/lists/partial "$apt"/cache/archives/partial
echo "deb [signed-by=$keyring] $mirror trixie main" >"$apt/sources.list"
touch "$apt/status"
get() {
    apt-get -qq -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$apt/lists" \
        -o Dir::Cache="$apt/cache" -o Dir::State::status="$apt/status" -o Dir::State::extended_states="$apt/extended" "$@"
}
get update && get install -y --no-install-recommends --download-only \
    rabbitmq-server bash coreutils sed grep hostname mawk >"$folder/apt.log" 2>&1 ||
    missing "RabbitMQ 4 could not be fetched: $(tail -n 1 "$folder/apt.log" 2>/dev/null)"

mkdir "$folder/root.part"
for package in "$apt"/cache/archives/*.deb; do dpkg-deb -x "$package" "$folder/root.part"; done
rm -rf "$apt" "$folder/apt.log"

# No package has run its scripts: what they would have made, and what a server looks for in a system.
cd "$folder/root.part"
ln -sf bash usr/bin/sh
ln -sf mawk usr/bin/awk
mkdir -p proc dev tmp etc/rabbitmq
for device in null zero random urandom; do [ -e dev/$device ] || cp -a /dev/$device dev/; done
echo '127.0.0.1 localhost' >etc/hosts
echo 'root:x:0:0:root:/root:/bin/sh' >etc/passwd
echo 'root:x:0:' >etc/group
ldconfig -r . 2>/dev/null || true
mv "$folder/root.part" "$folder/root"
