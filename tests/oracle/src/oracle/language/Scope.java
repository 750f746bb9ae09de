package oracle.language;

import java.util.HashMap;
import java.util.Map;

/** Names and their values; a function's parameters lie in a scope of their own inside the one it was written in. */
public final class Scope {
    private final Scope outer;
    private final Map<String, Object> values = new HashMap<>();

    public Scope() {
        this(null);
    }

    Scope(Scope outer) {
        this.outer = outer;
    }

    public void bind(String name, Object value) {
        values.put(name, value);
    }

    Object value(String name) {
        for (Scope scope = this; scope != null; scope = scope.outer) {
            if (scope.values.containsKey(name)) {
                return scope.values.get(name);
            }
        }
        throw new LanguageException("the name " + name + " is not bound");
    }
}
