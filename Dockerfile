# Groundcrew in a container, for docker-compose.yml (docs/compose.md): one image for all roles.

# The pages, which the binary takes in.
FROM node:22-trixie-slim AS pages
WORKDIR /src/ui
COPY ui/package.json ui/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY ui ./
RUN npm run build

FROM rust:1.95-trixie AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock build.rs ./
COPY bench bench
COPY jobs jobs
COPY migrations migrations
COPY src src
COPY --from=pages /src/ui/dist ui/dist
RUN cargo build --release --locked --config 'profile.release.strip = "symbols"'

FROM debian:trixie-slim
# tini ends what ssh leaves behind; the newest of each is wanted, for these are Debian's fixes.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates openssh-client tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --create-home --home-dir /var/lib/groundcrew \
        --shell /usr/sbin/nologin groundcrew \
    && install -d /etc/groundcrew/jobs
COPY --from=build /src/target/release/groundcrew /usr/bin/groundcrew
COPY deploy/compose/ready /usr/lib/groundcrew/ready
# By number, so that who starts it can see that it is not root.
USER 10001:10001
WORKDIR /var/lib/groundcrew
ENV GROUNDCREW_DATA=/var/lib/groundcrew \
    GROUNDCREW_JOBS=/etc/groundcrew/jobs \
    GROUNDCREW_METRICS_LISTEN=127.0.0.1:9111
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s CMD ["/usr/lib/groundcrew/ready"]
ENTRYPOINT ["/usr/bin/tini", "--", "/usr/bin/groundcrew"]
CMD ["up", "--listen", "0.0.0.0:8080"]
