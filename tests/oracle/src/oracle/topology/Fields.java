package oracle.topology;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.RecordContext;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.ValueAndTimestamp;
import org.apache.kafka.streams.state.VersionedRecord;

import oracle.language.LanguageException;

/** {@code x.name} on objects of Kafka Streams, and the objects of the language that rows of stores read as. */
final class Fields {
    private Fields() {
    }

    static Object field(Object target, String name) {
        if (target instanceof Map<?, ?> object) {
            return object.get(name);
        }
        Map<String, Object> fields = fields(target);
        if (!fields.containsKey(name)) {
            throw new LanguageException("no field " + name + " of " + target.getClass());
        }
        return fields.get(name);
    }

    private static Map<String, Object> fields(Object target) {
        if (target instanceof Windowed<?> key) {
            return object("key", key.key(), "start", key.window().start(), "end", key.window().end());
        }
        if (target instanceof Record<?, ?> record) {
            return object("key", record.key(), "value", record.value(), "ts", record.timestamp(),
                "headers", HeaderLists.list(record.headers()));
        }
        if (target instanceof FixedKeyRecord<?, ?> record) {
            return object("key", record.key(), "value", record.value(), "ts", record.timestamp(),
                "headers", HeaderLists.list(record.headers()));
        }
        if (target instanceof RecordContext context) {
            return object("topic", context.topic(), "ts", context.timestamp(), "offset", context.offset(),
                "partition", (long) context.partition(), "headers", HeaderLists.list(context.headers()));
        }
        throw new LanguageException("no fields of " + target.getClass());
    }

    /** A value of a store as the language shows it: with its times where the store keeps them. */
    static Object stored(Object value) {
        if (value instanceof ValueAndTimestamp<?> timestamped) {
            return object("value", timestamped.value(), "ts", timestamped.timestamp());
        }
        if (value instanceof VersionedRecord<?> version) {
            return object("value", version.value(), "ts", version.timestamp(), "valid_to", version.validTo().orElse(null));
        }
        return value;
    }

    static Object row(String keyName, KeyValue<?, ?> row) {
        return object(keyName, row.key, "value", stored(row.value));
    }

    static KeyValue<Object, Object> keyValue(Object pair) {
        oracle.language.Pair it = (oracle.language.Pair) pair;
        return KeyValue.pair(it.key(), it.value());
    }

    static List<KeyValue<Object, Object>> keyValues(Object pairs) {
        return ((List<?>) pairs).stream().map(Fields::keyValue).toList();
    }

    /** An ordered object, null values included. */
    static Map<String, Object> object(Object... namesAndValues) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            object.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return object;
    }
}
