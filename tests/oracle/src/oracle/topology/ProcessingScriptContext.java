package oracle.topology;

import java.time.Duration;

import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.Punctuator;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.api.ProcessingContext;
import org.apache.kafka.streams.processor.api.RecordMetadata;

import oracle.language.Arguments;
import oracle.language.Function;

/** What contexts of processors share; {@code R} is the kind of record that they forward. */
abstract class ProcessingScriptContext<R> extends ScriptContext {
    private final ProcessingContext context;
    /** The record at work; null in init and in a punctuation. */
    R current;

    ProcessingScriptContext(ProcessingContext context) {
        this.context = context;
    }

    abstract void forward(Arguments call);

    abstract Cancellable schedule(Duration interval, PunctuationType type, Punctuator punctuator, Long start);

    @Override
    StateStore store(String name) {
        return context.getStateStore(name);
    }

    @Override
    Object callOfKind(String name, Arguments call) {
        return switch (name) {
            case "forward" -> {
                forward(call);
                yield null;
            }
            case "every" -> every(call);
            case "streamTime" -> context.currentStreamTimeMs();
            case "wallClock" -> context.currentSystemTimeMs();
            case "taskId" -> context.taskId().toString();
            case "applicationId" -> context.applicationId();
            case "meta" -> {
                RecordMetadata metadata = context.recordMetadata().orElseThrow();
                yield Fields.object("topic", metadata.topic(), "partition", (long) metadata.partition(),
                    "offset", metadata.offset());
            }
            default -> throw unknown(name);
        };
    }

    private Cancellable every(Arguments call) {
        PunctuationType type = call.get(1).equals("wall_clock")
            ? PunctuationType.WALL_CLOCK_TIME
            : PunctuationType.STREAM_TIME;
        Function function = call.function(2);
        // A punctuation may run between two records: it must not see the headers of the one before.
        Punctuator punctuator = time -> {
            R record = current;
            current = null;
            try {
                function.call(time);
            } finally {
                current = record;
            }
        };
        return schedule(Options.milliseconds(call.get(0)), type, punctuator, call.numberOption("start"));
    }
}
