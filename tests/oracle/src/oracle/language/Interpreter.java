package oracle.language;

import java.util.ArrayList;
import java.util.List;

/** Runs a text of the topology language against a host; the language is described in tests/conformance/README.md. */
public final class Interpreter {
    private final List<Object> log = new ArrayList<>();
    private final PlainFunctions functions = new PlainFunctions(log);

    public void run(String text, Scope scope, Host host) {
        Parser parser = new Parser(text, host, functions);
        while (!parser.atEnd()) {
            parser.statement().evaluate(scope);
        }
    }

    /** What {@code log(x)} was called with since the last call. */
    public List<Object> takeLog() {
        List<Object> taken = new ArrayList<>(log);
        log.clear();
        return taken;
    }
}
