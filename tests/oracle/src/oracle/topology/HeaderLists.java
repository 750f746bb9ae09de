package oracle.topology;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/** Headers as the language and the cases write them: a list of {@code {key, value}} with the value as text. */
public final class HeaderLists {
    private HeaderLists() {
    }

    public static List<Object> list(Headers headers) {
        List<Object> list = new ArrayList<>();
        for (Header header : headers) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("key", header.key());
            entry.put("value", header.value() == null ? null : new String(header.value(), StandardCharsets.UTF_8));
            list.add(entry);
        }
        return list;
    }

    public static Headers headers(Object list) {
        Headers headers = new RecordHeaders();
        for (Object item : (List<?>) list) {
            Map<?, ?> entry = (Map<?, ?>) item;
            String value = (String) entry.get("value");
            headers.add((String) entry.get("key"), value == null ? null : value.getBytes(StandardCharsets.UTF_8));
        }
        return headers;
    }
}
