#!/usr/bin/env bash
# A crate on crates.io can decide which compiler it is compiled with. convert_case 0.10.0 was published with its
# rust-toolchain.toml, which names 1.83.0. Cargo runs rustc in a dependency's folder; where rustc in PATH is rustup's, and cargo
# was not started through rustup's, so that nobody has chosen a toolchain (an editor, a benchmark, a tool that asked `rustup which
# cargo`), rustup obeys the file there. The build ends since that toolchain is missing; where rustup may install what is
# missing, it would go on with two compilers. The same build through rustup's cargo is not affected. Seen with rustup
# 1.29.0 and cargo 1.95.0.
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
# What is missing stays missing.
export RUSTUP_AUTO_INSTALL=0
unset RUSTUP_TOOLCHAIN RUSTC CARGO
rustup --version 2>/dev/null
if rustup toolchain list | grep -q '^1\.83\.0'; then
  echo "1.83.0 is installed here, so that nothing would be missing" >&2
  exit 1
fi
cargo=$(rustup which cargo)
case $(readlink -f "$(command -v rustc)") in
  */rustup*) ;;
  *) echo "rustc in PATH is not rustup's" >&2; exit 1 ;;
esac
mkdir src
echo 'fn main() {}' >src/main.rs
cat >Cargo.toml <<'TOML'
[package]
name = "chosen"
version = "0.0.0"
edition = "2021"

[dependencies]
convert_case = "=0.10.0"
TOML
cargo build --quiet
echo "through rustup's cargo: it builds"
rm -rf target
if "$cargo" build --quiet 2>build.log; then
  echo "not as it was: it builds by $(basename "$cargo") without rustup, too"
  exit 1
fi
grep -m 1 '1\.83\.0' build.log || { cat build.log; echo "not as it was: it fails for another reason"; exit 1; }
