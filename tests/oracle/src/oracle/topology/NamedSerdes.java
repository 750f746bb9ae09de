package oracle.topology;

import static oracle.topology.Casts.cast;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;

import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.kstream.WindowedSerdes;

import oracle.language.Json;
import oracle.recording.Hex;

/** The serdes that the language names. Values are those of the language: integers of any width are {@code Long}. */
public final class NamedSerdes {
    static final List<String> NAMES =
        List.of("string", "long", "int", "short", "double", "float", "boolean", "uuid", "bytes", "json");

    private NamedSerdes() {
    }

    static Serde<Object> named(String name) {
        return switch (name) {
            case "string" -> cast(Serdes.String());
            case "long" -> cast(Serdes.Long());
            case "double" -> cast(Serdes.Double());
            case "boolean" -> cast(Serdes.Boolean());
            case "int" -> over(Serdes.Integer(), value -> ((Long) value).intValue(), Integer::longValue);
            case "short" -> over(Serdes.Short(), value -> ((Long) value).shortValue(), Short::longValue);
            case "float" -> over(Serdes.Float(), value -> ((Double) value).floatValue(), Float::doubleValue);
            case "uuid" -> over(Serdes.UUID(), value -> UUID.fromString((String) value), UUID::toString);
            case "bytes" -> over(Serdes.ByteArray(),
                value -> Hex.bytes((String) ((Map<?, ?>) value).get("hex")), bytes -> Map.of("hex", Hex.text(bytes)));
            case "json" -> over(Serdes.ByteArray(),
                value -> Json.write(value).getBytes(StandardCharsets.UTF_8), NamedSerdes::document);
            default -> throw new IllegalArgumentException("no serde " + name);
        };
    }

    /** The serde of a topic as a case writes it: {@code long}, {@code list(long)}, {@code windowed(string,10)}. */
    public static Serde<Object> parse(String text) {
        int open = text.indexOf('(');
        if (open < 0) {
            return named(text);
        }
        String inner = text.substring(open + 1, text.length() - 1);
        int comma = inner.lastIndexOf(',');
        return switch (text.substring(0, open)) {
            case "list" -> list(parse(inner));
            case "session" -> sessionKey(parse(inner));
            case "windowed" -> windowedKey(parse(inner.substring(0, comma)), Long.parseLong(inner.substring(comma + 1)));
            default -> throw new IllegalArgumentException("no serde " + text);
        };
    }

    static Serde<Object> windowedKey(Serde<Object> inner, long size) {
        return cast(new WindowedSerdes.TimeWindowedSerde<>(inner, size));
    }

    static Serde<Object> sessionKey(Serde<Object> inner) {
        return cast(new WindowedSerdes.SessionWindowedSerde<>(inner));
    }

    static Serde<Object> list(Serde<Object> inner) {
        Class<List<Object>> type = cast(ArrayList.class);
        return cast(Serdes.ListSerde(type, inner));
    }

    private static Object document(byte[] bytes) {
        try {
            return Json.read(bytes);
        } catch (java.io.UncheckedIOException error) {
            throw new SerializationException(error);
        }
    }

    private static <T> Serde<Object> over(Serde<T> serde, Function<Object, T> to, Function<T, Object> from) {
        return Serdes.serdeFrom(
            (topic, value) -> serde.serializer().serialize(topic, value == null ? null : to.apply(value)),
            (topic, bytes) -> {
                T value = serde.deserializer().deserialize(topic, bytes);
                return value == null ? null : from.apply(value);
            });
    }
}
