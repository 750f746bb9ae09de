//! Which partition is next: the one whose head has the lowest time.

/// Partitions by the time of their head, in the order of Java's `PriorityQueue`: so equal times come
/// in the order that Kafka Streams processes them.
#[derive(Debug, Default)]
pub(crate) struct HeadOrder {
    heap: Vec<(i64, usize)>,
}

impl HeadOrder {
    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }

    /// The time of the only partition; `None` when there is none, or more than one.
    #[inline]
    pub(crate) fn only_time(&self) -> Option<i64> {
        match &self.heap[..] {
            [(time, _)] => Some(*time),
            _ => None,
        }
    }

    /// Adds a partition whose head has that time.
    #[inline]
    pub(crate) fn push(&mut self, time: i64, queue: usize) {
        let mut at = self.heap.len();
        self.heap.push((time, queue));
        while at > 0 {
            let parent = (at - 1) / 2;
            if time >= self.heap[parent].0 {
                break;
            }
            self.heap[at] = self.heap[parent];
            at = parent;
        }
        self.heap[at] = (time, queue);
    }

    /// Takes the partition that is next.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<usize> {
        let last = self.heap.pop()?;
        let Some(&first) = self.heap.first() else { return Some(last.1) };
        self.sift_down(last);
        Some(first.1)
    }

    fn sift_down(&mut self, moved: (i64, usize)) {
        let len = self.heap.len();
        let mut at = 0;
        while at < len / 2 {
            let mut child = 2 * at + 1;
            if child + 1 < len && self.heap[child].0 > self.heap[child + 1].0 {
                child += 1;
            }
            if moved.0 <= self.heap[child].0 {
                break;
            }
            self.heap[at] = self.heap[child];
            at = child;
        }
        self.heap[at] = moved;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(times: &[i64], want: &[usize]) {
        let mut order = HeadOrder::default();
        for (queue, time) in times.iter().enumerate() {
            order.push(*time, queue);
        }
        let got: Vec<_> = std::iter::from_fn(|| order.pop()).collect();
        assert_eq!(got, want, "of {times:?}");
    }

    #[test]
    fn the_lowest_time_first() {
        check(&[], &[]);
        check(&[3, 1, 2], &[1, 2, 0]);
        check(&[5, 4, 3, 2, 1], &[4, 3, 2, 1, 0]);
    }

    #[test]
    fn equal_times_come_as_from_a_java_priority_queue() {
        check(&[7, 7], &[0, 1]);
        check(&[7, 7, 7], &[0, 2, 1]);
        check(&[7, 7, 7, 7], &[0, 3, 2, 1]);
    }
}
