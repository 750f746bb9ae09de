package oracle.topology;

import static oracle.topology.Casts.cast;

import java.time.Duration;
import java.util.Set;

import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.TableJoined;
import org.apache.kafka.streams.kstream.internals.NamedInternal;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionBytesStoreSupplier;
import org.apache.kafka.streams.state.VersionedBytesStoreSupplier;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;

import oracle.language.Arguments;

/** The {@code name: value} options of a call as the configuration objects of Kafka Streams. */
final class Options {
    private static final Set<String> STORE_OPTIONS =
        Set.of("store", "key", "value", "caching", "logging", "retention", "type", "supplier");

    private Options() {
    }

    static Duration milliseconds(Object number) {
        return Duration.ofMillis((Long) number);
    }

    static Serde<Object> serde(Object value) {
        return cast(value);
    }

    /** The processor's name; where there is none, what Kafka Streams itself passes to the longer overload. */
    static Named named(Arguments call) {
        return call.has("name") ? Named.as(call.textOption("name")) : NamedInternal.empty();
    }

    /**
     * The materialization, or null where no store option is given: calls with and without one
     * count names differently, so they are different calls.
     */
    static <V, S extends StateStore> Materialized<Object, V, S> materialized(Arguments call) {
        if (STORE_OPTIONS.stream().noneMatch(call::has)) {
            return null;
        }
        Materialized<Object, V, S> materialized = cast(beginning(call));
        if (call.has("key")) {
            materialized.withKeySerde(serde(call.option("key")));
        }
        if (call.has("value")) {
            materialized.withValueSerde(cast(call.option("value")));
        }
        if (call.is("caching", true)) {
            materialized.withCachingEnabled();
        } else if (call.is("caching", false)) {
            materialized.withCachingDisabled();
        }
        if (call.is("logging", false)) {
            materialized.withLoggingDisabled();
        }
        if (call.has("retention")) {
            materialized.withRetention(milliseconds(call.option("retention")));
        }
        if (call.is("type", "in_memory")) {
            materialized.withStoreType(BuiltInDslStoreSuppliers.IN_MEMORY);
        }
        return materialized;
    }

    /** The same for operators whose store is there anyway: no store option is a materialization without a name. */
    static <V, S extends StateStore> Materialized<Object, V, S> materializedAnyway(Arguments call) {
        Materialized<Object, V, S> materialized = materialized(call);
        return materialized == null ? Materialized.with(null, null) : materialized;
    }

    private static Materialized<?, ?, ?> beginning(Arguments call) {
        Object supplier = call.option("supplier");
        if (supplier instanceof VersionedBytesStoreSupplier versioned) {
            return Materialized.as(versioned);
        }
        if (supplier instanceof KeyValueBytesStoreSupplier keyValue) {
            return Materialized.as(keyValue);
        }
        if (supplier instanceof WindowBytesStoreSupplier window) {
            return Materialized.as(window);
        }
        if (supplier instanceof SessionBytesStoreSupplier session) {
            return Materialized.as(session);
        }
        return call.has("store")
            ? Materialized.<Object, Object, KeyValueStore<Bytes, byte[]>>as(call.textOption("store"))
            : Materialized.with(serde(call.option("key")), serde(call.option("value")));
    }

    static Consumed<Object, Object> consumed(Arguments call) {
        Consumed<Object, Object> consumed = Consumed.with(serde(call.get(1)), serde(call.get(2)));
        if (call.has("name")) {
            consumed = consumed.withName(call.textOption("name"));
        }
        TimestampExtractor extractor = Extractors.extractor(call.option("extractor"));
        return extractor == null ? consumed : consumed.withTimestampExtractor(extractor);
    }

    static Produced<Object, Object> produced(Arguments call) {
        Produced<Object, Object> produced = Produced.with(serde(call.get(1)), serde(call.get(2)));
        if (call.has("partitioner")) {
            produced = produced.withStreamPartitioner(Partitioners.partitioner(call.functionOption("partitioner")));
        }
        return call.has("name") ? produced.withName(call.textOption("name")) : produced;
    }

    static Grouped<Object, Object> grouped(Arguments call, Object keySerde, Object valueSerde) {
        return Grouped.with(call.textOption("name"), serde(keySerde), serde(valueSerde));
    }

    static Repartitioned<Object, Object> repartitioned(Arguments call) {
        Repartitioned<Object, Object> repartitioned = Repartitioned.with(serde(call.get(0)), serde(call.get(1)));
        if (call.has("name")) {
            repartitioned = repartitioned.withName(call.textOption("name"));
        }
        return call.has("partitions")
            ? repartitioned.withNumberOfPartitions(call.numberOption("partitions").intValue())
            : repartitioned;
    }

    static Joined<Object, Object, Object> joined(Arguments call) {
        Duration grace = call.has("grace") ? milliseconds(call.option("grace")) : null;
        Joined<Object, Object, Object> joined = Joined.with(
            serde(call.option("key")), serde(call.option("value")), serde(call.option("other")), call.textOption("name"));
        return grace == null ? joined : joined.withGracePeriod(grace);
    }

    static StreamJoined<Object, Object, Object> streamJoined(Arguments call) {
        StreamJoined<Object, Object, Object> joined =
            StreamJoined.with(serde(call.option("key")), serde(call.option("value")), serde(call.option("other")));
        if (call.has("name")) {
            joined = joined.withName(call.textOption("name"));
        }
        if (call.has("store")) {
            joined = joined.withStoreName(call.textOption("store"));
        }
        return call.is("type", "in_memory") ? joined.withDslStoreSuppliers(BuiltInDslStoreSuppliers.IN_MEMORY) : joined;
    }

    static TableJoined<Object, Object> tableJoined(Arguments call) {
        return call.has("name") ? TableJoined.as(call.textOption("name")) : TableJoined.with(null, null);
    }
}
