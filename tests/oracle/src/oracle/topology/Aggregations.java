package oracle.topology;

import static oracle.topology.Casts.cast;
import static oracle.topology.Functions.aggregator;
import static oracle.topology.Functions.initializer;
import static oracle.topology.Functions.merger;
import static oracle.topology.Functions.reducer;
import static oracle.topology.Options.materialized;
import static oracle.topology.Options.materializedAnyway;
import static oracle.topology.Options.named;

import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.CogroupedKStream;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KGroupedTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.SessionWindowedCogroupedKStream;
import org.apache.kafka.streams.kstream.SessionWindowedKStream;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.TimeWindowedCogroupedKStream;
import org.apache.kafka.streams.kstream.TimeWindowedKStream;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowStore;

import oracle.language.Arguments;
import oracle.language.LanguageException;

/** What stands behind a grouping. {@code count} with a materialization burns another name than without. */
final class Aggregations {
    private Aggregations() {
    }

    /** The result of an aggregation operator; {@code target} is one of the grouped types. */
    static Object call(Object target, String name, Arguments call) {
        if (target instanceof KGroupedStream<?, ?>) {
            return grouped(cast(target), name, call);
        }
        if (target instanceof KGroupedTable<?, ?>) {
            return groupedTable(cast(target), name, call);
        }
        if (target instanceof TimeWindowedKStream<?, ?>) {
            return timeWindowed(cast(target), name, call);
        }
        if (target instanceof SessionWindowedKStream<?, ?>) {
            return sessionWindowed(cast(target), name, call);
        }
        if (target instanceof CogroupedKStream<?, ?>) {
            return cogrouped(cast(target), name, call);
        }
        if (target instanceof TimeWindowedCogroupedKStream<?, ?>) {
            TimeWindowedCogroupedKStream<Object, Object> windowed = cast(target);
            return windowed.aggregate(initializer(call.function(0)), named(call), materializedAnyway(call));
        }
        if (target instanceof SessionWindowedCogroupedKStream<?, ?>) {
            SessionWindowedCogroupedKStream<Object, Object> windowed = cast(target);
            return windowed.aggregate(
                initializer(call.function(0)), merger(call.function(1)), named(call), materializedAnyway(call));
        }
        throw new LanguageException("no operator " + name + " of " + target.getClass());
    }

    private static Object grouped(KGroupedStream<Object, Object> grouped, String name, Arguments call) {
        return switch (name) {
            case "count" -> {
                Materialized<Object, Long, KeyValueStore<Bytes, byte[]>> store = materialized(call);
                yield store == null ? grouped.count(named(call)) : grouped.count(named(call), store);
            }
            case "reduce" -> grouped.reduce(reducer(call.function(0)), named(call), materializedAnyway(call));
            case "aggregate" -> grouped.aggregate(
                initializer(call.function(0)), aggregator(call.function(1)), named(call), materializedAnyway(call));
            case "cogroup" -> grouped.cogroup(aggregator(call.function(0)));
            case "windowedBy" -> {
                Object windows = call.get(0);
                if (windows instanceof SessionWindows sessions) {
                    yield grouped.windowedBy(sessions);
                }
                yield windows instanceof SlidingWindows sliding
                    ? grouped.windowedBy(sliding)
                    : grouped.windowedBy((org.apache.kafka.streams.kstream.Windows<?>) cast(windows));
            }
            default -> throw new LanguageException("a grouped stream has no operator " + name);
        };
    }

    private static Object groupedTable(KGroupedTable<Object, Object> grouped, String name, Arguments call) {
        return switch (name) {
            case "count" -> {
                Materialized<Object, Long, KeyValueStore<Bytes, byte[]>> store = materialized(call);
                yield store == null ? grouped.count(named(call)) : grouped.count(named(call), store);
            }
            case "reduce" -> grouped.reduce(
                reducer(call.function(0)), reducer(call.function(1)), named(call), materializedAnyway(call));
            case "aggregate" -> grouped.aggregate(initializer(call.function(0)), aggregator(call.function(1)),
                aggregator(call.function(2)), named(call), materializedAnyway(call));
            default -> throw new LanguageException("a grouped table has no operator " + name);
        };
    }

    private static Object timeWindowed(TimeWindowedKStream<Object, Object> windowed, String name, Arguments call) {
        return switch (name) {
            case "emitStrategy" -> windowed.emitStrategy(EmitStrategy.onWindowClose());
            case "count" -> {
                Materialized<Object, Long, WindowStore<Bytes, byte[]>> store = materialized(call);
                yield store == null ? windowed.count(named(call)) : windowed.count(named(call), store);
            }
            case "reduce" -> windowed.reduce(reducer(call.function(0)), named(call), materializedAnyway(call));
            case "aggregate" -> windowed.aggregate(
                initializer(call.function(0)), aggregator(call.function(1)), named(call), materializedAnyway(call));
            default -> throw new LanguageException("a windowed stream has no operator " + name);
        };
    }

    private static Object sessionWindowed(SessionWindowedKStream<Object, Object> windowed, String name, Arguments call) {
        return switch (name) {
            case "emitStrategy" -> windowed.emitStrategy(EmitStrategy.onWindowClose());
            case "count" -> {
                Materialized<Object, Long, SessionStore<Bytes, byte[]>> store = materialized(call);
                yield store == null ? windowed.count(named(call)) : windowed.count(named(call), store);
            }
            case "reduce" -> windowed.reduce(reducer(call.function(0)), named(call), materializedAnyway(call));
            case "aggregate" -> windowed.aggregate(initializer(call.function(0)), aggregator(call.function(1)),
                merger(call.function(2)), named(call), materializedAnyway(call));
            default -> throw new LanguageException("a stream of sessions has no operator " + name);
        };
    }

    private static Object cogrouped(CogroupedKStream<Object, Object> cogrouped, String name, Arguments call) {
        return switch (name) {
            case "cogroup" -> {
                KGroupedStream<Object, Object> grouped = cast(call.get(0));
                yield cogrouped.cogroup(grouped, aggregator(call.function(1)));
            }
            case "aggregate" -> cogrouped.aggregate(initializer(call.function(0)), named(call), materializedAnyway(call));
            case "windowedBy" -> {
                Object windows = call.get(0);
                if (windows instanceof SessionWindows sessions) {
                    yield cogrouped.windowedBy(sessions);
                }
                yield windows instanceof SlidingWindows sliding
                    ? cogrouped.windowedBy(sliding)
                    : cogrouped.windowedBy((org.apache.kafka.streams.kstream.Windows<?>) cast(windows));
            }
            default -> throw new LanguageException("a cogrouped stream has no operator " + name);
        };
    }
}
