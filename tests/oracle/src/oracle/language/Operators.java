package oracle.language;

import java.util.Objects;

/** What the operators of the language compute: 64-bit integers that wrap, 64-bit floats, text. */
public final class Operators {
    private Operators() {
    }

    /** A condition that is no boolean is true when it is not null. */
    static boolean truth(Object value) {
        return value instanceof Boolean truth ? truth : value != null;
    }

    static Object negate(Object value) {
        if (value instanceof Double number) {
            return -number;
        }
        return -(Long) value;
    }

    static Expression binary(String operator, Expression left, Expression right) {
        return switch (operator) {
            case "||" -> scope -> truth(left.evaluate(scope)) || truth(right.evaluate(scope));
            case "&&" -> scope -> truth(left.evaluate(scope)) && truth(right.evaluate(scope));
            default -> scope -> apply(operator, left.evaluate(scope), right.evaluate(scope));
        };
    }

    private static Object apply(String operator, Object left, Object right) {
        return switch (operator) {
            case "==" -> equal(left, right);
            case "!=" -> !equal(left, right);
            case "<" -> compare(left, right) < 0;
            case "<=" -> compare(left, right) <= 0;
            case ">" -> compare(left, right) > 0;
            case ">=" -> compare(left, right) >= 0;
            default -> left instanceof String || right instanceof String
                ? concatenate(operator, left, right)
                : arithmetic(operator, left, right);
        };
    }

    private static boolean equal(Object left, Object right) {
        return left instanceof Number a && right instanceof Number b && (a instanceof Double || b instanceof Double)
            ? a.doubleValue() == b.doubleValue()
            : Objects.equals(left, right);
    }

    static int compare(Object left, Object right) {
        if (left instanceof String text) {
            return text.compareTo((String) right);
        }
        if (left instanceof Long a && right instanceof Long b) {
            return a.compareTo(b);
        }
        return Double.compare(((Number) left).doubleValue(), ((Number) right).doubleValue());
    }

    private static String concatenate(String operator, Object left, Object right) {
        if (!operator.equals("+")) {
            throw new ClassCastException("text has no operator " + operator);
        }
        return text(left) + text(right);
    }

    private static Object arithmetic(String operator, Object left, Object right) {
        if (left instanceof Double || right instanceof Double) {
            double a = ((Number) left).doubleValue();
            double b = ((Number) right).doubleValue();
            return switch (operator) {
                case "+" -> a + b;
                case "-" -> a - b;
                case "*" -> a * b;
                case "/" -> a / b;
                default -> a % b;
            };
        }
        long a = (Long) left;
        long b = (Long) right;
        return switch (operator) {
            case "+" -> a + b;
            case "-" -> a - b;
            case "*" -> a * b;
            case "/" -> a / b;
            default -> a % b;
        };
    }

    /** How a value reads as text: lists and objects are compact JSON. */
    static String text(Object value) {
        return value instanceof java.util.List || value instanceof java.util.Map
            ? Json.write(value)
            : String.valueOf(value);
    }
}
