package oracle.generation;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** A random input for a topology: records on its topics, nulls and late ones among them, and moves of the wall clock. */
final class Script {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    /**
     * Topologies without null keys: here Kafka Streams fails by a defect (the buffer of a left join with a grace period
     * refuses the null key that the join without one accepts), and we do not.
     */
    private static final Set<String> WITHOUT_NULL_KEYS = Set.of("stream-versioned-table-grace-left");
    private static final int LEAST_STEPS = 50;
    private static final int MOST_STEPS = 160;

    private record Topic(String name, List<JsonNode> keys, Values values, boolean mayBeUnreadable) {
    }

    private final Random random;
    private final Clock clock;
    private final List<Topic> topics = new ArrayList<>();
    /** One topic that gets more records than the others. */
    private final Topic favourite;
    private final boolean nullValues;
    private final boolean nullKeys;

    /** {@code run} is to have its topology, configuration and serdes; {@code pools} is by topic. */
    Script(ObjectNode run, Map<String, Pool> pools, Random random) {
        this.random = random;
        this.clock = new Clock(Parameters.durations(run.get("topology").textValue()), random);
        // A record that is not read ends a run, unless a handler goes on.
        boolean handled = run.get("config").has("deserialization.exception.handler");
        new TreeMap<>(pools).forEach((name, pool) -> {
            JsonNode serdes = run.get("serdes").get(name);
            Values values = new Values(serdes.get("value").textValue(), pool, random);
            topics.add(new Topic(name, keys(serdes, pool), values, handled && pool.hasUnreadable()));
        });
        this.favourite = topics.get(random.nextInt(topics.size()));
        this.nullValues = random.nextInt(10) < 6;
        boolean refused = WITHOUT_NULL_KEYS.contains(run.get("topology_id").textValue());
        this.nullKeys = random.nextInt(10) < 4 && !refused;
    }

    private List<JsonNode> keys(JsonNode serdes, Pool pool) {
        List<JsonNode> keys = new ArrayList<>(pool.someKeys(random));
        boolean text = serdes.get("key").textValue().equals("string");
        if (text && random.nextInt(10) < 3) {
            // Its bytes begin with those of the key "a", which must not mix their rows.
            keys.add(NODES.textNode("aa"));
        }
        if (keys.isEmpty()) {
            keys.add(text ? NODES.textNode("a") : NODES.nullNode());
        }
        return keys;
    }

    ArrayNode steps() {
        ArrayNode steps = NODES.arrayNode();
        int count = LEAST_STEPS + random.nextInt(MOST_STEPS - LEAST_STEPS + 1);
        for (int number = 0; number < count; number++) {
            if (random.nextInt(100) < 3) {
                int time = new int[] {1, 10, 50, 1000}[random.nextInt(4)];
                steps.addObject().put("advance_wall_clock_ms", time);
            } else {
                record(number, steps.addObject().putObject("pipe"));
            }
        }
        return steps;
    }

    private void record(int number, ObjectNode pipe) {
        Topic topic = random.nextInt(10) < 8 ? topics.get(random.nextInt(topics.size())) : favourite;
        pipe.put("topic", topic.name);
        boolean nullKey = nullKeys && random.nextInt(100) < 4;
        pipe.set("key", nullKey ? NODES.nullNode() : topic.keys.get(random.nextInt(topic.keys.size())));
        pipe.set("value", value(topic));
        pipe.put("ts", clock.next());
        if (random.nextInt(100) < 5) {
            pipe.putArray("headers").addObject().put("key", "h").put("value", String.valueOf(number));
        }
    }

    private JsonNode value(Topic topic) {
        if (topic.mayBeUnreadable && random.nextInt(100) < 5) {
            return NODES.objectNode().put("raw_hex", "0001");
        }
        return nullValues && random.nextInt(100) < 12 ? NODES.nullNode() : topic.values.next();
    }
}
