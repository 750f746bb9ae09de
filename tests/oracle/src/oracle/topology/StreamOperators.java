package oracle.topology;

import static oracle.topology.Casts.cast;
import static oracle.topology.Options.named;

import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.Branched;
import org.apache.kafka.streams.kstream.BranchedKStream;
import org.apache.kafka.streams.kstream.GlobalKTable;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorSupplier;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.KeyValueStore;

import oracle.language.Arguments;
import oracle.language.Function;
import oracle.language.LanguageException;

/** The operators of a stream. */
final class StreamOperators {
    private StreamOperators() {
    }

    static Object stream(KStream<Object, Object> stream, String name, Arguments call) {
        return switch (name) {
            case "filter" -> stream.filter(Functions.predicate(call.function(0)), named(call));
            case "filterNot" -> stream.filterNot(Functions.predicate(call.function(0)), named(call));
            case "map" -> {
                Function function = call.function(0);
                yield stream.map((key, value) -> Fields.keyValue(function.call(key, value)), named(call));
            }
            case "flatMap" -> {
                Function function = call.function(0);
                yield stream.flatMap((key, value) -> Fields.keyValues(function.call(key, value)), named(call));
            }
            case "selectKey" -> stream.selectKey(Functions.mapper(call.function(0)), named(call));
            case "mapValues" -> mapValues(stream, call);
            case "flatMapValues" -> flatMapValues(stream, call);
            case "peek" -> stream.peek(Functions.action(call.function(0)), named(call));
            case "foreach" -> {
                stream.foreach(Functions.action(call.function(0)), named(call));
                yield null;
            }
            case "merge" -> stream.merge(cast(call.get(0)), named(call));
            case "split" -> stream.split(named(call));
            case "repartition" -> stream.repartition(Options.repartitioned(call));
            case "toTable" -> toTable(stream, call);
            case "to" -> to(stream, call);
            case "groupByKey" -> stream.groupByKey(Options.grouped(call, call.get(0), call.get(1)));
            case "groupBy" -> stream.groupBy(
                Functions.mapper(call.function(0)), Options.grouped(call, call.get(1), call.get(2)));
            case "process" -> process(stream, call);
            case "processValues" -> processValues(stream, call);
            case "join", "leftJoin", "outerJoin" -> join(stream, name, call);
            default -> throw new LanguageException("a stream has no operator " + name);
        };
    }

    private static KStream<Object, Object> mapValues(KStream<Object, Object> stream, Arguments call) {
        Function function = call.function(0);
        return function.arity() == 1
            ? stream.mapValues(Functions.valueMapper(function), named(call))
            : stream.mapValues(Functions.valueMapperWithKey(function), named(call));
    }

    private static KStream<Object, Object> flatMapValues(KStream<Object, Object> stream, Arguments call) {
        Function function = call.function(0);
        return function.arity() == 1
            ? stream.flatMapValues(Functions.<Iterable<Object>>valueMapper(function), named(call))
            : stream.flatMapValues(Functions.<Iterable<Object>>valueMapperWithKey(function), named(call));
    }

    /** Processors refuse the name that stands for none, unlike all other operators. */
    private static KStream<Object, Object> process(KStream<Object, Object> stream, Arguments call) {
        ProcessorSupplier<Object, Object, Object, Object> supplier = () -> new ScriptedProcessor(call);
        String[] stores = call.textsOption("stores").toArray(String[]::new);
        return call.has("name") ? stream.process(supplier, named(call), stores) : stream.process(supplier, stores);
    }

    private static KStream<Object, Object> processValues(KStream<Object, Object> stream, Arguments call) {
        FixedKeyProcessorSupplier<Object, Object, Object> supplier = () -> new ScriptedFixedKeyProcessor(call);
        String[] stores = call.textsOption("stores").toArray(String[]::new);
        return call.has("name")
            ? stream.processValues(supplier, named(call), stores)
            : stream.processValues(supplier, stores);
    }

    private static KTable<Object, Object> toTable(KStream<Object, Object> stream, Arguments call) {
        Materialized<Object, Object, KeyValueStore<Bytes, byte[]>> materialized = Options.materialized(call);
        return materialized == null ? stream.toTable(named(call)) : stream.toTable(named(call), materialized);
    }

    private static Object to(KStream<Object, Object> stream, Arguments call) {
        if (call.get(0) instanceof String topic) {
            stream.to(topic, Options.produced(call));
        } else {
            Function extractor = call.function(0);
            stream.to((key, value, context) -> (String) extractor.call(key, value, context), Options.produced(call));
        }
        return null;
    }

    private static KStream<Object, Object> join(KStream<Object, Object> stream, String name, Arguments call) {
        if (call.get(0) instanceof KStream<?, ?>) {
            return StreamJoins.streams(stream, name, call);
        }
        return call.get(0) instanceof GlobalKTable<?, ?>
            ? StreamJoins.globalTable(stream, name, call)
            : StreamJoins.table(stream, name, call);
    }

    /** {@code .branch(predicate, name:, then:, consume:)}, {@code .defaultBranch(...)}, {@code .noDefaultBranch()}. */
    static Object split(BranchedKStream<Object, Object> split, String name, Arguments call) {
        return switch (name) {
            case "branch" -> split.branch(Functions.predicate(call.function(0)), branched(call));
            case "defaultBranch" -> split.defaultBranch(branched(call));
            case "noDefaultBranch" -> split.noDefaultBranch();
            default -> throw new LanguageException("a split stream has no operator " + name);
        };
    }

    private static Branched<Object, Object> branched(Arguments call) {
        String name = call.textOption("name");
        if (call.has("consume")) {
            return Branched.withConsumer(stream -> call.functionOption("consume").call(stream), name);
        }
        return Branched.withFunction(
            stream -> call.has("then") ? cast(call.functionOption("then").call(stream)) : stream, name);
    }
}
