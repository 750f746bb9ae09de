package oracle.topology;

import static oracle.topology.Casts.cast;
import static oracle.topology.Options.named;

import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Predicate;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.TableJoined;
import org.apache.kafka.streams.kstream.ValueJoiner;
import org.apache.kafka.streams.kstream.ValueMapperWithKey;
import org.apache.kafka.streams.state.KeyValueStore;

import oracle.language.Arguments;
import oracle.language.Function;
import oracle.language.LanguageException;

/** The operators of a table. Those that may have a store are one call with a materialization and another without. */
final class TableOperators {
    private TableOperators() {
    }

    static Object table(KTable<Object, Object> table, String name, Arguments call) {
        return switch (name) {
            case "filter" -> filter(table, call, Functions.predicate(call.function(0)));
            case "filterNot" -> filterNot(table, call, Functions.predicate(call.function(0)));
            case "mapValues" -> mapValues(table, call);
            case "toStream" -> call.count() == 0
                ? table.toStream(named(call))
                : table.toStream(Functions.mapper(call.function(0)), named(call));
            case "suppress" -> table.suppress(Casts.<Suppressed<Object>>cast(call.get(0)));
            case "transformValues" -> transformValues(table, call);
            case "groupBy" -> {
                Function function = call.function(0);
                yield table.groupBy(
                    (key, value) -> Fields.keyValue(function.call(key, value)),
                    Options.grouped(call, call.get(1), call.get(2)));
            }
            case "join", "leftJoin", "outerJoin" ->
                call.has("fk") ? foreignKeyJoin(table, name, call) : join(table, name, call);
            default -> throw new LanguageException("a table has no operator " + name);
        };
    }

    private static Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> materialized(Arguments call) {
        return Options.materialized(call);
    }

    private static KTable<Object, Object> filter(
        KTable<Object, Object> table, Arguments call, Predicate<Object, Object> predicate) {
        var materialized = materialized(call);
        return materialized == null
            ? table.filter(predicate, named(call))
            : table.filter(predicate, named(call), materialized);
    }

    private static KTable<Object, Object> filterNot(
        KTable<Object, Object> table, Arguments call, Predicate<Object, Object> predicate) {
        var materialized = materialized(call);
        return materialized == null
            ? table.filterNot(predicate, named(call))
            : table.filterNot(predicate, named(call), materialized);
    }

    private static KTable<Object, Object> mapValues(KTable<Object, Object> table, Arguments call) {
        Function function = call.function(0);
        ValueMapperWithKey<Object, Object, Object> mapper = function.arity() == 1
            ? (key, value) -> function.call(value)
            : Functions.valueMapperWithKey(function);
        var materialized = materialized(call);
        return materialized == null
            ? table.mapValues(mapper, named(call))
            : table.mapValues(mapper, named(call), materialized);
    }

    private static KTable<Object, Object> transformValues(KTable<Object, Object> table, Arguments call) {
        String[] stores = call.textsOption("stores").toArray(String[]::new);
        var materialized = materialized(call);
        return materialized == null
            ? table.transformValues(() -> new ScriptedTransformer(call), named(call), stores)
            : table.transformValues(() -> new ScriptedTransformer(call), materialized, named(call), stores);
    }

    private static KTable<Object, Object> join(KTable<Object, Object> left, String name, Arguments call) {
        KTable<Object, Object> right = cast(call.get(0));
        ValueJoiner<Object, Object, Object> joiner = Functions.joiner(call.function(1));
        Named named = named(call);
        var materialized = materialized(call);
        boolean plain = materialized == null;
        return switch (name) {
            case "join" -> plain ? left.join(right, joiner, named) : left.join(right, joiner, named, materialized);
            case "leftJoin" ->
                plain ? left.leftJoin(right, joiner, named) : left.leftJoin(right, joiner, named, materialized);
            default -> plain ? left.outerJoin(right, joiner, named) : left.outerJoin(right, joiner, named, materialized);
        };
    }

    private static KTable<Object, Object> foreignKeyJoin(KTable<Object, Object> left, String name, Arguments call) {
        KTable<Object, Object> right = cast(call.get(0));
        ValueJoiner<Object, Object, Object> joiner = Functions.joiner(call.function(1));
        Function extractor = call.functionOption("fk");
        java.util.function.BiFunction<Object, Object, Object> foreignKey =
            extractor.arity() == 1 ? (key, value) -> extractor.call(value) : (key, value) -> extractor.call(key, value);
        TableJoined<Object, Object> joined = Options.tableJoined(call);
        Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> materialized = Options.materializedAnyway(call);
        return switch (name) {
            case "join" -> left.join(right, foreignKey, joiner, joined, materialized);
            case "leftJoin" -> left.leftJoin(right, foreignKey, joiner, joined, materialized);
            default -> throw new LanguageException("there is no foreign-key " + name);
        };
    }
}
