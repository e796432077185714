# Sourced by pbx/run and tests/run: steps with progress, and the packages.

# step TITLE COMMAND...: runs it with its output in $log; shows where it is, and at the end how long it took.
step() {
    local title=$1 begun=$SECONDS told=0
    shift
    printf '\n### %s\n' "$title" >>"$log"
    "$@" >>"$log" 2>&1 </dev/null &
    local job=$!
    trap 'kill "$job" 2>/dev/null; echo; exit 130' INT TERM
    while sleep 0.1; kill -0 "$job" 2>/dev/null; do
        if [[ -t 1 ]]; then
            printf '\r\033[K%-12s %4d s  %s' "$title" $((SECONDS - begun)) "$(last_line 55)"
        elif ((SECONDS - begun >= told + 20)); then
            told=$((SECONDS - begun))
            printf '%-12s %4d s  %s\n' "$title" "$told" "$(last_line 100)"
        fi
    done
    local status=0
    wait "$job" || status=$?
    trap - INT TERM
    [[ ! -t 1 ]] || printf '\r\033[K'
    if ((status != 0)); then
        printf '%-12s failed after %d s; the end of %s:\n' "$title" $((SECONDS - begun)) "$log"
        tail -n 40 "$log"
        exit 1
    fi
    printf '%-12s %4d s  done\n' "$title" $((SECONDS - begun))
}

last_line() {
    tail -c 400 "$log" | tr '\r' '\n' | tr -cd '[:print:]\n' | grep . | tail -n 1 | cut -c "1-$1"
}

# packages_in FILE...: the names, without the reasons.
packages_in() {
    sed 's/#.*//' "$@" | grep -o '[^[:space:]]*'
}

# install_packages FILE...: what is missing of it, as root or through sudo.
install_packages() {
    local missing
    mapfile -t missing < <(comm -23 <(packages_in "$@" | sort -u) <(installed_packages))
    if ((${#missing[@]} == 0)); then
        printf '%-12s %4d s  all there\n' packages 0
        return
    fi
    local root_command=(env DEBIAN_FRONTEND=noninteractive)
    if ((EUID != 0)); then
        if ! command -v sudo >/dev/null; then
            echo "packages are missing, and there is no sudo. As root: apt-get install ${missing[*]}" >&2
            exit 1
        fi
        sudo -v
        root_command=(sudo "${root_command[@]}")
    fi
    echo "packages     missing: ${missing[*]}"
    step "lists" "${root_command[@]}" apt-get update -q
    step "packages" "${root_command[@]}" apt-get install -q -y --no-install-recommends "${missing[@]}"
}

installed_packages() {
    dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' | sort -u
}
