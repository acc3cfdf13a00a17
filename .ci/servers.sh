# The real servers that the tests talk to, and where they come from. Sourced after lib.sh, never run. A developer does the
# same with `just servers`. A test whose server is missing says so and passes, unless CRASHCART_REQUIRE demands it.

# From Debian itself.
packages=(
    openssh-server openssh-client iproute2 procps mount util-linux tar python3 python3-venv
    iptables busybox-static
    gnome-keyring dbus libsecret-tools age keyutils
    prometheus prometheus-alertmanager prometheus-node-exporter prometheus-blackbox-exporter
)
# From PyPI: a mail server, and what looks like AWS.
python_packages=(aiosmtpd==1.4.6 'moto[server]==5.2.5')
# Not in Debian 12, but in the next one. They need no library and run as they are.
newer_suite=trixie newer_packages=(ntfy victoria-metrics docker-compose)

# What CRASHCART_REQUIRE may demand after the steps below.
demanded=()

# Without root, or without apt, the tests use what is there.
install_packages() {
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "not root, or no apt: nothing installed, and what is missing is not demanded"
        return
    fi
    export DEBIAN_FRONTEND=noninteractive
    demanded+=(sshd netns root keyring docker prometheus alertmanager exporters)
    local missing=() package
    for package in "${packages[@]}"; do
        dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
    done
    # Docker's own packages, where they are, are as good and do not go together with Debian's.
    command -v dockerd >/dev/null || missing+=(docker.io)
    if [ ${#missing[@]} = 0 ]; then
        echo "all there: ${packages[*]}, dockerd"
        return
    fi
    # A package that starts its service when it is installed would take ports that are not ours: it may not.
    local policy=/usr/sbin/policy-rc.d ours=no
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
        ours=yes
    fi
    local status=0
    again apt-get update -qq &&
        again apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$scratch/apt.log" 2>&1 || status=$?
    [ "$ours" = no ] || rm -f "$policy"
    [ "$status" = 0 ] || tail -20 "$scratch/apt.log"
    return "$status"
}

# bring_programs FOLDER: what no package of the system has, as FOLDER/bin/PROGRAM. Needs no root.
bring_programs() {
    local folder=$1
    mkdir -p "$folder/bin"
    [ -x "$folder/python/bin/pip" ] || python3 -m venv "$folder/python" || return
    again "$folder/python/bin/pip" install --quiet --disable-pip-version-check "${python_packages[@]}" || return
    ln -sf ../python/bin/aiosmtpd ../python/bin/moto_server "$folder/bin/"
    demanded+=(mail moto)
    if newer_programs "$folder/newer" >"$scratch/newer.log" 2>&1; then
        ln -sf ../newer/usr/bin/ntfy ../newer/usr/bin/victoria-metrics ../newer/usr/bin/docker-compose "$folder/bin/"
        demanded+=(compose)
    else
        # They are in no package of this system: a test that finds none is content.
        echo "not brought, their tests are skipped: ${newer_packages[*]} ($(tail -n 1 "$scratch/newer.log"))"
    fi
}

# newer_programs FOLDER: packages of the newer Debian, unpacked there and not installed. Neither the lists of apt nor its
# settings are touched: it is given a state of its own, and the mirror that this system uses.
newer_programs() {
    local folder=$1 state=$scratch/apt mirror
    command -v apt-get >/dev/null || { echo "there is no apt"; return 1; }
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Label: Debian' | head -n 1)
    [ -n "$mirror" ] || { echo "apt knows no Debian here"; return 1; }
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/packages" "$folder"
    touch "$state/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $newer_suite main" >"$state/sources.list"
    local options=(
        -qq -o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o Dir::State::lists="$state/lists" -o Dir::State::status="$state/status" -o Dir::Cache="$state/cache"
        -o APT::Sandbox::User="$(id -un)"
    )
    again apt-get "${options[@]}" update || return
    (cd "$state/packages" && again apt-get "${options[@]}" download "${newer_packages[@]}") || return
    local package
    for package in "$state"/packages/*.deb; do
        dpkg -x "$package" "$folder" || return
    done
}

# nothing_left FOLDER: the tests, whose temporary files were there, have left no server, folder, mount or cgroup behind. An
# engine that several tests have shared may still be ending.
nothing_left() {
    local found try
    for try in $(seq 100); do
        found=$(left_behind "$1")
        [ -n "$found" ] || return 0
        sleep 0.3
    done
    printf 'still there:\n%s\n' "$found"
    return 1
}

left_behind() {
    local process
    for process in /proc/[0-9]*; do
        case "$(readlink "$process/cwd") $(tr '\0' ' ' <"$process/cmdline")" in
        *"$1/crashcart-"*) echo "process ${process#/proc/}: $(tr '\0' ' ' <"$process/cmdline")" ;;
        esac
    done 2>/dev/null
    ls -d "$1"/crashcart-{server,docker}-* 2>/dev/null
    grep -F "$1" /proc/self/mountinfo
    find /sys/fs/cgroup -name 'crashcart-docker-*' 2>/dev/null
    true
}
