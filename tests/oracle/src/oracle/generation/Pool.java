package oracle.generation;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Keys and values that the given cases of a topology pipe to one topic: examples that its functions understand. */
final class Pool {
    private final Set<JsonNode> keys = new LinkedHashSet<>();
    private final Set<JsonNode> values = new LinkedHashSet<>();
    private boolean unreadable;

    static Pool of(List<ObjectNode> cases, String topic) {
        Pool pool = new Pool();
        for (ObjectNode given : cases) {
            for (JsonNode step : given.get("steps")) {
                if (step.at("/pipe/topic").asText().equals(topic)) {
                    pool.add(step.get("pipe"));
                }
            }
        }
        return pool;
    }

    private void add(JsonNode pipe) {
        if (!pipe.get("key").isNull()) {
            keys.add(pipe.get("key"));
        }
        if (pipe.get("value").has("raw_hex")) {
            unreadable = true;
        } else if (!pipe.get("value").isNull()) {
            values.add(pipe.get("value"));
        }
    }

    /** True where a case pipes bytes that the topic's serde does not read. */
    boolean hasUnreadable() {
        return unreadable;
    }

    /** A few of the keys, so that records meet. */
    List<JsonNode> someKeys(Random random) {
        List<JsonNode> shuffled = new ArrayList<>(keys);
        java.util.Collections.shuffle(shuffled, random);
        return shuffled.subList(0, Math.min(shuffled.size(), 2 + random.nextInt(4)));
    }

    /** One of the values; null where only nulls were piped. */
    JsonNode value(Random random) {
        return values.isEmpty() ? null : values.stream().skip(random.nextInt(values.size())).findFirst().orElseThrow();
    }
}
