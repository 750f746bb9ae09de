package oracle.generation;

import java.util.Random;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Values for a topic: those of its pool, and others of the same form. */
final class Values {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final String serde;
    private final Pool pool;
    private final Random random;
    /** Now and then text of some hundred bytes, for buffers and caches with a size. */
    private final boolean lengthy;

    Values(String serde, Pool pool, Random random) {
        this.serde = serde;
        this.pool = pool;
        this.random = random;
        this.lengthy = random.nextInt(10) < 3;
    }

    JsonNode next() {
        JsonNode given = pool.value(random);
        if (serde.equals("long") && (given == null || random.nextBoolean())) {
            return NODES.numberNode((long) random.nextInt(13));
        }
        if (serde.equals("string") && (given == null || random.nextInt(10) >= 6)) {
            return NODES.textNode(text());
        }
        return given == null ? NODES.nullNode() : given.isObject() ? mixed((ObjectNode) given) : given;
    }

    private String text() {
        if (lengthy && random.nextInt(10) == 0) {
            return "L".repeat(50 + random.nextInt(250));
        }
        return new String[] {"v", "w", ""}[random.nextInt(3)] + random.nextInt(21);
    }

    /** An object with members of another one and other small numbers. */
    private ObjectNode mixed(ObjectNode given) {
        ObjectNode mixed = given.deepCopy();
        JsonNode other = pool.value(random);
        given.fieldNames().forEachRemaining(name -> {
            if (other.has(name) && random.nextBoolean()) {
                mixed.set(name, other.get(name));
            }
            if (mixed.get(name).isIntegralNumber() && random.nextInt(10) < 4) {
                mixed.put(name, random.nextInt(10));
            }
        });
        return mixed;
    }
}
