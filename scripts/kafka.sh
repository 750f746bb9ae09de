#!/usr/bin/env bash
# One real Apache Kafka broker (KRaft, in one process) from Maven jars, for tests and examples.
# usage: scripts/kafka.sh start|stop|status
# environment: KAFKA_DIR (jars, data, log; default: the user's cache folder), KAFKA_PORT (default 9092),
#   KAFKA_AUTO_CREATE (true: unknown topics are made on demand; default false)
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
dir="${KAFKA_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/streams-rs/kafka}"
port="${KAFKA_PORT:-9092}"
controller=$((port + 1))
run="$dir/broker-$port"

need() { command -v "$1" > /dev/null || { echo "scripts/kafka.sh needs $1 ($2)" >&2; exit 3; }; }

jars() {
  [ -e "$dir/libs/.complete" ] && return
  need mvn "Apache Maven, to fetch the broker's jars"
  mkdir -p "$dir/libs"
  mvn -q -f "$here/kafka-pom.xml" dependency:copy-dependencies -DoutputDirectory="$dir/libs"
  touch "$dir/libs/.complete"
}

configure() {
  cat > "$run/server.properties" << CONF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=$run/data
auto.create.topics.enable=${KAFKA_AUTO_CREATE:-false}
log.retention.ms=-1
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
CONF
}

running() { [ -s "$run/pid" ] && kill -0 "$(cat "$run/pid")" 2> /dev/null; }

start() {
  if running; then echo "Kafka runs already on 127.0.0.1:$port"; return; fi
  need java "a Java runtime, version 17 or later"
  jars
  rm -rf "$run/data" && mkdir -p "$run"
  configure
  java -cp "$dir/libs/*" kafka.tools.StorageTool format \
    -t "$(java -cp "$dir/libs/*" kafka.tools.StorageTool random-uuid)" \
    -c "$run/server.properties" > "$run/format.log"
  nohup java -Xms512m -Xmx512m -cp "$dir/libs/*" kafka.Kafka "$run/server.properties" \
    > "$run/log" 2>&1 < /dev/null &
  echo $! > "$run/pid"
  for _ in $(seq 150); do
    if (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; then
      echo "Kafka runs on 127.0.0.1:$port (log: $run/log)"
      return
    fi
    sleep 0.2
  done
  echo "Kafka did not start within 30 s; see $run/log" >&2
  exit 1
}

stop() {
  if running; then
    kill "$(cat "$run/pid")"
    for _ in $(seq 150); do running || break; sleep 0.2; done
  fi
  rm -f "$run/pid"
  echo "Kafka on port $port is stopped"
}

case "${1:-}" in
  start) start ;;
  stop) stop ;;
  status) if running; then echo "running, pid $(cat "$run/pid")"; else echo "stopped"; fi ;;
  *) echo "usage: $0 start|stop|status" >&2; exit 2 ;;
esac
