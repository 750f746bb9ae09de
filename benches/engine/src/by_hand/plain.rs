//! Loops without state.

use streams_runtime::record::RecordBatch;

use super::decode::{number, text};
use crate::{Error, Machine, Producer, RESULTS};

#[derive(Debug)]
pub(crate) struct PassThroughByHand;

impl Machine for PassThroughByHand {
    fn process(&mut self, poll: Vec<RecordBatch>, producer: &mut Producer) -> Result<(), Error> {
        for batch in &poll {
            for ix in 0..batch.len() {
                let (key, value) = (text(batch.key(ix))?, text(batch.value(ix))?);
                let (key, value) = (Some(key.as_bytes()), Some(value.as_bytes()));
                producer.send(RESULTS, None, Some(batch.meta(ix).timestamp), key, value);
            }
        }
        Ok(())
    }

    fn commit(&mut self, _: &mut Producer) -> Result<(), Error> {
        Ok(())
    }
}

#[derive(Debug)]
pub(crate) struct MapFilterByHand;

impl Machine for MapFilterByHand {
    fn process(&mut self, poll: Vec<RecordBatch>, producer: &mut Producer) -> Result<(), Error> {
        for batch in &poll {
            for ix in 0..batch.len() {
                let (key, value) = (text(batch.key(ix))?, number(batch.value(ix))?);
                let value = value.wrapping_mul(3).wrapping_add(1);
                if value % 4 != 0 {
                    let (key, value) = (key.as_bytes(), value.to_be_bytes());
                    let time = Some(batch.meta(ix).timestamp);
                    producer.send(RESULTS, None, time, Some(key), Some(&value));
                }
            }
        }
        Ok(())
    }

    fn commit(&mut self, _: &mut Producer) -> Result<(), Error> {
        Ok(())
    }
}
