package oracle;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.regex.Pattern;

import com.fasterxml.jackson.databind.node.ObjectNode;

import oracle.generation.Generator;
import oracle.recording.CaseFiles;
import oracle.recording.Recorder;
import oracle.recording.SelfCheck;

/** The command line, as {@code scripts/oracle.sh} calls it. */
public final class Oracle {
    private static final String USAGE = """
        usage: oracle.Oracle check CASES
               oracle.Oracle record CASES FOLDER SEED PER_TOPOLOGY CACHE_SIZES PATTERN""";

    private Oracle() {
    }

    public static void main(String[] arguments) throws IOException {
        boolean good;
        if (arguments.length == 2 && arguments[0].equals("check")) {
            good = check(CaseFiles.read(Path.of(arguments[1])));
        } else if (arguments.length == 7 && arguments[0].equals("record")) {
            List<Long> cacheSizes = Arrays.stream(arguments[5].split(",")).map(Long::valueOf).toList();
            Generator generator =
                new Generator(CaseFiles.read(Path.of(arguments[1])), Long.parseLong(arguments[3]), cacheSizes);
            List<ObjectNode> runs = generator.runs(Integer.parseInt(arguments[4]), Pattern.compile(arguments[6]));
            good = record(runs, Path.of(arguments[2]));
        } else {
            System.err.println(USAGE);
            good = false;
        }
        System.exit(good ? 0 : 1);
    }

    private static boolean check(List<ObjectNode> cases) {
        Map<String, List<String>> different = new ConcurrentSkipListMap<>();
        cases.parallelStream().forEach(given -> {
            List<String> differences = SelfCheck.differences(given);
            if (!differences.isEmpty()) {
                different.put(given.get("name").textValue(), differences);
            }
        });
        different.forEach((name, differences) -> {
            System.out.println("DIFFERENT " + name);
            differences.forEach(line -> System.out.println("    " + line));
        });
        System.out.printf("%d given cases, %d recorded equal%n", cases.size(), cases.size() - different.size());
        return different.isEmpty();
    }

    private static boolean record(List<ObjectNode> runs, Path folder) {
        Map<String, String> failed = new ConcurrentSkipListMap<>();
        runs.parallelStream().forEach(run -> {
            try {
                Recorder.record(run);
                CaseFiles.write(folder, run);
            } catch (IOException | ReflectiveOperationException | RuntimeException error) {
                failed.put(run.get("name").textValue(), error.toString());
            }
        });
        failed.forEach((name, error) -> System.out.println("NOT RECORDED " + name + ": " + error));
        System.out.printf("%d runs recorded%n", runs.size() - failed.size());
        return failed.isEmpty() && !runs.isEmpty();
    }
}
