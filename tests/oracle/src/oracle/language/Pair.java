package oracle.language;

/** What {@code pair(k, v)} makes. */
public record Pair(Object key, Object value) {
}
