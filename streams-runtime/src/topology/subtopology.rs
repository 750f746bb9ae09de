//! Connected parts: which nodes run together.

/// Nodes that were found to belong together, as a forest of numbers.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    parent: Vec<usize>,
}

impl Parts {
    /// A new node, alone so far.
    pub fn add(&mut self) -> usize {
        self.parent.push(self.parent.len());
        self.parent.len() - 1
    }

    /// Puts two nodes, and all that belong to them, into one part.
    pub fn unite(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.parent[a] = b;
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.parent[at] != at {
            self.parent[at] = self.parent[self.parent[at]];
            at = self.parent[at];
        }
        at
    }

    /// The number of each node's part; parts are numbered by their first node.
    pub fn numbers(mut self) -> Vec<u32> {
        let mut numbers: Vec<Option<u32>> = vec![None; self.parent.len()];
        let mut next = 0;
        (0..self.parent.len())
            .map(|node| {
                let root = self.root(node);
                *numbers[root].get_or_insert_with(|| {
                    next += 1;
                    next - 1
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_numbered_by_their_first_node() {
        let mut parts = Parts::default();
        for _ in 0..6 {
            parts.add();
        }
        parts.unite(0, 4);
        parts.unite(3, 5);
        parts.unite(5, 4);
        assert_eq!(parts.numbers(), [0, 1, 2, 0, 0, 0]);
    }
}
