package oracle.recording;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

import oracle.language.Json;
import oracle.language.LanguageException;

/** The interpreter proves itself: it records given cases again, and both recordings must be equal. */
public final class SelfCheck {
    private SelfCheck() {
    }

    /** What differs; nothing where the recordings are equal. */
    public static List<String> differences(ObjectNode given) {
        ObjectNode again = given.deepCopy();
        try {
            Recorder.record(again);
        } catch (LanguageException lacking) {
            return List.of(lacking.getMessage());
        } catch (Exception error) {
            return List.of(error.toString());
        }
        List<String> differences = new ArrayList<>();
        if (given.has("build_error") != again.has("build_error")) {
            differences.add("build error: " + given.get("build_error") + " and " + again.get("build_error"));
        }
        for (String field : List.of("describe", "changelog", "dropped_records")) {
            compare(field, Json.value(given.get(field)), Json.value(again.get(field)), differences);
        }
        compare("stores", sets(given.path("stores")), sets(again.path("stores")), differences);
        compareSteps(given.path("steps"), again.path("steps"), differences);
        return differences;
    }

    private static void compareSteps(JsonNode given, JsonNode again, List<String> differences) {
        for (int number = 0; number < Math.max(given.size(), again.size()); number++) {
            compare("step " + number, step(given.get(number)), step(again.get(number)), differences);
        }
    }

    /** An error's words depend on the interpreter's own classes: that there is one is what counts. */
    private static Object step(JsonNode node) {
        Object step = Json.value(node);
        if (step instanceof Map<?, ?> members) {
            members.replaceAll((name, value) -> name.equals("error") ? null : value);
        }
        return step;
    }

    /** The rows of each store without their order, but as often as they stand there: a case lists a set. */
    private static Map<String, Object> sets(JsonNode stores) {
        Map<String, Object> sets = new TreeMap<>();
        stores.properties().forEach(store -> {
            Map<Object, Integer> rows = new HashMap<>();
            store.getValue().get("final").forEach(row -> rows.merge(Json.value(row), 1, Integer::sum));
            sets.put(store.getKey(), rows);
        });
        return sets;
    }

    private static void compare(String what, Object given, Object again, List<String> differences) {
        if (!Objects.equals(given, again)) {
            differences.add(what + ": given " + given + ", recorded " + again);
        }
    }
}
