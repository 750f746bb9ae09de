package oracle.language;

/** A parsed expression: evaluating it in a scope gives a value of the language. */
@FunctionalInterface
interface Expression {
    Object evaluate(Scope scope);
}
