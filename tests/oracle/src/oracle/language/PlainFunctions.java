package oracle.language;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** The functions of the language that touch no topology; {@code log} is their one side effect. */
final class PlainFunctions {
    private static final Pattern WORD = Pattern.compile("[a-z0-9]+");

    private final Map<String, java.util.function.Function<Arguments, Object>> functions = new HashMap<>();

    PlainFunctions(List<Object> log) {
        text();
        lists();
        objects();
        functions.put("pair", call -> new Pair(call.get(0), call.get(1)));
        functions.put("or", call -> call.get(0) == null ? call.get(1) : call.get(0));
        functions.put("let", call -> call.function(1).call(call.get(0)));
        functions.put("min", call -> Operators.compare(call.get(0), call.get(1)) <= 0 ? call.get(0) : call.get(1));
        functions.put("max", call -> Operators.compare(call.get(0), call.get(1)) >= 0 ? call.get(0) : call.get(1));
        functions.put("log", call -> {
            log.add(call.get(0));
            return null;
        });
        functions.put("fail", call -> {
            throw new IllegalStateException(call.text(0));
        });
    }

    boolean has(String name) {
        return functions.containsKey(name);
    }

    Object call(String name, Arguments arguments) {
        return functions.get(name).apply(arguments);
    }

    private void text() {
        functions.put("upper", call -> call.text(0).toUpperCase(Locale.ROOT));
        functions.put("lower", call -> call.text(0).toLowerCase(Locale.ROOT));
        functions.put("trim", call -> call.text(0).trim());
        functions.put("str", call -> Operators.text(call.get(0)));
        functions.put("to_long", call -> Long.parseLong(call.text(0)));
        functions.put("starts_with", call -> call.text(0).startsWith(call.text(1)));
        functions.put("split", call -> new ArrayList<>(Arrays.asList(call.text(0).split(Pattern.quote(call.text(1)), -1))));
        functions.put("words", call ->
            WORD.matcher(call.text(0).toLowerCase(Locale.ROOT)).results().map(MatchResult::group).toList());
    }

    private void lists() {
        functions.put("len", call -> call.get(0) instanceof List<?> list ? (long) list.size() : (long) call.text(0).length());
        functions.put("contains", call ->
            call.get(0) instanceof List<?> list ? list.contains(call.get(1)) : call.text(0).contains(call.text(1)));
        list("append", (list, item) -> list.add(item));
        list("concat", (list, other) -> list.addAll((List<?>) other));
        list("remove", (list, item) -> list.remove(item));
        list("keep", (list, condition) -> list.removeIf(item -> !((Function) condition).test(item)));
        changed("sort", call -> list -> {
            list.sort(Operators::compare);
            return list;
        });
        changed("sort_by", call -> list -> {
            list.sort((a, b) -> Operators.compare(call.function(1).call(a), call.function(1).call(b)));
            return list;
        });
        changed("reverse", call -> list -> {
            Collections.reverse(list);
            return list;
        });
        changed("take", call -> list -> list.subList(0, (int) Math.min(list.size(), call.number(1))));
        changed("each", call -> list -> {
            list.replaceAll(item -> call.function(1).call(item));
            return list;
        });
    }

    private void objects() {
        functions.put("set", call -> {
            Map<Object, Object> copy = new LinkedHashMap<>((Map<?, ?>) call.get(0));
            copy.put(call.get(1), call.get(2));
            return copy;
        });
        functions.put("get", call -> {
            // The language does not say what null has: nothing, as an object without the member.
            Object member = call.get(0) == null ? null : ((Map<?, ?>) call.get(0)).get(call.get(1));
            return member == null ? call.get(2) : member;
        });
    }

    /** A function that changes a copy of a list, as all values are immutable. */
    private void changed(String name, java.util.function.Function<Arguments, UnaryOperator<List<Object>>> change) {
        functions.put(name, call -> change.apply(call).apply(new ArrayList<>((List<?>) call.get(0))));
    }

    private void list(String name, BiFunction<List<Object>, Object, Boolean> change) {
        changed(name, call -> list -> {
            change.apply(list, call.get(1));
            return list;
        });
    }
}
