# Tapedeck in containers that run nothing as root. The Debian package is the first choice: docs/start/container.md says what a
# container loses. Build the package first (scripts/package --arch amd64), then, with the folder that it names:
#   docker build --build-context package=.package/out -t tapedeck .
FROM debian:bookworm-slim

# Users with fixed ids, so that folders of the host can be given to them. The package keeps users that it finds.
RUN groupadd --gid 4800 tapedeck \
  && useradd --uid 4800 --gid 4800 --home-dir /var/lib/tapedeck --no-create-home --shell /usr/sbin/nologin tapedeck \
  && useradd --uid 4801 --gid 4800 --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin tapedeck-web \
  && groupadd --gid 4802 tapedeck-encoder \
  && useradd --uid 4802 --gid 4802 --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin tapedeck-encoder

COPY --from=package tapedeck_*_amd64.deb /tmp/
# The systemd that comes with it is not run: its systemd-tmpfiles makes the folders.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends /tmp/tapedeck_*_amd64.deb espeak-ng tini \
  && rm -rf /var/lib/apt/lists/* /tmp/tapedeck_*.deb

VOLUME ["/var/lib/tapedeck"]
# The recorder's. The dashboard's container has --user 4801:4800, the encoder's --user 4802:4802.
USER 4800:4800
EXPOSE 8090
ENTRYPOINT ["/usr/bin/tini", "--", "/usr/bin/tapedeck"]
CMD ["run"]
