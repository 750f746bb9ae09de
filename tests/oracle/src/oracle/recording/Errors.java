package oracle.recording;

import com.fasterxml.jackson.databind.node.ObjectNode;

import oracle.language.Json;

/** An exception as a case names it. */
final class Errors {
    private Errors() {
    }

    static Throwable root(Throwable error) {
        Throwable root = error;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root;
    }

    static ObjectNode node(Throwable error) {
        Throwable root = root(error);
        return Json.MAPPER.createObjectNode()
            .put("kind", error.getClass().getSimpleName())
            .put("root", root.getClass().getSimpleName())
            .put("root_message", String.valueOf(root.getMessage()));
    }
}
