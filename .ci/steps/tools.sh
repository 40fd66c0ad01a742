# What steps share: installing what is missing, and saying what was found.

# One line for the summary at the end of the run.
found() { printf '%s\n' "$*" >>"target/ci/$step.found"; }

# Debian packages, where a command is missing that they bring: need COMMAND PACKAGE...
need() {
  local command=$1
  shift
  if ! command -v "$command" >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
  fi
}

# A virtual environment of Python. Debian has the module for it in a package of its own.
python_venv() {
  python3 -m venv "$1" 2>/dev/null || {
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
    python3 -m venv --clear "$1"
  }
}

# A subcommand of cargo, of this version, as PyPI has it prebuilt; compiled where it has none: prebuilt NAME VERSION.
prebuilt() {
  local venv=$PWD/target/tools/prebuilt
  if [ ! -x "$venv/bin/pip" ]; then
    need python3 python3
    python_venv "$venv"
  fi
  PATH="$venv/bin:$PWD/target/tools/bin:$PATH"
  "$venv/bin/pip" install -q --disable-pip-version-check --only-binary :all: "astral-dev-toolchain-$1==$2" ||
    cargo install --locked -q --debug --root target/tools "$1@$2"
}

need_rust() {
  if ! command -v cargo >/dev/null && [ -x "$HOME/.cargo/bin/cargo" ]; then
    PATH="$HOME/.cargo/bin:$PATH"
  fi
  if ! command -v cargo >/dev/null; then
    need rustup rustup
    rustup default stable
  fi
  need cc gcc libc6-dev
  if command -v rustup >/dev/null; then
    local component
    for component in rustfmt clippy; do
      rustup component list --installed | grep -q "^$component" || rustup component add "$component"
    done
  fi
}

# A cargo that takes unstable flags: a nightly one if there is one, else the stable one, told so.
unstable_cargo() {
  if command -v rustup >/dev/null && rustup toolchain list | grep -q '^nightly'; then
    cargo +nightly "$@"
  else
    RUSTC_BOOTSTRAP=1 cargo "$@"
  fi
}

# Few sets of the words given, each a word joined by commas. Of any two words there is a set with both, and one with each without
# the other: a word is in those whose bits are set in a number of its own, and all numbers have as many bits.
pairs() {
  local bits=6 most=4 number bit ones set word words=("$@") numbers=()
  for ((number = 0; number < 1 << bits; number++)); do
    ones=0
    for ((bit = 0; bit < bits; bit++)); do ((ones += number >> bit & 1)) || true; done
    [ "$ones" -ne "$most" ] || numbers+=("$number")
  done
  if [ ${#words[@]} -gt ${#numbers[@]} ]; then
    echo "more than ${#numbers[@]} need more bits" >&2
    return 1
  fi
  for ((bit = 0; bit < bits; bit++)); do
    set=""
    for word in "${!words[@]}"; do
      ! ((numbers[word] >> bit & 1)) || set+=${set:+,}${words[word]}
    done
    [ -z "$set" ] || echo "$set"
  done
}

# Packages of suites of Debian, with all that they depend on, down to the C library, unpacked into a new folder and not
# installed: unpack_debian FOLDER "SUITE..." PACKAGE... Where suites differ, the last counts.
unpack_debian() {
  local root=$1 suites=$2 apt=$1.apt package
  shift 2
  rm -rf "$root" "$apt"
  mkdir -p "$apt/parts" "$apt/lists/partial" "$apt/archives/partial" "$root"
  # With nothing installed, nothing is left out.
  : >"$apt/status"
  sources_of "$suites" "$apt/parts/suites"
  local -x DEBIAN_FRONTEND=noninteractive
  local options=(-qq -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$apt/parts"
    -o "Dir::State=$apt" -o "Dir::State::status=$apt/status" -o "Dir::Cache=$apt" -o APT::Sandbox::User=root
    -o Dir::Etc::preferencesparts=/dev/null)
  apt-get "${options[@]}" update
  apt-get "${options[@]}" install -y --no-install-recommends --download-only -t "${suites##* }" "$@" >/dev/null
  # As in a system whose /bin is that of /usr.
  mkdir -p "$root"/usr/{bin,sbin,lib,lib64}
  ln -s usr/{bin,sbin,lib,lib64} "$root"
  for package in "$apt"/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$root"
  done
  rm -r "$apt"
}

debian_release() {
  (. /etc/os-release && echo "${VERSION_CODENAME:-}")
}

# Other suites come from where the machine gets its release. Either form of apt's source files, at the path given.
sources_of() {
  local suites=$1 file=$2 release suite
  release=$(debian_release)
  # With an empty line after each file.
  { sed -s '$G' /etc/apt/sources.list.d/*.sources 2>/dev/null || true; } | awk -v RS= -v ORS='\n\n' -v release="$release" -v suites="$suites" '
    $0 ~ "(^|\n)Suites: *" release "[ \n]" { sub(/Suites:[^\n]*/, "Suites: " suites); print }' \
    >"$file.sources"
  for suite in $suites; do
    { cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null || true; } |
      sed -n "/^deb .* $release /s/ $release / $suite /p"
  done >"$file.list"
}
