#!/usr/bin/env bash
# Prints how long `cargo check` takes for a crate with one topology of 10, 100 and 300 operators: a linear
# chain, and a graph that fans out and merges. Only the crate with the topology is timed, its
# dependencies are built before. Arguments are other sizes: scripts/compile-time.sh 50 600
# ROUNDS (default 3) runs each and takes the fastest; CHECK=build also generates code.
# At the end stands the crate of all conformance builders, some two hundred real topologies.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
work=${WORK:-/tmp/streams-compile-time}
sizes=("$@")
[ ${#sizes[@]} -gt 0 ] || sizes=(10 100 300)
rounds=${ROUNDS:-3}
command=${CHECK:-check}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$work/target}

mkdir -p "$work/src"
cp "$root/rust-toolchain.toml" "$work/"
cp "$root/Cargo.lock" "$work/Cargo.lock" 2>/dev/null || true
cat > "$work/Cargo.toml" <<TOML
[package]
name = "compile-time"
version = "0.0.0"
edition = "2024"

[dependencies]
streams-runtime = { path = "$root/streams-runtime", default-features = false }

[workspace]
TOML

# A chain of $1 operators: values, predicates and actions in turn.
chain() {
    echo '    stream::<String, String>("in")'
    for ((i = 1; i < $1 - 1; i++)); do
        case $((i % 4)) in
            0) echo "        .map_values(|value| value + \"$i\")" ;;
            1) echo "        .filter(|_, value| value.len() > $i)" ;;
            2) echo '        .peek(|key, value| assert!(key <= value))' ;;
            3) echo '        .map_values(|key, value| format!("{key}{value}"))' ;;
        esac
    done
    echo '        .to("out");'
}

# $1 operators in blocks of ten: a filter, two ways on from it, a sink, and a merge for the next block.
graph() {
    echo '    let x0 = stream::<String, String>("in");'
    for ((i = 1; i <= $1 / 10; i++)); do
        cat <<RUST
    let a$i = x$((i - 1)).filter(|_, value| value.len() > $i);
    a$i.peek(|key, value| assert!(key <= value)).to("side");
    let b$i = a$i.map_values(|value| value.len()).filter(|_, len| *len > $i).map_values(|key, len| format!("{key}{len}"));
    let c$i = a$i.filter_not(|key, _| key.is_empty()).map_values(|value| value + "$i");
    let x$i = b$i.merge(c$i).peek(|key, value| assert!(key <= value));
RUST
    done
    echo "    x$(($1 / 10)).to(\"out\");"
}

program() {
    echo 'use streams_runtime::prelude::*;'
    echo 'topology!(fn measured() -> Topology {'
    "$1" "$2"
    echo '});'
    echo 'fn main() { drop(measured()); }'
}

fastest() {
    local best=
    for ((round = 0; round < rounds; round++)); do
        echo "// round $round $RANDOM" >> "$work/src/main.rs"
        local start end
        start=$(date +%s%N)
        (cd "$work" && cargo "$command" --quiet) >&2
        end=$(date +%s%N)
        local took=$(((end - start) / 1000000))
        if [ -z "$best" ] || [ "$took" -lt "$best" ]; then best=$took; fi
    done
    echo "$best"
}

echo 'fn main() {}' > "$work/src/main.rs"
(cd "$work" && cargo "$command" --quiet)
empty=$(fastest)
printf '%-8s %10s %10s %14s\n' shape operators 'wall ms' 'ms/operator'
printf '%-8s %10s %10s %14s\n' '(none)' 0 "$empty" ''
for shape in chain graph; do
    for size in "${sizes[@]}"; do
        program "$shape" "$size" > "$work/src/main.rs"
        took=$(fastest)
        each=$(awk -v t="$took" -v e="$empty" -v n="$size" 'BEGIN { printf "%.1f", (t - e) / n }')
        printf '%-8s %10s %10s %14s\n' "$shape" "$size" "$took" "$each"
    done
done

# All builders of the conformance suite, one crate: the topologies that the recorded runs know.
builders="$root/tests/conformance/builders"
lines=$(cat "$builders"/*.rs | wc -l)
topologies=$(grep -ohE '\btopology!\(|#\[topology' "$builders"/*.rs | wc -l)
words='stream|table|global_table|filter(_not)?|(flat_)?map(_values)?|select_key|peek|foreach|to|to_table|to_stream|merge'
words="$words|split|branch|default_branch|repartition|group_by(_key)?|count|reduce|aggregate|windowed_by|cogroup"
words="$words|(left_|outer_)?join|suppress|process(_values)?|transform_values|filter_map_values"
operators=$(grep -ohE "\b(try_)?($words)(::<[^(]*>)?\(" "$builders"/*.rs | wc -l)
arguments=(--quiet --no-default-features --test conformance)
if [ "$command" = build ]; then conformance=(test --no-run "${arguments[@]}"); else conformance=(check "${arguments[@]}"); fi
(cd "$root" && cargo "${conformance[@]}")
best=
for ((round = 0; round < rounds; round++)); do
    touch "$root/tests/conformance.rs"
    start=$(date +%s%N)
    (cd "$root" && cargo "${conformance[@]}")
    took=$((($(date +%s%N) - start) / 1000000))
    if [ -z "$best" ] || [ "$took" -lt "$best" ]; then best=$took; fi
done
printf '\n%s\n' "conformance builders: $lines lines, $topologies topologies, about $operators operators"
printf '%s\n' "cargo $command: $(awk -v t="$best" 'BEGIN { printf "%.1f", t / 1000 }') s, $(awk -v t="$best" -v n="$operators" 'BEGIN { printf "%.1f", t / n }') ms/operator"
