package oracle.recording;

import java.util.Set;
import java.util.TreeSet;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.query.MultiVersionedKeyQuery;
import org.apache.kafka.streams.query.PositionBound;
import org.apache.kafka.streams.query.QueryConfig;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.ValueAndTimestamp;
import org.apache.kafka.streams.state.ValueTimestampHeaders;
import org.apache.kafka.streams.state.VersionedKeyValueStore;
import org.apache.kafka.streams.state.VersionedRecord;
import org.apache.kafka.streams.state.VersionedRecordIterator;
import org.apache.kafka.streams.state.WindowStore;

import oracle.language.Json;

/** What the stores of a driver hold, as a case lists it. */
final class StoreContents {
    private final Set<Object> keys;

    /** {@code keys}: those to look for in versioned stores, which cannot be listed. */
    private StoreContents(Set<Object> keys) {
        this.keys = keys;
    }

    static ObjectNode of(TopologyTestDriver driver, Set<Object> keys) {
        StoreContents contents = new StoreContents(keys);
        ObjectNode stores = Json.MAPPER.createObjectNode();
        for (String name : new TreeSet<>(driver.getAllStateStores().keySet())) {
            ObjectNode store = Json.MAPPER.createObjectNode();
            if (contents.store(driver.getAllStateStores().get(name), store)) {
                stores.set(name, store);
            }
        }
        return stores;
    }

    /** False for a store that a case does not list: suppress buffers and join bookkeeping, and what cannot be iterated. */
    private boolean store(StateStore store, ObjectNode into) {
        try {
            if (store instanceof VersionedKeyValueStore<?, ?> versioned) {
                versions(versioned, rows(into, "versioned"));
            } else if (store instanceof WindowStore<?, ?> windows) {
                rows(windows.all(), rows(into, "window"));
            } else if (store instanceof SessionStore<?, ?> sessions) {
                rows(sessions.fetch(null, null), rows(into, "session"));
            } else if (store instanceof KeyValueStore<?, ?> keyValues) {
                rows(keyValues.all(), rows(into, "kv"));
            } else {
                return false;
            }
            return true;
        } catch (UnsupportedOperationException | IllegalArgumentException cannotIterate) {
            // Sessions in memory; windows of size 0, which are no windows; rows that are no values of the language.
            return false;
        }
    }

    private static ArrayNode rows(ObjectNode into, String kind) {
        into.put("kind", kind);
        return into.putArray("final");
    }

    private static void rows(KeyValueIterator<?, ?> found, ArrayNode rows) {
        try (found) {
            while (found.hasNext()) {
                row((KeyValue<?, ?>) found.next(), rows.addObject());
            }
        }
    }

    private static void row(KeyValue<?, ?> entry, ObjectNode row) {
        Object value = entry.value;
        if (entry.key instanceof Windowed<?> window) {
            row.setAll((ObjectNode) key(window));
        } else {
            row.set("key", key(entry.key));
        }
        if (value instanceof ValueAndTimestamp<?> timestamped) {
            row.set("value", Json.node(timestamped.value()));
            row.put("ts", timestamped.timestamp());
        } else if (value instanceof ValueTimestampHeaders<?> timestamped) {
            row.set("value", Json.node(timestamped.value()));
            if (timestamped.timestamp() >= 0) {
                row.put("ts", timestamped.timestamp());
            }
        } else {
            row.set("value", Json.node(value));
        }
    }

    static JsonNode key(Object key) {
        if (key instanceof Windowed<?> windowed) {
            ObjectNode node = Json.MAPPER.createObjectNode();
            node.set("key", Json.node(windowed.key()));
            node.put("start", windowed.window().start());
            return node.put("end", windowed.window().end());
        }
        return Json.node(key);
    }

    private <V> void versions(VersionedKeyValueStore<?, V> store, ArrayNode rows) {
        for (Object key : keys) {
            MultiVersionedKeyQuery<Object, V> query =
                MultiVersionedKeyQuery.<Object, V>withKey(key).withAscendingTimestamps();
            var answer = store.query(query, PositionBound.unbounded(), new QueryConfig(false));
            try (VersionedRecordIterator<V> versions = answer.getResult()) {
                while (versions.hasNext()) {
                    VersionedRecord<V> version = versions.next();
                    ObjectNode row = rows.addObject();
                    row.set("key", Json.node(key));
                    row.set("value", Json.node(version.value()));
                    row.put("ts", version.timestamp());
                    row.put("valid_to", version.validTo().orElse(null));
                }
            }
        }
    }
}
