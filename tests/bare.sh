#!/bin/sh
# bare.sh: makes a bare Debian 12 in a temporary folder, clones the project into it, and runs the
# two commands of the README there, as a new user would, the first one twice. Says at the end what
# was done and how long it took. Needs root and a package mirror: the one that this machine's apt
# uses, with apt's own settings. The clone is of what is committed.
set -u
cd "$(dirname "$0")/.." || exit 1
. .ci/steps.sh

[ "$(id -u)" -eq 0 ] || {
    say "bare.sh: to make a Debian in a folder takes root; run it with sudo"
    exit 77
}
need bare

root=$(mktemp -d /tmp/bare.XXXXXX) || die "there is no room in /tmp"
# shellcheck disable=SC2154 # $log is made by .ci/steps.sh
trap 'rm -rf --one-file-system "$root"; rm -f "$log"' EXIT
done_so_far=

# Lists as "deb URI SUITE COMPONENT" what this machine's apt takes from Debian 12.
mirrors() {
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        grep -E ' bookworm(-updates|-security)? main$' | sort -u | sed 's/^/deb /'
}

# The new root is reached through apt's proxies and certificates, too.
make_root() {
    mirror=$(mirrors | awk '$3 == "bookworm" { print $2; exit }')
    [ -n "$mirror" ] || {
        echo "apt on this machine has no mirror of Debian 12 (bookworm)"
        return 1
    }
    eval "$(apt-config shell http_proxy Acquire::http::Proxy https_proxy Acquire::https::Proxy)"
    [ "${http_proxy:-DIRECT}" = DIRECT ] || export http_proxy
    [ "${https_proxy:-DIRECT}" = DIRECT ] || export https_proxy
    debootstrap --variant=minbase bookworm "$root" "$mirror" || return
    mirrors >"$root/etc/apt/sources.list"
    apt-config dump | grep '^Acquire::' >"$root/etc/apt/apt.conf.d/90host"
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
}

# inside COMMAND: runs a line of shell in the new root, with mounts that vanish with it.
inside() {
    # shellcheck disable=SC2016 # expanded by the shell within
    unshare --mount --pid --fork sh -c '
        mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" || exit
        exec chroot "$1" env -i HOME=/srv PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -c "$2"' \
        sh "$root" "$1"
}

# user_runs COMMAND: shows and times what a user would see.
user_runs() {
    say "\$ $1"
    began=$(now)
    {
        inside "cd /srv/imbrex && $1" </dev/null 2>&1
        echo $? >"$root/status"
    } | sed 's/^/    /'
    [ "$(cat "$root/status")" -eq 0 ] || die "\"$1\" failed in a bare Debian 12, as shown above"
    done_so_far="$done_so_far$(printf '%-20s %5d s' "$1" $(($(now) - began)))
"
}

step "make a bare Debian 12 in $root" make_root || die "no Debian could be made, as shown above"
step "clone the project into it" git clone -q . "$root/srv/imbrex" || die "is this a git clone?"

user_runs 'sh samples/run.sh'
user_runs 'sh samples/run.sh'
user_runs 'sh tests/run.sh'
say "done in a bare Debian 12, from nothing:"
printf '%s' "$done_so_far"
