package oracle.language;

/** A text that is no sentence of the language, or asks for something that the interpreter lacks. */
public final class LanguageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public LanguageException(String message) {
        super(message);
    }
}
