package oracle.topology;

import static oracle.topology.Casts.cast;

import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.processor.TopicNameExtractor;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.StoreBuilder;

import oracle.language.Arguments;
import oracle.language.Function;
import oracle.language.LanguageException;

/** {@code topology()} and its {@code add...} calls. */
final class LowLevel {
    private LowLevel() {
    }

    static Topology call(Topology topology, String name, Arguments call) {
        return switch (name) {
            case "addSource" -> addSource(topology, call);
            case "addProcessor" -> {
                ProcessorSupplier<Object, Object, Object, Object> supplier = () -> new ScriptedProcessor(call);
                yield topology.addProcessor(call.text(0), supplier, texts(call, 1));
            }
            case "addStateStore" -> topology.addStateStore((StoreBuilder<?>) call.get(0), texts(call, 1));
            case "addSink" -> addSink(topology, call);
            default -> throw new LanguageException("a topology has no " + name);
        };
    }

    private static Topology addSource(Topology topology, Arguments call) {
        Deserializer<Object> key = serde(call, 1).deserializer();
        Deserializer<Object> value = serde(call, 2).deserializer();
        TimestampExtractor extractor = Extractors.extractor(call.option("extractor"));
        return extractor == null
            ? topology.addSource(call.text(0), key, value, texts(call, 3))
            : topology.addSource((AutoOffsetReset) null, call.text(0), extractor, key, value, texts(call, 3));
    }

    private static Topology addSink(Topology topology, Arguments call) {
        Serializer<Object> key = serde(call, 1).serializer();
        Serializer<Object> value = serde(call, 2).serializer();
        if (call.get(3) instanceof String topic) {
            return topology.addSink(call.text(0), topic, key, value, texts(call, 4));
        }
        Function function = call.function(3);
        TopicNameExtractor<Object, Object> extractor = (k, v, context) -> (String) function.call(k, v, context);
        return topology.addSink(call.text(0), extractor, key, value, texts(call, 4));
    }

    private static Serde<Object> serde(Arguments call, int position) {
        return cast(call.get(position));
    }

    private static String[] texts(Arguments call, int from) {
        return call.positional().stream().skip(from).toArray(String[]::new);
    }
}
