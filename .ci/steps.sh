# Steps that samples/run.sh, tests/run.sh and .ci/run share. POSIX shell, sourced with the checkout
# as the working directory. Every step says one line; what its commands print goes to a log, whose
# end is shown when the step fails.

log=${TMPDIR:-/tmp}/imbrex-steps.$$
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() { printf '%s\n' "$*"; }

# Ends the script with a sentence that says what to do.
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

now() { date +%s; }

# step SENTENCE COMMAND...: runs it quietly and says how long it took. Fails as the command does,
# after showing the last lines that it printed.
step() {
    step_name=$1
    step_began=$(now)
    shift
    "$@" >"$log" 2>&1 </dev/null
    step_status=$?
    if [ "$step_status" -eq 0 ]; then
        say "$step_name: done in $(($(now) - step_began)) s"
    else
        say "$step_name: failed after $(($(now) - step_began)) s"
        tail -n 40 "$log" >&2
    fi
    return "$step_status"
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# The packages of these groups that are not installed.
missing() {
    for group; do
        sed -n "s/^$group //p" .ci/packages
    done | sort -u | while read -r package; do
        state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)
        [ "$state" = installed ] || printf '%s ' "$package"
    done
}

# Packages by name, without what they only recommend. Gives up soon where there is no network.
fetch_packages() {
    as_root apt-get update -q -o Acquire::Retries=1 -o Acquire::http::Timeout=20 &&
        as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -q -y --no-install-recommends "$@"
}

# install GROUP...: brings in what is missing of these groups of .ci/packages; false if it cannot.
# Does nothing, at once, when all is there.
install() {
    command -v dpkg-query >/dev/null || {
        say "not a Debian system: taking the packages of .ci/packages ($*) as installed"
        return 0
    }
    lacking=$(missing "$@")
    [ -n "$lacking" ] || return 0
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
        say "missing, and to install them takes root or sudo: $lacking"
        return 1
    fi
    # shellcheck disable=SC2086 # one word per package
    step "install packages for: $* ($(printf %s "$lacking" | wc -w) missing)" fetch_packages $lacking
}

# need GROUP...: as install, but the script cannot go on without them.
need() {
    install "$@" ||
        die "connect to the network and run this again, or install by hand: $(missing "$@")"
}

# build FOLDER [CMAKE-ARGUMENT...]: configures and compiles.
build() {
    build_folder=$1
    shift
    step "configure $build_folder" cmake -S . -B "$build_folder" "$@" ||
        die "configuring failed as shown; remove $build_folder and run this again"
    step "compile $build_folder" cmake --build "$build_folder" -j "$(nproc)" ||
        die "compiling failed as shown; mend that and run this again"
}
