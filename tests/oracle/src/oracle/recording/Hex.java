package oracle.recording;

import java.util.HexFormat;

/** Bytes as the cases write them; null stands for no bytes. */
public final class Hex {
    private Hex() {
    }

    public static String text(byte[] bytes) {
        return bytes == null ? null : HexFormat.of().formatHex(bytes);
    }

    public static byte[] bytes(String text) {
        return HexFormat.of().parseHex(text);
    }
}
