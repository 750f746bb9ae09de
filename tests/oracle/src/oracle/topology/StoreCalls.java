package oracle.topology;

import static oracle.topology.Casts.cast;

import java.util.ArrayList;
import java.util.List;

import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.TimestampedKeyValueStore;
import org.apache.kafka.streams.state.ValueAndTimestamp;
import org.apache.kafka.streams.state.VersionedKeyValueStore;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.WindowStoreIterator;

import oracle.language.Arguments;

/** {@code c.get('store', key)} and its sisters; argument 0 is always the store's name. */
final class StoreCalls {
    private StoreCalls() {
    }

    static Object call(StateStore store, String name, Arguments call) {
        Object key = call.get(1);
        return switch (name) {
            case "get" -> Fields.stored(get(store, key, call));
            case "put" -> {
                put(store, key, call);
                yield null;
            }
            case "putIfAbsent" -> keyValue(store).putIfAbsent(key, call.get(2));
            case "delete" -> keyValue(store).delete(key);
            case "all" -> rows(keyValue(store).all());
            case "reverseAll" -> rows(keyValue(store).reverseAll());
            case "range" -> rows(keyValue(store).range(key, call.get(2)));
            case "fetch" -> fetch(cast(store), key, call.number(2), call.number(3));
            case "findSessions" -> {
                SessionStore<Object, Object> sessions = cast(store);
                yield rows(sessions.findSessions(key, call.number(2), call.number(3)));
            }
            default -> throw ScriptContext.unknown(name);
        };
    }

    private static KeyValueStore<Object, Object> keyValue(StateStore store) {
        return cast(store);
    }

    private static Object get(StateStore store, Object key, Arguments call) {
        if (store instanceof VersionedKeyValueStore<?, ?>) {
            VersionedKeyValueStore<Object, Object> versioned = cast(store);
            return call.count() > 2 ? versioned.get(key, call.number(2)) : versioned.get(key);
        }
        return keyValue(store).get(key);
    }

    private static void put(StateStore store, Object key, Arguments call) {
        Object value = call.get(2);
        if (store instanceof VersionedKeyValueStore<?, ?>) {
            VersionedKeyValueStore<Object, Object> versioned = cast(store);
            versioned.put(key, value, call.number(3));
        } else if (store instanceof TimestampedKeyValueStore<?, ?>) {
            TimestampedKeyValueStore<Object, Object> timestamped = cast(store);
            timestamped.put(key, ValueAndTimestamp.make(value, call.number(3)));
        } else if (store instanceof WindowStore<?, ?>) {
            WindowStore<Object, Object> windows = cast(store);
            windows.put(key, value, call.number(3));
        } else if (store instanceof SessionStore<?, ?>) {
            SessionStore<Object, Object> sessions = cast(store);
            sessions.put(new Windowed<>(key, new SessionWindow(call.number(3), call.number(4))), value);
        } else {
            keyValue(store).put(key, value);
        }
    }

    private static List<Object> fetch(WindowStore<Object, Object> store, Object key, long from, long to) {
        List<Object> rows = new ArrayList<>();
        // Kafka Streams refuses times before the epoch; the language lets a window reach over it.
        try (WindowStoreIterator<Object> found = store.fetch(key, Math.max(0, from), to)) {
            found.forEachRemaining(row -> rows.add(Fields.row("start", row)));
        }
        return rows;
    }

    private static List<Object> rows(KeyValueIterator<?, ?> found) {
        List<Object> rows = new ArrayList<>();
        try (found) {
            while (found.hasNext()) {
                rows.add(Fields.row("key", (KeyValue<?, ?>) found.next()));
            }
        }
        return rows;
    }
}
