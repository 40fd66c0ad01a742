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

# Every subset of the words given but the empty one, a word each, joined by commas.
subsets() {
  local all=("") word set
  for word in "$@"; do
    for set in "${all[@]}"; do
      all+=("${set:+$set,}$word")
    done
  done
  echo "${all[@]:1}"
}
