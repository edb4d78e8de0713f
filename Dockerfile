# syntax=docker/dockerfile:1

FROM rust:1-bookworm AS build
WORKDIR /src
COPY . .
# The caches stay on the build machine, so only what changed is compiled again; the binary is copied out of them.
RUN --mount=type=cache,id=fuldmagt-registry,target=/usr/local/cargo/registry \
    --mount=type=cache,id=fuldmagt-target,target=/target \
    CARGO_TARGET_DIR=/target cargo build --release --locked --workspace --bin fuldmagt \
    && install -D --strip /target/release/fuldmagt /out/fuldmagt

FROM debian:bookworm-slim
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/fuldmagt /usr/local/bin/fuldmagt
# A volume mounted here takes over the owner of the folder it covers.
RUN install -d -m 0700 -o 10001 -g 10001 /certs /var/lib/fuldmagt
USER 10001:10001
WORKDIR /var/lib/fuldmagt
ENV FULDMAGT_DATA_DIR=/var/lib/fuldmagt
# gRPC, and the internal listener for metrics.
EXPOSE 8443 9464
STOPSIGNAL SIGTERM
ENTRYPOINT ["fuldmagt"]
CMD ["serve"]
