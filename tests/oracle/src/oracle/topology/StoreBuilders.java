package oracle.topology;

import java.util.Set;

import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

import oracle.language.Arguments;

/** The stores that processors declare: {@code kv_store(name, key, value, ...)} and its sisters. */
final class StoreBuilders {
    private static final Set<String> FUNCTIONS =
        Set.of("kv_store", "ts_kv_store", "window_store", "session_store", "versioned_store");

    private StoreBuilders() {
    }

    /** The builder that a call names; null where it names no store. */
    static StoreBuilder<?> builder(String function, Arguments call) {
        if (!FUNCTIONS.contains(function)) {
            return null;
        }
        String name = call.text(0);
        Serde<Object> key = Options.serde(call.get(1));
        return switch (function) {
            case "kv_store" -> configured(call, Stores.keyValueStoreBuilder(keyValue(call), key, value(call)));
            case "ts_kv_store" -> configured(call, Stores.timestampedKeyValueStoreBuilder(
                Stores.persistentTimestampedKeyValueStore(name), key, value(call)));
            case "window_store" -> configured(call, Stores.windowStoreBuilder(
                Stores.persistentWindowStore(name, Options.milliseconds(call.option("retention")),
                    Options.milliseconds(call.option("size")), false), key, value(call)));
            case "session_store" -> configured(call, Stores.sessionStoreBuilder(
                Stores.persistentSessionStore(name, Options.milliseconds(call.option("retention"))), key, value(call)));
            default -> configured(call, Stores.versionedKeyValueStoreBuilder(
                Stores.persistentVersionedKeyValueStore(name, Options.milliseconds(call.option("history"))),
                key, value(call)));
        };
    }

    private static Serde<Object> value(Arguments call) {
        return Options.serde(call.get(2));
    }

    private static KeyValueBytesStoreSupplier keyValue(Arguments call) {
        return call.is("in_memory", true)
            ? Stores.inMemoryKeyValueStore(call.text(0))
            : Stores.persistentKeyValueStore(call.text(0));
    }

    private static StoreBuilder<?> configured(Arguments call, StoreBuilder<?> builder) {
        if (call.is("caching", true)) {
            builder.withCachingEnabled();
        }
        if (call.is("logging", false)) {
            builder.withLoggingDisabled();
        }
        return builder;
    }
}
