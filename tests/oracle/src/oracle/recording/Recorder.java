package oracle.recording;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;

import oracle.language.Interpreter;
import oracle.language.LanguageException;
import oracle.topology.TopologyHost;

/** Runs a case on Kafka Streams: what came out is put in, whatever the case said before. */
public final class Recorder {
    /** The fields that a recording fills; the others say what to run. */
    static final List<String> RECORDED =
        List.of("describe", "stores", "changelog", "dropped_records", "build_error");

    /** Windows and unmatched results are to be looked at with every record, whatever time it is. */
    private static final Map<String, String> WITHOUT_THROTTLES = Map.of(
        "__emit.interval.ms.kstreams.outer.join.spurious.results.fix__", "0",
        "__emit.interval.ms.kstreams.windowed.aggregation__", "0");

    private Recorder() {
    }

    /**
     * Records a case in place.
     *
     * @throws LanguageException where the interpreter lacks what the topology asks for
     */
    public static void record(ObjectNode run) throws IOException, ReflectiveOperationException {
        RECORDED.forEach(run::remove);
        Path state = Files.createTempDirectory("oracle-state");
        try {
            record(run, properties(run.get("config"), state));
        } finally {
            delete(state);
        }
    }

    private static void record(ObjectNode run, Properties properties) throws ReflectiveOperationException {
        Interpreter interpreter = new Interpreter();
        Instant start = Instant.ofEpochMilli(run.at("/config/initial_wall_clock_ms").asLong());
        TopologyTestDriver driver;
        try {
            Topology topology = TopologyHost.build(run.get("topology").textValue(), properties, interpreter);
            driver = new TopologyTestDriver(topology, properties, start);
            run.put("describe", withoutExtractors(topology.describe().toString()));
        } catch (LanguageException lacking) {
            throw lacking;
        } catch (RuntimeException refused) {
            run.set("build_error", Errors.node(refused));
            run.putArray("steps");
            return;
        }
        Run recorded = new Run(run, driver, interpreter);
        boolean finished = recorded.steps();
        recorded.end(finished);
        close(driver, finished);
    }

    /** Closing flushes caches, which throws once more behind an error that is recorded already. */
    private static void close(TopologyTestDriver driver, boolean finished) {
        try {
            driver.close();
        } catch (RuntimeException error) {
            if (finished) {
                throw error;
            }
        }
    }

    /** The name of a topic-name extractor is that of a Java class. */
    private static String withoutExtractors(String description) {
        return description.replaceAll("extractor class: [^)]*", "extractor class: <extractor>");
    }

    private static Properties properties(JsonNode config, Path state) {
        Properties properties = new Properties();
        properties.putAll(WITHOUT_THROTTLES);
        properties.put("bootstrap.servers", "unused:1");
        properties.put("state.dir", state.toString());
        config.properties().forEach(entry -> properties.put(entry.getKey(), entry.getValue().asText()));
        properties.remove("initial_wall_clock_ms");
        return properties;
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> paths = Files.walk(directory)) {
            paths.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
        }
    }
}
