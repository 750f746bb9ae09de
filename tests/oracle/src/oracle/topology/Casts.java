package oracle.topology;

/** The language is untyped, Kafka Streams is not: here, and only here, the two meet. */
final class Casts {
    private Casts() {
    }

    @SuppressWarnings("unchecked")
    static <T> T cast(Object value) {
        return (T) value;
    }
}
