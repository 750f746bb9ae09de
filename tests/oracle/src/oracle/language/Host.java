package oracle.language;

/** What the language is embedded in: it knows the operators. */
public interface Host {
    /** {@code name(arguments)}, where {@code name} is no plain function. */
    Object call(String name, Arguments arguments);

    /** {@code target.name(arguments)}. */
    Object call(Object target, String name, Arguments arguments);

    /** {@code target.name}. */
    Object field(Object target, String name);
}
