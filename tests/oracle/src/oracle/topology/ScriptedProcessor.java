package oracle.topology;

import java.time.Duration;
import java.time.Instant;

import org.apache.kafka.common.header.Headers;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.Punctuator;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

import oracle.language.Arguments;
import oracle.language.Function;

/** {@code process(process: (c, r) -> ..., init: c -> ...)}. */
final class ScriptedProcessor implements Processor<Object, Object, Object, Object> {
    private final Function process;
    private final Function init;
    private Context context;

    ScriptedProcessor(Arguments call) {
        this.process = call.functionOption("process");
        this.init = call.functionOption("init");
    }

    @Override
    public void init(ProcessorContext<Object, Object> processorContext) {
        context = new Context(processorContext);
        if (init != null) {
            init.call(context);
        }
    }

    @Override
    public void process(Record<Object, Object> record) {
        context.current = record;
        process.call(context, record);
    }

    private static final class Context extends ProcessingScriptContext<Record<Object, Object>> {
        private final ProcessorContext<Object, Object> context;

        Context(ProcessorContext<Object, Object> context) {
            super(context);
            this.context = context;
        }

        @Override
        void forward(Arguments call) {
            Record<Object, Object> record =
                new Record<>(call.get(0), call.get(1), call.number(2), headers(call));
            if (call.has("to")) {
                context.forward(record, call.textOption("to"));
            } else {
                context.forward(record);
            }
        }

        private Headers headers(Arguments call) {
            if (call.has("headers")) {
                return HeaderLists.headers(call.option("headers"));
            }
            return current == null ? null : current.headers();
        }

        @Override
        Cancellable schedule(Duration interval, PunctuationType type, Punctuator punctuator, Long start) {
            return start == null
                ? context.schedule(interval, type, punctuator)
                : context.schedule(Instant.ofEpochMilli(start), interval, type, punctuator);
        }
    }
}
