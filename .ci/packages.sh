# .ci/packages.sh: what ./run and ./test need from Debian, and how they get it. Sourced, not run.
# Nothing is asked of apt when everything is there already.

serving_packages=(g++ cmake ninja-build pkg-config libpcre2-dev libssl-dev zlib1g-dev libnghttp2-dev libc-ares-dev libfmt-dev libcli11-dev)
testing_packages=(
    clang-19 clang-tidy-19 clang-format-19 libclang-rt-19-dev lld-19 libgtest-dev libgmock-dev
    python3 python3-pytest python3-h2 git curl openssl procps iproute2 strace valgrind man-db nginx nghttp2-client chromium
)

missing_packages() {
    local package
    for package in "$@"; do
        [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || echo "$package"
    done
}

# Debian starts a daemon as soon as it is installed; a policy that says 101 ("not allowed") keeps it from that.
# A subshell, so that the policy goes away however this ends.
install_quietly() (
    policy=/usr/sbin/policy-rc.d
    if [[ ! -e $policy ]]; then
        trap '"${as_root[@]}" rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
        "${as_root[@]}" chmod 755 "$policy"
    fi
    exec </dev/null >"$apt_log" 2>&1
    "${as_root[@]}" apt-get update &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
            -o DPkg::Lock::Timeout=300 "$@"
)

# install_missing PACKAGE...
install_missing() {
    if ! command -v dpkg-query >/dev/null; then
        echo "webserv: this is not Debian; make sure that you have the equivalents of: $*" >&2
        return 0
    fi
    local missing as_root=() apt_log
    mapfile -t missing < <(missing_packages "$@")
    if ((${#missing[@]} == 0)); then return 0; fi
    if ((EUID != 0)); then
        if ! command -v sudo >/dev/null; then
            echo "webserv: these packages are missing, and without root or sudo they cannot be installed: ${missing[*]}" >&2
            return 1
        fi
        as_root=(sudo)
    fi
    echo "webserv: installing ${missing[*]}"
    apt_log=$(mktemp)
    if ! install_quietly "${missing[@]}"; then
        cat "$apt_log" >&2
        rm -f "$apt_log"
        return 1
    fi
    rm -f "$apt_log"
    # The tests only compare with nginx; it must not come up at the next boot either.
    if [[ " ${missing[*]} " == *" nginx "* ]] && command -v systemctl >/dev/null; then
        "${as_root[@]}" systemctl disable nginx >/dev/null 2>&1 || true
    fi
}
