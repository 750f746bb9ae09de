package oracle.topology;

import org.apache.kafka.streams.processor.FailOnInvalidTimestamp;
import org.apache.kafka.streams.processor.LogAndSkipOnInvalidTimestamp;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.processor.UsePartitionTimeOnInvalidTimestamp;

import oracle.language.Function;

/** The {@code extractor:} of a source. */
final class Extractors {
    private Extractors() {
    }

    /** The extractor for a name or a function of the language; null for none. */
    static TimestampExtractor extractor(Object value) {
        if (value == null) {
            return null;
        }
        if (value instanceof Function function) {
            return (record, partitionTime) -> (Long) function.call(
                Fields.object("key", record.key(), "value", record.value(), "ts", record.timestamp(),
                    "topic", record.topic(), "offset", record.offset()),
                partitionTime);
        }
        return switch ((String) value) {
            case "log_and_skip" -> new LogAndSkipOnInvalidTimestamp();
            case "use_partition_time" -> new UsePartitionTimeOnInvalidTimestamp();
            case "fail" -> new FailOnInvalidTimestamp();
            default -> throw new IllegalArgumentException("no extractor " + value);
        };
    }
}
