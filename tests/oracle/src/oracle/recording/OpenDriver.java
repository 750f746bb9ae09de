package oracle.recording;

import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedList;
import java.util.List;
import java.util.Queue;
import java.util.function.Function;

import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.streams.TopologyTestDriver;

/**
 * Two things that a test driver can do but does not offer.
 *
 * <p>It keeps one queue of output per topic, which loses the order across topics: its map of queues is replaced by one
 * whose queues hand their records over. And its input topics refuse negative timestamps, which producers may send.
 */
final class OpenDriver {
    private final TopologyTestDriver driver;
    private final Method pipe;
    private final List<ProducerRecord<byte[], byte[]>> produced = new ArrayList<>();

    OpenDriver(TopologyTestDriver driver) throws ReflectiveOperationException {
        this.driver = driver;
        pipe = TopologyTestDriver.class.getDeclaredMethod(
            "pipeRecord", String.class, long.class, byte[].class, byte[].class, Headers.class);
        pipe.setAccessible(true);
        Field queues = TopologyTestDriver.class.getDeclaredField("outputRecordsByTopic");
        queues.setAccessible(true);
        queues.set(driver, new Queues());
    }

    void pipe(String topic, long timestamp, byte[] key, byte[] value, Headers headers) {
        try {
            pipe.invoke(driver, topic, timestamp, key, value, headers);
        } catch (InvocationTargetException error) {
            throw error.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(error);
        } catch (IllegalAccessException error) {
            throw new IllegalStateException(error);
        }
    }

    /** What was produced since the last call. */
    List<ProducerRecord<byte[], byte[]>> takeOutput() {
        List<ProducerRecord<byte[], byte[]>> taken = List.copyOf(produced);
        produced.clear();
        return taken;
    }

    private final class Queues extends HashMap<String, Queue<ProducerRecord<byte[], byte[]>>> {
        private static final long serialVersionUID = 1L;

        @Override
        public Queue<ProducerRecord<byte[], byte[]>> computeIfAbsent(
            String topic, Function<? super String, ? extends Queue<ProducerRecord<byte[], byte[]>>> make) {
            return super.computeIfAbsent(topic, name -> new HandingOver());
        }
    }

    private final class HandingOver extends LinkedList<ProducerRecord<byte[], byte[]>> {
        private static final long serialVersionUID = 1L;

        @Override
        public boolean add(ProducerRecord<byte[], byte[]> record) {
            return produced.add(record);
        }
    }
}
