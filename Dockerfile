# A container with proxyd as its process 1.
#
#   docker build --tag proxyd .
#   docker run --volume ./proxyd.yaml:/etc/proxyd/proxyd.yaml:ro --publish 80:80 proxyd
#   docker run --env PORT=5432 --env HOSTS=db1:5432,db2:5432 --publish 5432:5432 proxyd
#
# The second form is flopsy's: packaging/container/entrypoint says which variables and files count.

FROM swift:6.3-bookworm AS build
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        binutils dpkg-dev git libc6-dev libedit-dev libncurses-dev libssl-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN scripts/package --output /package

FROM debian:bookworm-slim
COPY --from=build /package/*.deb /tmp/
# The documents and the units of the package have no use in here.
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends /tmp/*.deb \
    && rm -rf /tmp/*.deb /var/lib/apt/lists/* /usr/share/doc/proxyd /usr/lib/systemd/system/proxyd* \
    && install -d -o proxyd -g proxyd -m 0755 /run/proxyd \
    && install -d /etc/flopsy /etc/flopsy/triggers.d
COPY packaging/container/entrypoint /usr/local/bin/entrypoint
# Ports below 1024 are open to everybody inside a container, unless the host's Docker is older than 20.10; there
# --user root or --sysctl net.ipv4.ip_unprivileged_port_start=0 helps.
USER proxyd
# "docker exec NAME proxyd ctl" and proxytop find the control socket below it.
ENV XDG_RUNTIME_DIR=/run
# Listeners are closed, sessions may end for 5 s (--drain), under flopsy's variables at once; Docker kills after 10 s.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s \
    CMD ["proxyd", "ctl", "--socket", "/run/proxyd/control.sock", "hello"]
ENTRYPOINT ["entrypoint"]
