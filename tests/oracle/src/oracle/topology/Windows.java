package oracle.topology;

import java.time.Duration;
import java.time.Instant;

import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.UnlimitedWindows;

import oracle.language.Arguments;

/** The windows that the language names, checked by Kafka Streams as they are made; no {@code grace:} is a grace of 0. */
final class Windows {
    private Windows() {
    }

    static TimeWindows tumbling(Arguments call) {
        Duration size = Options.milliseconds(call.get(0));
        return call.has("grace")
            ? TimeWindows.ofSizeAndGrace(size, Options.milliseconds(call.option("grace")))
            : TimeWindows.ofSizeWithNoGrace(size);
    }

    static TimeWindows hopping(Arguments call) {
        return tumbling(call).advanceBy(Options.milliseconds(call.get(1)));
    }

    static SlidingWindows sliding(Arguments call) {
        Duration difference = Options.milliseconds(call.get(0));
        return call.has("grace")
            ? SlidingWindows.ofTimeDifferenceAndGrace(difference, Options.milliseconds(call.option("grace")))
            : SlidingWindows.ofTimeDifferenceWithNoGrace(difference);
    }

    static SessionWindows session(Arguments call) {
        Duration gap = Options.milliseconds(call.get(0));
        return call.has("grace")
            ? SessionWindows.ofInactivityGapAndGrace(gap, Options.milliseconds(call.option("grace")))
            : SessionWindows.ofInactivityGapWithNoGrace(gap);
    }

    static UnlimitedWindows unlimited(Arguments call) {
        return UnlimitedWindows.of().startOn(Instant.ofEpochMilli(call.number(0)));
    }

    static JoinWindows within(Arguments call) {
        Duration difference = Options.milliseconds(call.get(0));
        JoinWindows windows = call.has("grace")
            ? JoinWindows.ofTimeDifferenceAndGrace(difference, Options.milliseconds(call.option("grace")))
            : JoinWindows.ofTimeDifferenceWithNoGrace(difference);
        if (call.has("before")) {
            windows = windows.before(Options.milliseconds(call.option("before")));
        }
        return call.has("after") ? windows.after(Options.milliseconds(call.option("after"))) : windows;
    }
}
