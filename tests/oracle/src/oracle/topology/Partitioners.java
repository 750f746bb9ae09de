package oracle.topology;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

import org.apache.kafka.streams.processor.StreamPartitioner;

import oracle.language.Function;

/** The {@code partitioner:} of a sink: a list of partitions, or null for the default. */
final class Partitioners {
    private Partitioners() {
    }

    static StreamPartitioner<Object, Object> partitioner(Function function) {
        return (topic, key, value, partitions) -> {
            List<?> chosen = (List<?>) function.call(topic, key, value, (long) partitions);
            return Optional.ofNullable(chosen).map(Partitioners::integers);
        };
    }

    private static Set<Integer> integers(List<?> numbers) {
        return numbers.stream().map(number -> ((Long) number).intValue()).collect(Collectors.toSet());
    }
}
