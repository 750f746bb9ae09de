package oracle.language;

import java.util.List;

/** A function of the language with the scope it was written in. */
public final class Function {
    private final List<String> parameters;
    private final Expression body;
    private final Scope scope;

    Function(List<String> parameters, Expression body, Scope scope) {
        this.parameters = parameters;
        this.body = body;
        this.scope = scope;
    }

    /** How many parameters it names: Java's overloads are told apart by it. */
    public int arity() {
        return parameters.size();
    }

    public Object call(Object... arguments) {
        Scope inner = new Scope(scope);
        for (int i = 0; i < parameters.size(); i++) {
            inner.bind(parameters.get(i), i < arguments.length ? arguments[i] : null);
        }
        return body.evaluate(inner);
    }

    /** Calls it as a condition. */
    public boolean test(Object... arguments) {
        return Operators.truth(call(arguments));
    }
}
