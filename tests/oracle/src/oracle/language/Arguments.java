package oracle.language;

import java.util.List;
import java.util.Map;

/** The evaluated arguments of a call: those by position and the {@code name: value} options. */
public record Arguments(List<Object> positional, Map<String, Object> options) {
    public int count() {
        return positional.size();
    }

    public Object get(int position) {
        return position < positional.size() ? positional.get(position) : null;
    }

    public String text(int position) {
        return (String) get(position);
    }

    public long number(int position) {
        return (Long) get(position);
    }

    public Function function(int position) {
        return (Function) get(position);
    }

    public boolean has(String option) {
        return options.containsKey(option);
    }

    public Object option(String name) {
        return options.get(name);
    }

    public String textOption(String name) {
        return (String) options.get(name);
    }

    public Long numberOption(String name) {
        return (Long) options.get(name);
    }

    public Function functionOption(String name) {
        return (Function) options.get(name);
    }

    /** True when the option is there and has this value; an option left out is neither true nor false. */
    public boolean is(String option, Object value) {
        return value.equals(options.get(option));
    }

    /** A list of texts; empty where the option is left out. */
    public List<String> textsOption(String name) {
        Object list = options.getOrDefault(name, List.of());
        return ((List<?>) list).stream().map(String.class::cast).toList();
    }
}
