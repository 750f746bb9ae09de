package oracle.topology;

import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.Suppressed.BufferConfig;
import org.apache.kafka.streams.kstream.Suppressed.EagerBufferConfig;
import org.apache.kafka.streams.kstream.Suppressed.StrictBufferConfig;

import oracle.language.Arguments;

/** {@code until_window_closes} and {@code until_time_limit}. */
final class Suppressions {
    private Suppressions() {
    }

    static Suppressed<?> untilWindowCloses(Arguments call) {
        StrictBufferConfig buffer = call.has("max_records")
            ? BufferConfig.maxRecords(call.numberOption("max_records")).shutDownWhenFull()
            : BufferConfig.unbounded();
        if (call.is("logging", false)) {
            buffer = buffer.withLoggingDisabled();
        }
        return named(Suppressed.untilWindowCloses(buffer), call);
    }

    static Suppressed<?> untilTimeLimit(Arguments call) {
        return named(Suppressed.untilTimeLimit(Options.milliseconds(call.get(0)), eagerBuffer(call)), call);
    }

    private static BufferConfig<?> eagerBuffer(Arguments call) {
        EagerBufferConfig buffer;
        if (call.has("max_records")) {
            buffer = BufferConfig.maxRecords(call.numberOption("max_records"));
            if (call.has("max_bytes")) {
                buffer = buffer.withMaxBytes(call.numberOption("max_bytes"));
            }
        } else if (call.has("max_bytes")) {
            buffer = BufferConfig.maxBytes(call.numberOption("max_bytes"));
        } else {
            return BufferConfig.unbounded();
        }
        return buffer.emitEarlyWhenFull();
    }

    private static Suppressed<?> named(Suppressed<?> suppressed, Arguments call) {
        return call.has("name") ? suppressed.withName(call.textOption("name")) : suppressed;
    }
}
