package oracle.language;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import oracle.language.Lexer.Kind;
import oracle.language.Lexer.Token;

/** Recursive descent over the tokens: each method reads one level of the grammar and gives what evaluates it. */
final class Parser {
    /** Binary operators by rising strength. */
    private static final List<List<String>> LEVELS = List.of(
        List.of("||"), List.of("&&"), List.of("==", "!=", "<", "<=", ">", ">="), List.of("+", "-"), List.of("*", "/", "%"));

    private final List<Token> tokens;
    private final Host host;
    private final PlainFunctions functions;
    private int at;

    Parser(String text, Host host, PlainFunctions functions) {
        this.tokens = Lexer.tokens(text);
        this.host = host;
        this.functions = functions;
    }

    boolean atEnd() {
        return peek().kind() == Kind.END;
    }

    /** One statement: {@code name = expression} binds, an expression alone is evaluated for what it does. */
    Expression statement() {
        if (peek().kind() == Kind.NAME && peek(1).is("=")) {
            String name = next().text();
            next();
            Expression value = expression();
            return scope -> {
                scope.bind(name, value.evaluate(scope));
                return null;
            };
        }
        return expression();
    }

    Expression expression() {
        List<String> parameters = parameters();
        if (parameters != null) {
            Expression body = expression();
            return scope -> new Function(parameters, body, scope);
        }
        Expression condition = binary(0);
        if (!accept("?")) {
            return condition;
        }
        Expression yes = expression();
        expect(":");
        Expression no = expression();
        return scope -> (Operators.truth(condition.evaluate(scope)) ? yes : no).evaluate(scope);
    }

    /** Reads {@code v ->} or {@code (k, v) ->}; null, and nothing read, where no function begins. */
    private List<String> parameters() {
        int start = at;
        List<String> names = new ArrayList<>();
        if (accept("(")) {
            while (peek().kind() == Kind.NAME) {
                names.add(next().text());
                accept(",");
            }
            if (accept(")") && accept("->")) {
                return names;
            }
        } else if (peek().kind() == Kind.NAME) {
            names.add(next().text());
            if (accept("->")) {
                return names;
            }
        }
        at = start;
        return null;
    }

    private Expression binary(int level) {
        if (level == LEVELS.size()) {
            return unary();
        }
        Expression left = binary(level + 1);
        while (peek().kind() == Kind.SYMBOL && LEVELS.get(level).contains(peek().text())) {
            left = Operators.binary(next().text(), left, binary(level + 1));
        }
        return left;
    }

    private Expression unary() {
        if (accept("!")) {
            Expression operand = unary();
            return scope -> !Operators.truth(operand.evaluate(scope));
        }
        if (accept("-")) {
            Expression operand = unary();
            return scope -> Operators.negate(operand.evaluate(scope));
        }
        return postfix();
    }

    private Expression postfix() {
        Expression target = atom();
        while (true) {
            if (accept(".")) {
                target = member(target, next().text());
            } else if (accept("[")) {
                target = element(target);
            } else {
                return target;
            }
        }
    }

    private Expression member(Expression target, String name) {
        if (!peek().is("(")) {
            return scope -> host.field(target.evaluate(scope), name);
        }
        ParsedArguments arguments = arguments();
        return scope -> host.call(target.evaluate(scope), name, arguments.evaluate(scope));
    }

    private Expression element(Expression target) {
        Expression index = expression();
        expect("]");
        return scope -> {
            Object container = target.evaluate(scope);
            Object key = index.evaluate(scope);
            return container instanceof List<?> list
                ? list.get(Math.toIntExact((Long) key))
                : ((Map<?, ?>) container).get(key);
        };
    }

    private Expression atom() {
        Token token = next();
        return switch (token.kind()) {
            case TEXT -> constant(token.text());
            case NUMBER -> constant(token.text().contains(".")
                ? (Object) Double.valueOf(token.text())
                : (Object) Long.valueOf(token.text()));
            case NAME -> named(token.text());
            case SYMBOL -> switch (token.text()) {
                case "(" -> {
                    Expression inner = expression();
                    expect(")");
                    yield inner;
                }
                case "[" -> list();
                case "{" -> object();
                default -> throw unexpected(token);
            };
            case END -> throw unexpected(token);
        };
    }

    private static Expression constant(Object value) {
        return scope -> value;
    }

    private Expression named(String name) {
        switch (name) {
            case "true": return constant(true);
            case "false": return constant(false);
            case "null": return constant(null);
            default:
        }
        if (!peek().is("(")) {
            return scope -> scope.value(name);
        }
        ParsedArguments arguments = arguments();
        return scope -> {
            Arguments evaluated = arguments.evaluate(scope);
            return functions.has(name) ? functions.call(name, evaluated) : host.call(name, evaluated);
        };
    }

    private Expression list() {
        List<Expression> items = new ArrayList<>();
        while (!accept("]")) {
            items.add(expression());
            accept(",");
        }
        return scope -> evaluateAll(items, scope);
    }

    private Expression object() {
        Map<String, Expression> members = new LinkedHashMap<>();
        while (!accept("}")) {
            String name = next().text();
            expect(":");
            members.put(name, expression());
            accept(",");
        }
        return scope -> evaluateAll(members, scope);
    }

    private record ParsedArguments(List<Expression> positional, Map<String, Expression> options) {
        Arguments evaluate(Scope scope) {
            return new Arguments(evaluateAll(positional, scope), evaluateAll(options, scope));
        }
    }

    private ParsedArguments arguments() {
        expect("(");
        ParsedArguments arguments = new ParsedArguments(new ArrayList<>(), new LinkedHashMap<>());
        while (!accept(")")) {
            if (peek().kind() == Kind.NAME && peek(1).is(":")) {
                String name = next().text();
                next();
                arguments.options.put(name, expression());
            } else {
                arguments.positional.add(expression());
            }
            accept(",");
        }
        return arguments;
    }

    private static List<Object> evaluateAll(List<Expression> expressions, Scope scope) {
        List<Object> values = new ArrayList<>();
        expressions.forEach(expression -> values.add(expression.evaluate(scope)));
        return values;
    }

    private static Map<String, Object> evaluateAll(Map<String, Expression> expressions, Scope scope) {
        Map<String, Object> values = new LinkedHashMap<>();
        expressions.forEach((name, expression) -> values.put(name, expression.evaluate(scope)));
        return values;
    }

    private Token peek() {
        return tokens.get(at);
    }

    private Token peek(int distance) {
        return tokens.get(Math.min(at + distance, tokens.size() - 1));
    }

    private Token next() {
        return tokens.get(at++);
    }

    private boolean accept(String symbol) {
        boolean there = peek().is(symbol);
        if (there) {
            at++;
        }
        return there;
    }

    private void expect(String symbol) {
        if (!accept(symbol)) {
            throw new LanguageException("expected " + symbol + ", found " + peek().text());
        }
    }

    private static LanguageException unexpected(Token token) {
        return new LanguageException("no expression begins with " + token.text());
    }
}
