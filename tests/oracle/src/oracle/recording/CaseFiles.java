package oracle.recording;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.node.ObjectNode;

import oracle.language.Json;

/** Cases on disk: {@code <group>/<name>.json}. */
public final class CaseFiles {
    private CaseFiles() {
    }

    /** The recorded runs of a folder, by path; lists of byte vectors are none. */
    public static List<ObjectNode> read(Path folder) throws IOException {
        try (Stream<Path> paths = Files.walk(folder)) {
            return paths.filter(path -> path.toString().endsWith(".json"))
                .sorted()
                .map(CaseFiles::parse)
                .filter(run -> run.has("topology_id"))
                .toList();
        }
    }

    private static ObjectNode parse(Path file) {
        try {
            return (ObjectNode) Json.MAPPER.readTree(file.toFile());
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    public static void write(Path folder, ObjectNode run) throws IOException {
        Path file = folder.resolve(run.get("group").textValue()).resolve(run.get("name").textValue() + ".json");
        Files.createDirectories(file.getParent());
        Json.MAPPER.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), run);
    }
}
