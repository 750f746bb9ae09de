//! Starts the broker on a port and runs until it is interrupted.
//!
//! ```text
//! streams-test-broker [--port 9092] [--topics orders:3,counts:1] [--auto-create]
//! ```

use std::error::Error;
use std::process::ExitCode;
use std::thread;

use streams_test_broker::Broker;

const USAGE: &str = "usage: streams-test-broker [--port PORT] [--topics NAME:PARTITIONS,...] \
                     [--auto-create]";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}\n{USAGE}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut builder = Broker::builder().port(9092);
    let mut topics = Vec::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("`{arg}` needs a value"));
        match arg.as_str() {
            "--port" => builder = builder.port(value()?.parse()?),
            "--topics" => topics = parse_topics(&value()?)?,
            "--auto-create" => builder = builder.auto_create_topics(true),
            _ => return Err(format!("unknown option `{arg}`").into()),
        }
    }
    let broker = builder.start()?;
    for (name, partitions) in &topics {
        broker.create_topic(name, *partitions)?;
    }
    println!("bootstrap.servers={}", broker.bootstrap_servers());
    loop {
        thread::park();
    }
}

fn parse_topics(list: &str) -> Result<Vec<(String, i32)>, Box<dyn Error>> {
    let parse = |item: &str| match item.split_once(':') {
        Some((name, partitions)) => Ok((name.to_owned(), partitions.parse()?)),
        None => Ok((item.to_owned(), 1)),
    };
    list.split(',').filter(|item| !item.is_empty()).map(parse).collect()
}
