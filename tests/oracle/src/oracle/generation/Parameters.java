package oracle.generation;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** The parameters of a topology: other values for them, and the text of the topology with these. */
final class Parameters {
    /** Where in a text a parameter stands, as what is written before its value. */
    private static final Map<String, List<String>> PLACES = Map.ofEntries(
        Map.entry("size", List.of("tumbling\\(", "hopping\\(", "windowed\\(\\w+, ")),
        Map.entry("advance", List.of("hopping\\([^,]+, ")),
        Map.entry("grace", List.of("grace: ")),
        Map.entry("diff", List.of("sliding\\(", "within\\(", "windowed\\(\\w+, ")),
        Map.entry("gap", List.of("session\\(")),
        Map.entry("before", List.of("before: ")),
        Map.entry("after", List.of("after: ")),
        Map.entry("retention", List.of("retention: ")),
        Map.entry("history", List.of("versioned\\('\\w+', ")),
        Map.entry("limit", List.of("until_time_limit\\(")),
        Map.entry("max", List.of("max_records: ")),
        Map.entry("n", List.of("max_records: ")),
        Map.entry("min", List.of(">= ")));

    /** Values with their corners: nothing, one, just beside each other, far longer than a script. */
    private static final Map<String, long[]> CHOICES = Map.ofEntries(
        Map.entry("size", new long[] {1, 5, 10, 13, 20, 36, 50, 100}),
        Map.entry("grace", new long[] {0, 1, 5, 10, 30, 100}),
        Map.entry("diff", new long[] {1, 3, 5, 10, 17, 30}),
        Map.entry("gap", new long[] {1, 3, 5, 10, 17, 30}),
        Map.entry("before", new long[] {0, 1, 5, 10, 17, 30}),
        Map.entry("after", new long[] {0, 1, 5, 10, 17, 30}),
        Map.entry("limit", new long[] {0, 1, 5, 10, 30, 100}),
        Map.entry("max", new long[] {1, 2, 3, 4, 5}),
        Map.entry("n", new long[] {1, 2, 3, 4, 5}),
        Map.entry("min", new long[] {0, 1, 2, 3, 4, 5, 6}),
        Map.entry("history", new long[] {0, 5, 20, 100, 187, 500, 1000, 4000, 20000}));

    private Parameters() {
    }

    /** Other values for the parameters that are known here; the rest stays. */
    static ObjectNode varied(ObjectNode given, Random random) {
        ObjectNode varied = given.deepCopy();
        given.fieldNames().forEachRemaining(name -> {
            if (CHOICES.containsKey(name)) {
                varied.put(name, choice(CHOICES.get(name), random));
            }
        });
        if (varied.has("advance")) {
            varied.put("advance", 1 + random.nextInt(varied.get("size").intValue()));
        }
        if (varied.path("before").asInt(1) == 0 && varied.path("after").asInt(1) == 0) {
            // Kafka Streams cannot list the stores of a join whose window has no length.
            varied.put("after", 1);
        }
        if (varied.has("retention")) {
            long least = varied.path("size").longValue() + 2 * varied.path("diff").longValue()
                + varied.path("grace").longValue();
            varied.put("retention", least + choice(new long[] {20, 60, 200, 1000}, random));
        }
        return varied;
    }

    private static long choice(long[] values, Random random) {
        return values[random.nextInt(values.length)];
    }

    /**
     * The text with other values. All places are found before any is changed, because a new value may read like the
     * old value of another parameter.
     */
    static String replaced(String text, ObjectNode old, ObjectNode varied) {
        TreeMap<Integer, Replacement> places = new TreeMap<>();
        old.properties().forEach(parameter -> {
            String value = parameter.getValue().asText();
            for (String before : PLACES.getOrDefault(parameter.getKey(), List.of())) {
                Matcher found = Pattern.compile("(?<=" + bounded(before) + ")" + value + "\\b").matcher(text);
                while (found.find()) {
                    String with = varied.get(parameter.getKey()).asText();
                    places.put(found.start(), new Replacement(found.start(), found.end(), with));
                }
            }
        });
        StringBuilder replaced = new StringBuilder(text);
        places.descendingMap().values().forEach(place -> replaced.replace(place.start, place.end, place.with));
        return replaced.toString();
    }

    private record Replacement(int start, int end, String with) {
    }

    /** Java looks behind only as far as a pattern's greatest length says. */
    private static String bounded(String pattern) {
        return pattern.replace("+", "{1,20}");
    }

    /** All times that a text names in windows, graces, retentions, limits and histories. */
    static List<Long> durations(String text) {
        List<Long> durations = new ArrayList<>();
        Matcher found = DURATION.matcher(text);
        while (found.find()) {
            durations.add(Long.parseLong(found.group(1)));
        }
        return durations;
    }

    private static final Pattern DURATION = Pattern.compile(
        "(?:\\b(?:tumbling|hopping|sliding|session|within|until_time_limit)\\("
            + "|\\b(?:grace|before|after|retention|history): |versioned\\('\\w+', )(\\d+)");
}
