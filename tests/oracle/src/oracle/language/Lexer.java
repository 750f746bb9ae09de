package oracle.language;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Cuts the text of a topology into tokens. */
final class Lexer {
    enum Kind { TEXT, NUMBER, NAME, SYMBOL, END }

    record Token(Kind kind, String text) {
        boolean is(String symbol) {
            return kind == Kind.SYMBOL && text.equals(symbol);
        }
    }

    private static final Set<String> TWO_CHARACTERS = Set.of("->", "==", "!=", "<=", ">=", "&&", "||");

    private final String text;
    private final List<Token> tokens = new ArrayList<>();
    private int at;

    private Lexer(String text) {
        this.text = text;
    }

    /** The tokens in order; the last one, and no other, has the kind {@code END}. */
    static List<Token> tokens(String text) {
        Lexer lexer = new Lexer(text);
        while (lexer.at < text.length()) {
            lexer.next();
        }
        lexer.tokens.add(new Token(Kind.END, "the end"));
        return lexer.tokens;
    }

    private void next() {
        char first = text.charAt(at);
        if (Character.isWhitespace(first)) {
            at++;
        } else if (first == '\'') {
            quoted();
        } else if (Character.isDigit(first)) {
            int start = at;
            while (at < text.length() && (Character.isDigit(text.charAt(at)) || isDecimalPoint())) {
                at++;
            }
            tokens.add(new Token(Kind.NUMBER, text.substring(start, at)));
        } else if (Character.isJavaIdentifierStart(first)) {
            int start = at;
            while (at < text.length() && Character.isJavaIdentifierPart(text.charAt(at))) {
                at++;
            }
            tokens.add(new Token(Kind.NAME, text.substring(start, at)));
        } else {
            int length = at + 1 < text.length() && TWO_CHARACTERS.contains(text.substring(at, at + 2)) ? 2 : 1;
            tokens.add(new Token(Kind.SYMBOL, text.substring(at, at + length)));
            at += length;
        }
    }

    /** A dot is part of a number only when a digit follows: {@code 1.5}, but not {@code 5.field}. */
    private boolean isDecimalPoint() {
        return text.charAt(at) == '.' && at + 1 < text.length() && Character.isDigit(text.charAt(at + 1));
    }

    private void quoted() {
        StringBuilder content = new StringBuilder();
        for (at++; text.charAt(at) != '\''; at++) {
            if (text.charAt(at) == '\\') {
                at++;
                content.append(switch (text.charAt(at)) {
                    case 'n' -> '\n';
                    case 't' -> '\t';
                    default -> text.charAt(at);
                });
            } else {
                content.append(text.charAt(at));
            }
        }
        at++;
        tokens.add(new Token(Kind.TEXT, content.toString()));
    }
}
