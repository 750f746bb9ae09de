#!/usr/bin/env bash
# Random runs of the known topologies, recorded on Kafka Streams (Java) in its test driver and replayed on ours.
# usage: scripts/oracle.sh [--seed N] [--per-topology N] [--caches BYTES,BYTES..] [PATTERN]
#        scripts/oracle.sh --self-check
# PATTERN is a regular expression over `group/topology_id`. A seed gives the same runs again; without one it is the time.
# The self check records the given cases again with the tool's own interpreter: both recordings must be equal.
# environment: ORACLE_DIR (jars and classes; default: the user's cache folder), ORACLE_TESTS (how cargo is to select the
#   tests; default: --no-default-features, which builds fastest)
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
dir="${ORACLE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/streams-rs/oracle-tool}"
cases="$root/tests/conformance/cases"
seed="$(date +%s)" per_topology=1 caches=0,1048576 pattern=. self_check=

usage() { sed -n 's/^# \(usage: \|       \)/\1/p' "${BASH_SOURCE[0]}" >&2; exit 2; }

while [ $# -gt 0 ]; do
  case "$1" in
    --seed | --per-topology | --caches)
      [ $# -ge 2 ] || usage
      option="${1#--}"
      printf -v "${option/-/_}" %s "$2"
      shift 2
      ;;
    --self-check) self_check=yes; shift ;;
    -*) usage ;;
    *) pattern="$1"; shift ;;
  esac
done

need() { command -v "$1" > /dev/null || { echo "scripts/oracle.sh needs $1 ($2)" >&2; exit 3; }; }

jars() {
  cmp -s "$root/tests/oracle/pom.xml" "$dir/pom.xml" && return
  need mvn "Apache Maven, to fetch Kafka Streams' jars"
  rm -rf "$dir/libs" && mkdir -p "$dir/libs"
  mvn -q -f "$root/tests/oracle/pom.xml" dependency:copy-dependencies -DoutputDirectory="$dir/libs"
  cp "$root/tests/oracle/pom.xml" "$dir/pom.xml"
}

compile() {
  need javac "a JDK, version 17 or later"
  rm -rf "$dir/classes"
  find "$root/tests/oracle/src" -name '*.java' -print0 \
    | xargs -0 javac -Xlint:all,-classfile,-path -Werror -d "$dir/classes" -cp "$dir/libs/*"
}

oracle() { java -Xmx2g -XX:+UseSerialGC -cp "$dir/classes:$dir/libs/*" oracle.Oracle "$@"; }

jars
compile
if [ -n "$self_check" ]; then
  oracle check "$cases"
  exit
fi
runs="$(mktemp -d "${TMPDIR:-/tmp}/streams-oracle.XXXXXX")"
echo "seed $seed, $per_topology per topology, caches of $caches bytes: recording on Kafka Streams"
oracle record "$cases" "$runs" "$seed" "$per_topology" "$caches" "$pattern"
if (cd "$root" && CONFORMANCE_DIR="$runs" cargo test --quiet "${ORACLE_TESTS:---no-default-features}" --test conformance) > "$runs/replay.log" 2>&1; then
  tail -n 1 "$runs/replay.log" | sed 's/\([0-9]*\) passed, 0 failed/all \1 runs are equal/'
  rm -rf "$runs"
else
  cat "$runs/replay.log"
  echo "the recordings and replay.log are kept in $runs; again: scripts/oracle.sh --seed $seed --per-topology $per_topology --caches $caches '$pattern'" >&2
  exit 1
fi
