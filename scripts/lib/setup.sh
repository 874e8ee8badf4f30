# Sourced by scripts/demo and scripts/test: system packages, npm packages, build. Does only what is missing.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
export DEBIAN_FRONTEND=noninteractive

say() { printf '%s\n' "== $*"; }

# What a demo needs; with "tests", what the tests need as well.
need_system_packages() {
  local list=scripts/system-packages
  if [ "${1-}" = tests ]; then need_packages "$list"; else need_packages <(sed '/^\[tests\]/,$d' "$list"); fi
}

# Installs what a list names and is missing. Lines in brackets are headings.
need_packages() {
  local missing=() name
  while read -r name; do
    [ -n "$name" ] || continue
    dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
  done < <(sed 's/#.*//; s/^\[.*//; s/[[:space:]]*$//' "$1")
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ "$(id -u)" -ne 0 ]; then
    echo "These system packages are missing, and only root can install them. Run this, then start again:" >&2
    echo "  sudo apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  say "Installing system packages: ${missing[*]}"
  local log
  log=$(mktemp)
  # The tests run an LDAP server of their own; none is to be set up on this machine, or started.
  if [[ " ${missing[*]} " == *" slapd "* ]] && command -v debconf-set-selections >/dev/null; then
    echo 'slapd slapd/no_configuration boolean true' | debconf-set-selections
  fi
  # The tests run an SSH server of their own on loopback; with this file systemd starts none (sshd_not_to_be_run, Debian).
  if [[ " ${missing[*]} " == *" openssh-server "* ]]; then
    mkdir -p /etc/ssh && touch /etc/ssh/sshd_not_to_be_run
  fi
  # A mirror may be slow or refuse for a moment: three tries.
  local try
  for try in 1 2 3; do
    if apt-get -q update >"$log" 2>&1 &&
      apt-get -q -y --no-install-recommends -o Dpkg::Options::=--force-confold install "${missing[@]}" >>"$log" 2>&1; then
      rm -f "$log"
      return 0
    fi
    sleep $((try * 5))
  done
  tail -n 20 "$log" >&2
  echo "apt-get could not install: ${missing[*]}. The lines above say why." >&2
  exit 1
}

need_node() {
  command -v node >/dev/null || { echo "Node.js 20 or newer is missing: apt-get install nodejs npm" >&2; exit 1; }
  [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || { echo "Node.js $(node -v) is too old; 20 or newer is needed." >&2; exit 1; }
}

need_npm_packages() {
  local stamp=node_modules/.installed-from
  if [ ! -f "$stamp" ] || ! cmp -s package-lock.json "$stamp"; then
    say "Installing npm packages"
    # Debian's Node brings its own headers; node-gyp would look for them on the network.
    if [ -f /usr/include/node/node.h ] && [ -z "${npm_config_nodedir:-}" ]; then export npm_config_nodedir=/usr; fi
    npm ci --no-progress --loglevel=error
    cp package-lock.json "$stamp"
  fi
}

need_build() {
  local stamp=dist/.built
  if [ ! -f "$stamp" ] || [ -n "$(find daemon web package.json package-lock.json tsconfig.json -newer "$stamp" -type f -print -quit)" ]; then
    say "Building"
    rm -rf dist
    npm run --silent build
    touch "$stamp"
  fi
}

# The documentation, which the dashboard serves under Help; after need_build, which removes it.
need_docs() {
  local page=dist/docs/index.html
  if [ ! -f "$page" ] || [ -n "$(find docs scripts/docs ./*.md -newer "$page" -type f -print -quit)" ]; then
    say "Building the documentation"
    npm run --silent docs >/dev/null || say "The documentation was not built; everything else works"
  fi
}
