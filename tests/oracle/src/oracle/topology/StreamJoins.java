package oracle.topology;

import static oracle.topology.Casts.cast;

import org.apache.kafka.streams.kstream.GlobalKTable;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.KeyValueMapper;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.ValueJoinerWithKey;

import oracle.language.Arguments;
import oracle.language.Function;
import oracle.language.LanguageException;

/** The joins of a stream. A joiner of two arguments is one of three that does not look at the key. */
final class StreamJoins {
    private StreamJoins() {
    }

    private static ValueJoinerWithKey<Object, Object, Object, Object> joiner(Function function) {
        return function.arity() == 2
            ? (key, left, right) -> function.call(left, right)
            : Functions.joinerWithKey(function);
    }

    static KStream<Object, Object> streams(KStream<Object, Object> left, String name, Arguments call) {
        KStream<Object, Object> right = cast(call.get(0));
        ValueJoinerWithKey<Object, Object, Object, Object> joiner = joiner(call.function(1));
        JoinWindows windows = (JoinWindows) call.get(2);
        StreamJoined<Object, Object, Object> joined = Options.streamJoined(call);
        return switch (name) {
            case "join" -> left.join(right, joiner, windows, joined);
            case "leftJoin" -> left.leftJoin(right, joiner, windows, joined);
            default -> left.outerJoin(right, joiner, windows, joined);
        };
    }

    static KStream<Object, Object> table(KStream<Object, Object> stream, String name, Arguments call) {
        KTable<Object, Object> table = cast(call.get(0));
        ValueJoinerWithKey<Object, Object, Object, Object> joiner = joiner(call.function(1));
        Joined<Object, Object, Object> joined = Options.joined(call);
        return switch (name) {
            case "join" -> stream.join(table, joiner, joined);
            case "leftJoin" -> stream.leftJoin(table, joiner, joined);
            default -> throw new LanguageException("a stream has no " + name + " with a table");
        };
    }

    static KStream<Object, Object> globalTable(KStream<Object, Object> stream, String name, Arguments call) {
        GlobalKTable<Object, Object> table = cast(call.get(0));
        KeyValueMapper<Object, Object, Object> selector = Functions.mapper(call.function(1));
        ValueJoinerWithKey<Object, Object, Object, Object> joiner = joiner(call.function(2));
        Named named = Options.named(call);
        return switch (name) {
            case "join" -> stream.join(table, selector, joiner, named);
            case "leftJoin" -> stream.leftJoin(table, selector, joiner, named);
            default -> throw new LanguageException("a stream has no " + name + " with a global table");
        };
    }
}
