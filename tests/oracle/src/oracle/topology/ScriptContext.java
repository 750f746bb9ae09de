package oracle.topology;

import java.util.HashMap;
import java.util.Map;

import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.StateStore;

import oracle.language.Arguments;
import oracle.language.LanguageException;

/** The context {@code c} of a processor written in the language: variables and stores; the rest is in its kinds. */
abstract class ScriptContext {
    private final Map<String, Object> variables = new HashMap<>();

    abstract StateStore store(String name);

    /** A call that depends on the kind of the context: forwarding, time, metadata, schedules. */
    abstract Object callOfKind(String name, Arguments call);

    final Object call(String name, Arguments call) {
        return switch (name) {
            case "set" -> {
                variables.put(call.text(0), call.get(1));
                yield call.get(1);
            }
            case "var" -> variables.get(call.text(0));
            case "cancel" -> {
                ((Cancellable) variables.get(call.text(0))).cancel();
                yield null;
            }
            case "get", "put", "putIfAbsent", "delete", "all", "reverseAll", "range", "fetch", "findSessions" ->
                StoreCalls.call(store(call.text(0)), name, call);
            default -> callOfKind(name, call);
        };
    }

    static LanguageException unknown(String name) {
        return new LanguageException("this context has no " + name);
    }
}
