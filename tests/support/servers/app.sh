#!/bin/sh
# The program in our images: a web server with a health check, metrics and a log, and switches for what can go wrong.
#
#   VERSION=bad          it crashes while it starts
#   /tmp/unhealthy       exists: the health check fails
#   /tmp/failing         exists: every request fails, in the metrics and in the log

mkdir -p /tmp/www
cd /tmp/www || exit 1
echo "level=info msg=starting version=$VERSION"
if [ "$VERSION" = bad ]; then
    echo "level=error msg=\"cannot read DATABASE_URL: not set\"" >&2
    exit 1
fi
trap 'echo level=info msg=stopping; exit 0' TERM

served=0 failed=0
beat() {
    served=$((served + 5))
    if [ -e /tmp/failing ]; then
        failed=$((failed + 5))
        echo "level=error msg=\"checkout failed: payment refused\" status=500 version=$VERSION" >&2
    else
        echo "level=info msg=\"GET /\" status=200 version=$VERSION"
    fi
    cat >metrics.new <<METRICS
# TYPE app_requests_total counter
app_requests_total{code="200"} $((served - failed))
app_requests_total{code="500"} $failed
app_info{version="$VERSION"} 1
METRICS
    mv metrics.new metrics
    [ -e /tmp/unhealthy ] && rm -f health || echo ok >health
    echo "version $VERSION" >index.html
}

beat
httpd -p 8080 -h /tmp/www
while true; do
    sleep 1 &
    wait $!
    beat
done
