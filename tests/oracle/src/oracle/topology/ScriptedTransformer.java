package oracle.topology;

import org.apache.kafka.streams.kstream.ValueTransformerWithKey;
import org.apache.kafka.streams.processor.ProcessorContext;
import org.apache.kafka.streams.processor.StateStore;

import oracle.language.Arguments;
import oracle.language.Function;

/** {@code transformValues((c, k, v) -> ..., stores: [...])}: its context is the old one, which reads and never forwards. */
final class ScriptedTransformer implements ValueTransformerWithKey<Object, Object, Object> {
    private final Function transform;
    private Context context;

    ScriptedTransformer(Arguments call) {
        this.transform = call.function(0);
    }

    @Override
    public void init(ProcessorContext processorContext) {
        context = new Context(processorContext);
    }

    @Override
    public Object transform(Object key, Object value) {
        return transform.call(context, key, value);
    }

    @Override
    public void close() {
    }

    private static final class Context extends ScriptContext {
        private final ProcessorContext context;

        Context(ProcessorContext context) {
            this.context = context;
        }

        @Override
        StateStore store(String name) {
            return context.getStateStore(name);
        }

        @Override
        Object callOfKind(String name, Arguments call) {
            if (name.equals("timestamp")) {
                return context.timestamp();
            }
            throw unknown(name);
        }
    }
}
