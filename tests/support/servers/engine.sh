# One Docker Engine that nothing else on this machine can see or notice, until its standard input ends.
#
#   unshare --net --mount --uts sh engine.sh FOLDER NAME   (as root)
#
# The caller has made the namespaces of the network, so that bridges, published ports and packet filters are the engine's
# own, and of the mounts, so that none of its mounts is seen outside. A namespace of processes is added here: whatever the
# engine has started ends with the first process in it. What is then left, the folder and the cgroups, is removed here.

set -eu
folder=$1 name=$2 engine=

clean_up() {
    set +e
    if [ -n "$engine" ]; then
        kill -KILL "$engine"
        wait "$engine"
    fi
    # A cgroup is busy until the kernel has let go of its last process.
    tries=0
    while find /sys/fs/cgroup -depth -type d -path "*/$name*" -exec rmdir {} + 2>&1 | grep -q . && [ $tries -lt 100 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
    rm -rf "$folder"
}
trap clean_up EXIT
exec >"$folder/log" 2>&1

# What Docker and its parts keep in places of the system: sockets, locks, the key of the machine.
mount -t tmpfs tmpfs /run
mkdir -p /etc/docker
mount -t tmpfs tmpfs /etc/docker
ip link set lo up
hostname night
echo '{}' >"$folder/daemon.json"

# The shell in between waits for whatever loses its parent, as the first process of a machine does.
unshare --pid --fork --kill-child=KILL --mount-proc sh -c 'dockerd "$@" & wait' sh \
    --config-file "$folder/daemon.json" --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$folder/pid" \
    -H "unix://$folder/docker.sock" --cgroup-parent "/$name" --exec-opt native.cgroupdriver=cgroupfs </dev/null &
engine=$!

# Nobody writes: this is over when the test has let go of the other end, or is gone.
cat >/dev/null
