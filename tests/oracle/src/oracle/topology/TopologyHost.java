package oracle.topology;

import static oracle.topology.Casts.cast;

import java.time.Duration;
import java.util.Collection;
import java.util.Properties;

import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyConfig;
import org.apache.kafka.streams.kstream.BranchedKStream;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.GlobalKTable;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

import oracle.language.Arguments;
import oracle.language.Host;
import oracle.language.Interpreter;
import oracle.language.LanguageException;
import oracle.language.Scope;

/** Builds one topology: the calls of the language, made on Kafka Streams. */
public final class TopologyHost implements Host {
    private final StreamsBuilder builder;
    /** Set by a text that uses the low-level API instead of the builder. */
    private Topology lowLevel;

    private TopologyHost(StreamsBuilder builder) {
        this.builder = builder;
    }

    /** The topology that a text describes; it throws what Kafka Streams throws where the text is refused. */
    public static Topology build(String text, Properties properties, Interpreter interpreter) {
        TopologyHost host = new TopologyHost(new StreamsBuilder(new TopologyConfig(new StreamsConfig(properties))));
        Scope scope = new Scope();
        NamedSerdes.NAMES.forEach(name -> scope.bind(name, NamedSerdes.named(name)));
        interpreter.run(text, scope, host);
        return host.lowLevel == null ? host.builder.build(properties) : host.lowLevel;
    }

    @Override
    public Object field(Object target, String name) {
        return Fields.field(target, name);
    }

    @Override
    public Object call(Object target, String name, Arguments call) {
        if (target instanceof ScriptContext context) {
            return context.call(name, call);
        }
        if (target instanceof KStream<?, ?>) {
            return StreamOperators.stream(cast(target), name, call);
        }
        if (target instanceof KTable<?, ?>) {
            return TableOperators.table(cast(target), name, call);
        }
        if (target instanceof BranchedKStream<?, ?>) {
            return StreamOperators.split(cast(target), name, call);
        }
        if (target instanceof Topology topology) {
            return LowLevel.call(topology, name, call);
        }
        return Aggregations.call(target, name, call);
    }

    @Override
    public Object call(String name, Arguments call) {
        StoreBuilder<?> store = StoreBuilders.builder(name, call);
        if (store != null) {
            return store;
        }
        return switch (name) {
            case "stream" -> stream(call);
            case "table" -> table(call);
            case "global_table" -> globalTable(call);
            case "tumbling" -> Windows.tumbling(call);
            case "hopping" -> Windows.hopping(call);
            case "sliding" -> Windows.sliding(call);
            case "session" -> Windows.session(call);
            case "unlimited" -> Windows.unlimited(call);
            case "within" -> Windows.within(call);
            case "list" -> NamedSerdes.list(Options.serde(call.get(0)));
            case "windowed" -> NamedSerdes.windowedKey(Options.serde(call.get(0)), call.number(1));
            case "session_key" -> NamedSerdes.sessionKey(Options.serde(call.get(0)));
            case "until_window_closes" -> Suppressions.untilWindowCloses(call);
            case "until_time_limit" -> Suppressions.untilTimeLimit(call);
            case "add_store" -> builder.addStateStore((StoreBuilder<?>) call.get(0));
            case "add_global_store" -> addGlobalStore(call);
            case "topology" -> lowLevel = new Topology();
            default -> supplier(name, call);
        };
    }

    private KStream<Object, Object> stream(Arguments call) {
        Consumed<Object, Object> consumed = Options.consumed(call);
        return call.get(0) instanceof Collection<?>
            ? builder.stream(Casts.<Collection<String>>cast(call.get(0)), consumed)
            : builder.stream(call.text(0), consumed);
    }

    private KTable<Object, Object> table(Arguments call) {
        Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> materialized = Options.materialized(call);
        return materialized == null
            ? builder.table(call.text(0), Options.consumed(call))
            : builder.table(call.text(0), Options.consumed(call), materialized);
    }

    private GlobalKTable<Object, Object> globalTable(Arguments call) {
        Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> materialized = Options.materialized(call);
        return materialized == null
            ? builder.globalTable(call.text(0), Options.consumed(call))
            : builder.globalTable(call.text(0), Options.consumed(call), materialized);
    }

    private Object addGlobalStore(Arguments call) {
        Consumed<Object, Object> consumed = Consumed.with(Options.serde(call.get(2)), Options.serde(call.get(3)));
        ProcessorSupplier<Object, Object, Void, Void> supplier = () -> cast(new ScriptedProcessor(call));
        return builder.addGlobalStore((StoreBuilder<?>) call.get(0), call.text(1), consumed, supplier);
    }

    private static Object supplier(String name, Arguments call) {
        String store = call.text(0);
        return switch (name) {
            case "versioned" -> Stores.persistentVersionedKeyValueStore(store, milliseconds(call, 1));
            case "in_memory_kv" -> Stores.inMemoryKeyValueStore(store);
            case "lru_map" -> Stores.lruMap(store, Math.toIntExact(call.number(1)));
            case "in_memory_window" ->
                Stores.inMemoryWindowStore(store, milliseconds(call, 1), milliseconds(call, 2), false);
            case "in_memory_session" -> Stores.inMemorySessionStore(store, milliseconds(call, 1));
            default -> throw new LanguageException("there is no function " + name);
        };
    }

    private static Duration milliseconds(Arguments call, int position) {
        return Options.milliseconds(call.get(position));
    }
}
