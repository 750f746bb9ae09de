package oracle.topology;

import static oracle.topology.Casts.cast;

import org.apache.kafka.streams.kstream.Aggregator;
import org.apache.kafka.streams.kstream.ForeachAction;
import org.apache.kafka.streams.kstream.Initializer;
import org.apache.kafka.streams.kstream.KeyValueMapper;
import org.apache.kafka.streams.kstream.Merger;
import org.apache.kafka.streams.kstream.Predicate;
import org.apache.kafka.streams.kstream.Reducer;
import org.apache.kafka.streams.kstream.ValueJoiner;
import org.apache.kafka.streams.kstream.ValueJoinerWithKey;
import org.apache.kafka.streams.kstream.ValueMapper;
import org.apache.kafka.streams.kstream.ValueMapperWithKey;

import oracle.language.Function;

/** Functions of the language as the functional interfaces of Kafka Streams. */
final class Functions {
    private Functions() {
    }

    static Predicate<Object, Object> predicate(Function function) {
        return (key, value) -> function.test(key, value);
    }

    static <R> KeyValueMapper<Object, Object, R> mapper(Function function) {
        return (key, value) -> cast(function.call(key, value));
    }

    static ForeachAction<Object, Object> action(Function function) {
        return (key, value) -> function.call(key, value);
    }

    static <R> ValueMapper<Object, R> valueMapper(Function function) {
        return value -> cast(function.call(value));
    }

    static <R> ValueMapperWithKey<Object, Object, R> valueMapperWithKey(Function function) {
        return (key, value) -> cast(function.call(key, value));
    }

    static ValueJoiner<Object, Object, Object> joiner(Function function) {
        return (left, right) -> function.call(left, right);
    }

    static ValueJoinerWithKey<Object, Object, Object, Object> joinerWithKey(Function function) {
        return (key, left, right) -> function.call(key, left, right);
    }

    static Reducer<Object> reducer(Function function) {
        return (left, right) -> function.call(left, right);
    }

    static Initializer<Object> initializer(Function function) {
        return () -> function.call();
    }

    static Aggregator<Object, Object, Object> aggregator(Function function) {
        return (key, value, aggregate) -> function.call(key, value, aggregate);
    }

    static Merger<Object, Object> merger(Function function) {
        return (key, left, right) -> function.call(key, left, right);
    }
}
