package oracle.recording;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.streams.TopologyTestDriver;

import oracle.language.Interpreter;
import oracle.language.Json;
import oracle.language.LanguageException;
import oracle.topology.HeaderLists;
import oracle.topology.NamedSerdes;

/** One run of a case through a driver, step by step. */
final class Run {
    /** Headers of dead-letter records whose text each implementation words in its own way. */
    private static final Set<String> ANY_TEXT = Set.of(
        "__streams.errors.exception", "__streams.errors.message", "__streams.errors.stacktrace");

    private final ObjectNode run;
    private final TopologyTestDriver driver;
    private final Interpreter interpreter;
    private final OpenDriver open;
    private final String internalPrefix;
    private final Map<String, ArrayNode> internal = new TreeMap<>();
    private final Set<Object> keys = new LinkedHashSet<>();

    Run(ObjectNode run, TopologyTestDriver driver, Interpreter interpreter) throws ReflectiveOperationException {
        this.run = run;
        this.driver = driver;
        this.interpreter = interpreter;
        this.open = new OpenDriver(driver);
        this.internalPrefix = run.at("/config/application.id").textValue() + "-";
    }

    /** Runs all steps; false where one of them throws, which ends the recording. */
    boolean steps() {
        ArrayNode steps = (ArrayNode) run.get("steps");
        for (int number = 0; number < steps.size(); number++) {
            ObjectNode step = (ObjectNode) steps.get(number);
            step.remove(List.of("out", "log", "error"));
            try {
                run(step);
            } catch (RuntimeException error) {
                if (Errors.root(error) instanceof LanguageException lacking) {
                    throw lacking;
                }
                step.set("error", Errors.node(error));
            }
            outputs(step, number);
            List<Object> log = interpreter.takeLog();
            if (!log.isEmpty()) {
                step.set("log", Json.node(log));
            }
            if (step.has("error")) {
                while (steps.size() > number + 1) {
                    steps.remove(number + 1);
                }
                return false;
            }
        }
        return true;
    }

    /** What a run leaves behind; after an error nobody looks into the stores. */
    void end(boolean finished) {
        if (finished) {
            run.set("stores", StoreContents.of(driver, keys));
        }
        ObjectNode changelog = run.putObject("changelog");
        internal.forEach(changelog::set);
        double dropped = driver.metrics().entrySet().stream()
            .filter(metric -> metric.getKey().name().equals("dropped-records-total"))
            .mapToDouble(metric -> ((Number) metric.getValue().metricValue()).doubleValue())
            .sum();
        run.put("dropped_records", (long) dropped);
    }

    private void run(ObjectNode step) {
        if (step.has("pipe")) {
            pipe(step.get("pipe"));
        } else {
            driver.advanceWallClockTime(Duration.ofMillis(step.get("advance_wall_clock_ms").longValue()));
        }
    }

    private void pipe(JsonNode pipe) {
        String topic = pipe.get("topic").textValue();
        Headers headers = pipe.has("headers")
            ? HeaderLists.headers(Json.value(pipe.get("headers")))
            : new RecordHeaders();
        byte[] key = encode(topic, "key", pipe.get("key"));
        byte[] value = encode(topic, "value", pipe.get("value"));
        if (key != null) {
            keys.add(Json.value(pipe.get("key")));
        }
        open.pipe(topic, pipe.get("ts").longValue(), key, value, headers);
    }

    private byte[] encode(String topic, String part, JsonNode form) {
        if (form.has("raw_hex")) {
            return Hex.bytes(form.get("raw_hex").textValue());
        }
        return form.isNull() ? null : serde(topic, part).serializer().serialize(topic, Json.value(form));
    }

    private Serde<Object> serde(String topic, String part) {
        return NamedSerdes.parse(run.get("serdes").get(topic).get(part).textValue());
    }

    private void outputs(ObjectNode step, int number) {
        ArrayNode out = step.putArray("out");
        for (ProducerRecord<byte[], byte[]> record : open.takeOutput()) {
            ObjectNode node;
            if (record.topic().startsWith(internalPrefix)) {
                node = internal.computeIfAbsent(record.topic(), topic -> Json.MAPPER.createArrayNode()).addObject();
                node.put("step", number);
            } else {
                node = out.addObject();
                node.put("topic", record.topic());
                node.set("key", shown(record.topic(), "key", record.key()));
                node.set("value", shown(record.topic(), "value", record.value()));
            }
            node.put("ts", record.timestamp());
            node.put("key_hex", Hex.text(record.key()));
            node.put("value_hex", Hex.text(record.value()));
            headers(record.headers(), node);
        }
    }

    /** The JSON form of what was written, for readers: bytes that its serde does not read stand as they are. */
    private JsonNode shown(String topic, String part, byte[] bytes) {
        if (bytes == null) {
            return Json.MAPPER.nullNode();
        }
        try {
            return StoreContents.key(serde(topic, part).deserializer().deserialize(topic, bytes));
        } catch (RuntimeException unreadable) {
            return Json.MAPPER.createObjectNode().put("raw_hex", Hex.text(bytes));
        }
    }

    private static void headers(Headers headers, ObjectNode node) {
        JsonNode list = Json.node(HeaderLists.list(headers));
        for (JsonNode header : list) {
            if (ANY_TEXT.contains(header.get("key").textValue())) {
                ((ObjectNode) header).put("value", "<implementation-specific>");
            }
        }
        if (!list.isEmpty()) {
            node.set("headers", list);
        }
    }
}
