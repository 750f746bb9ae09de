package oracle.generation;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Makes runs of known topologies with other parameters, configurations and inputs. A seed gives the same runs again. */
public final class Generator {
    private final long seed;
    private final List<Long> cacheSizes;
    private final Map<String, List<ObjectNode>> topologies = new LinkedHashMap<>();

    /** {@code cases}: the given ones; those with the same {@code topology_id} teach a topology's keys and values. */
    public Generator(List<ObjectNode> cases, long seed, List<Long> cacheSizes) {
        this.seed = seed;
        this.cacheSizes = cacheSizes;
        for (ObjectNode given : cases) {
            boolean runs = !given.has("build_error") && !given.findValues("pipe").isEmpty();
            if (runs) {
                topologies.computeIfAbsent(given.get("topology_id").textValue(), id -> new ArrayList<>()).add(given);
            }
        }
    }

    /** Runs of the topologies whose {@code group/topology_id} the pattern finds, with nothing recorded in them yet. */
    public List<ObjectNode> runs(int perTopology, Pattern wanted) {
        List<ObjectNode> runs = new ArrayList<>();
        topologies.forEach((id, cases) -> {
            String group = cases.get(0).get("group").textValue();
            if (wanted.matcher(group + "/" + id).find()) {
                Map<String, Pool> pools = pools(cases);
                for (int number = 0; number < perTopology; number++) {
                    runs.add(run(id, number, cases, pools));
                }
            }
        });
        return runs;
    }

    private static Map<String, Pool> pools(List<ObjectNode> cases) {
        Map<String, Pool> pools = new LinkedHashMap<>();
        for (ObjectNode given : cases) {
            for (JsonNode pipe : given.findValues("pipe")) {
                pools.computeIfAbsent(pipe.get("topic").textValue(), topic -> Pool.of(cases, topic));
            }
        }
        return pools;
    }

    private ObjectNode run(String id, int number, List<ObjectNode> cases, Map<String, Pool> pools) {
        Random random = new Random((seed * 31 + id.hashCode()) * 31 + number);
        ObjectNode base = cases.get(random.nextInt(cases.size()));
        ObjectNode given = (ObjectNode) base.get("params");
        ObjectNode parameters = random.nextInt(4) == 0 ? given.deepCopy() : Parameters.varied(given, random);
        ObjectNode run = JsonNodeFactory.instance.objectNode();
        run.put("name", id + "-" + seed + "-" + number);
        run.put("group", base.get("group").textValue());
        run.put("about", "made by tests/oracle from " + base.get("name").textValue());
        run.put("topology_id", id);
        run.set("params", parameters);
        run.put("topology", Parameters.replaced(base.get("topology").textValue(), given, parameters));
        run.set("config", config(base, random));
        run.set("serdes", base.get("serdes"));
        run.set("steps", new Script(run, pools, random).steps());
        return run;
    }

    private ObjectNode config(ObjectNode base, Random random) {
        ObjectNode config = base.get("config").deepCopy();
        config.put("statestore.cache.max.bytes", cacheSizes.get(random.nextInt(cacheSizes.size())));
        if (random.nextInt(3) == 0) {
            config.put("topology.optimization", "all");
        } else if (random.nextInt(5) == 0) {
            config.remove("topology.optimization");
        }
        return config;
    }
}
