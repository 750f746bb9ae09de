use streams_runtime::prelude::*;

#[topic("my topic")]
type Spaces = Topic<String, String>;

#[topic]
type Nameless = Topic<String, String>;

#[topic("sizes", partitions = 0)]
type Sizes = Topic<String, i64>;

#[topic("pairs")]
type Pairs = Vec<(String, String)>;

#[topic("small", small)]
type Small = Topic<String, String>;

fn main() {}
