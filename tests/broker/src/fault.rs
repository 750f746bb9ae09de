//! Faults to order: the next matching requests are answered with an error, late, not at all, or
//! after a cut connection.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kafka_protocol::ResponseError as ErrorCode;
use kafka_protocol::messages::ApiKey;

/// What happens to a request that a fault catches.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    Error(ErrorCode),
    Delay(Duration),
    Disconnect,
    DropResponse,
}

/// Which requests a fault catches; the last call names what happens to them.
#[derive(Clone, Debug)]
pub struct FaultOn {
    api: ApiKey,
    skip: usize,
    times: usize,
    topic: Option<String>,
    group: Option<String>,
    client_id: Option<String>,
}

impl FaultOn {
    /// Catches this many requests instead of one.
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    /// Catches every request until the fault is removed.
    #[must_use]
    pub fn always(self) -> Self {
        self.times(usize::MAX)
    }

    /// Lets this many matching requests pass first.
    #[must_use]
    pub fn skip(self, skip: usize) -> Self {
        Self { skip, ..self }
    }

    /// Catches only requests that name this topic.
    #[must_use]
    pub fn topic(self, topic: &str) -> Self {
        Self { topic: Some(topic.to_owned()), ..self }
    }

    /// Catches only requests that name this group (FindCoordinator counts too).
    #[must_use]
    pub fn group(self, group: &str) -> Self {
        Self { group: Some(group.to_owned()), ..self }
    }

    /// Catches only requests of this `client.id`.
    #[must_use]
    pub fn client_id(self, client_id: &str) -> Self {
        Self { client_id: Some(client_id.to_owned()), ..self }
    }

    /// Answers with this error, for everything the request names; nothing is applied.
    #[must_use]
    pub fn error(self, code: ErrorCode) -> Fault {
        Fault { on: self, action: Action::Error(code) }
    }

    /// Handles the request only after this time.
    #[must_use]
    pub fn delay(self, delay: Duration) -> Fault {
        Fault { on: self, action: Action::Delay(delay) }
    }

    /// Cuts the connection; the request is not applied.
    #[must_use]
    pub fn disconnect(self) -> Fault {
        Fault { on: self, action: Action::Disconnect }
    }

    /// Applies the request, then cuts the connection: the client cannot know the result.
    #[must_use]
    pub fn drop_response(self) -> Fault {
        Fault { on: self, action: Action::DropResponse }
    }

    fn matches(&self, seen: &Seen<'_>) -> bool {
        let in_list = |wanted: &Option<String>, names: &[&str]| {
            wanted.as_deref().is_none_or(|wanted| names.contains(&wanted))
        };
        self.api == seen.api
            && in_list(&self.topic, &seen.subjects.topics)
            && in_list(&self.group, &seen.subjects.groups)
            && self.client_id.as_deref().is_none_or(|wanted| wanted == seen.client_id)
    }
}

/// A fault for [`Broker::inject`](crate::Broker::inject).
///
/// ```
/// use streams_test_broker::{ApiKey, Broker, ErrorCode, Fault};
///
/// let broker = Broker::start()?;
/// let fault = Fault::on(ApiKey::Produce).times(2).error(ErrorCode::NotEnoughReplicas);
/// let injected = broker.inject(fault);
/// assert_eq!(injected.hits(), 0);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Fault {
    on: FaultOn,
    action: Action,
}

impl Fault {
    /// Starts a fault that catches the next request of this API.
    #[must_use]
    pub fn on(api: ApiKey) -> FaultOn {
        FaultOn { api, skip: 0, times: 1, topic: None, group: None, client_id: None }
    }
}

/// A fault in force: tells how often it has struck.
#[derive(Debug)]
pub struct InjectedFault {
    hits: Arc<AtomicUsize>,
    is_removed: Arc<AtomicBool>,
}

impl InjectedFault {
    /// How many requests it has caught so far.
    #[must_use]
    pub fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }

    /// Takes the fault out of force. Dropping this value leaves it in force.
    pub fn remove(self) {
        self.is_removed.store(true, Ordering::SeqCst);
    }
}

/// What a request names, for the filters of faults.
#[derive(Debug, Default)]
pub(crate) struct Subjects<'a> {
    pub(crate) topics: Vec<&'a str>,
    pub(crate) groups: Vec<&'a str>,
}

impl<'a> Subjects<'a> {
    pub(crate) fn topics(topics: impl IntoIterator<Item = &'a str>) -> Self {
        Self { topics: topics.into_iter().collect(), groups: Vec::new() }
    }

    pub(crate) fn group(group: &'a str) -> Self {
        Self { topics: Vec::new(), groups: vec![group] }
    }
}

/// A request as faults see it.
#[derive(Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) api: ApiKey,
    pub(crate) client_id: &'a str,
    pub(crate) subjects: Subjects<'a>,
}

/// All faults in force, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    live: Mutex<Vec<Live>>,
}

#[derive(Debug)]
struct Live {
    fault: Fault,
    hits: Arc<AtomicUsize>,
    is_removed: Arc<AtomicBool>,
}

impl Faults {
    /// Puts a fault in force.
    pub(crate) fn inject(&self, fault: Fault) -> InjectedFault {
        let (hits, is_removed) = (Arc::default(), Arc::default());
        let injected =
            InjectedFault { hits: Arc::clone(&hits), is_removed: Arc::clone(&is_removed) };
        self.lock().push(Live { fault, hits, is_removed });
        injected
    }

    /// What shall happen to this request: the oldest matching fault decides.
    pub(crate) fn strike(&self, seen: &Seen<'_>) -> Option<Action> {
        let mut live = self.lock();
        live.retain(|live| !live.is_removed.load(Ordering::SeqCst));
        let at = live.iter().position(|live| live.fault.on.matches(seen))?;
        let found = live.get_mut(at)?;
        let on = &mut found.fault.on;
        if on.skip > 0 {
            on.skip -= 1;
            return None;
        }
        on.times = on.times.saturating_sub(1);
        found.hits.fetch_add(1, Ordering::SeqCst);
        let (action, is_spent) = (found.fault.action, on.times == 0);
        if is_spent {
            live.remove(at);
        }
        Some(action)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Live>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strike(faults: &Faults, topic: &str, client_id: &str) -> bool {
        let subjects = Subjects::topics([topic]);
        faults.strike(&Seen { api: ApiKey::Produce, client_id, subjects }).is_some()
    }

    #[test]
    fn a_fault_counts_only_what_its_filters_let_through() {
        let faults = Faults::default();
        let on = Fault::on(ApiKey::Produce).topic("t").client_id("c").skip(1).times(2);
        let injected = faults.inject(on.disconnect());
        assert!(!strike(&faults, "other", "c"));
        assert!(!strike(&faults, "t", "other"));
        let struck: Vec<_> = (0..4).map(|_| strike(&faults, "t", "c")).collect();
        assert_eq!(struck, [false, true, true, false]);
        assert_eq!(injected.hits(), 2);
    }

    #[test]
    fn a_removed_fault_strikes_no_more() {
        let faults = Faults::default();
        let injected = faults.inject(Fault::on(ApiKey::Produce).always().disconnect());
        assert!(strike(&faults, "t", "c"));
        injected.remove();
        assert!(!strike(&faults, "t", "c"));
    }
}
