package oracle.topology;

import java.time.Duration;
import java.time.Instant;

import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.Punctuator;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;

import oracle.language.Arguments;
import oracle.language.Function;

/** {@code processValues(process: (c, r) -> ..., init: c -> ...)}. */
final class ScriptedFixedKeyProcessor implements FixedKeyProcessor<Object, Object, Object> {
    private final Function process;
    private final Function init;
    private Context context;

    ScriptedFixedKeyProcessor(Arguments call) {
        this.process = call.functionOption("process");
        this.init = call.functionOption("init");
    }

    @Override
    public void init(FixedKeyProcessorContext<Object, Object> processorContext) {
        context = new Context(processorContext);
        if (init != null) {
            init.call(context);
        }
    }

    @Override
    public void process(FixedKeyRecord<Object, Object> record) {
        context.current = record;
        process.call(context, record);
    }

    private static final class Context extends ProcessingScriptContext<FixedKeyRecord<Object, Object>> {
        private final FixedKeyProcessorContext<Object, Object> context;

        Context(FixedKeyProcessorContext<Object, Object> context) {
            super(context);
            this.context = context;
        }

        @Override
        void forward(Arguments call) {
            FixedKeyRecord<Object, Object> record = current.withValue(call.get(0));
            context.forward(call.count() > 1 ? record.withTimestamp(call.number(1)) : record);
        }

        @Override
        Cancellable schedule(Duration interval, PunctuationType type, Punctuator punctuator, Long start) {
            return start == null
                ? context.schedule(interval, type, punctuator)
                : context.schedule(Instant.ofEpochMilli(start), interval, type, punctuator);
        }
    }
}
