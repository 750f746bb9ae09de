package oracle.generation;

import java.util.List;
import java.util.Random;

/** Timestamps for a script: mostly a little later, sometimes late, now and then just at the edge of a window. */
final class Clock {
    private final Random random;
    /** The longest time of the topology: a record that late finds nothing any more. */
    private final long horizon;
    /** The longest of its short times: a window, as a rule. */
    private final long window;
    /** How far one record lies behind the other, at most, as a rule. */
    private final int unit;
    private long now;

    Clock(List<Long> durations, Random random) {
        this.random = random;
        this.horizon = durations.stream().mapToLong(Long::longValue).reduce(10, Math::max);
        this.window = durations.stream().mapToLong(Long::longValue).filter(time -> time <= 100).reduce(5, Math::max);
        this.unit = Math.toIntExact(new long[] {2, window / 4 + 1, window / 2 + 1}[random.nextInt(3)]);
        this.now = random.nextInt(101);
    }

    long next() {
        int step = random.nextInt(100);
        if (step < 50) {
            now += random.nextInt(unit + 1);
        } else if (step < 60) {
            now += upTo(window * 3 / 2 + 1);
        } else if (step < 63) {
            now += upTo(horizon * 3 / 2 + 1);
        }
        return Math.max(0, now - lateness());
    }

    private long lateness() {
        int kind = random.nextInt(100);
        if (kind < 30) {
            return upTo(window + 2);
        }
        if (kind < 40) {
            return upTo(Math.min(horizon, now) * 13 / 10);
        }
        if (kind < 45) {
            return Math.max(0, (random.nextBoolean() ? window : horizon) + random.nextInt(5) - 2);
        }
        return 0;
    }

    private long upTo(long greatest) {
        return (long) (random.nextDouble() * (greatest + 1));
    }
}
