//! An event store of your own: histories in files of lines, which outlive the router.
//!
//! `cargo run -p crossway-examples --bin custom_event_store`

use std::error::Error;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use crossway_anonymous::Anonymous;
use crossway_client::{Session, connect_in_process};
use crossway_core::history::{Audience, EventLog, EventStore, HistoryRule, Page, StoreError, StoredEvent};
use crossway_core::message::{Match, Payload};
use crossway_core::serializer::Serializer;
use crossway_core::value::ValueBuilder;
use crossway_core::{Dict, Id, RealmConfig, Router, Value};
use crossway_json::Json;

/// What the thread that writes is told.
enum Task {
    /// One line more in a file.
    Append(PathBuf, Vec<u8>),
    /// Say when everything before this is in the files.
    Tell(SyncSender<()>),
}

/// Keeps each history in a file of its own.
struct Files {
    directory: PathBuf,
    queue: SyncSender<Task>,
}

impl Files {
    fn new(directory: &Path) -> Self {
        // Publishers must not wait for a disk, so a thread does that. What no longer fits into its queue is not kept.
        let (queue, tasks) = sync_channel(10_000);
        thread::spawn(move || write_down(tasks));
        Files { directory: directory.to_owned(), queue }
    }
}

fn write_down(tasks: Receiver<Task>) {
    for task in tasks {
        match task {
            Task::Append(path, line) => {
                let file = OpenOptions::new().create(true).append(true).open(&path);
                if let Err(error) = file.and_then(|mut file| file.write_all(&line)) {
                    eprintln!("{}: {error}", path.display());
                }
            }
            Task::Tell(done) => drop(done),
        }
    }
}

impl EventStore for Files {
    fn open(&self, realm: &str, rule: &HistoryRule) -> Arc<dyn EventLog> {
        let (done, all_done) = sync_channel(0);
        if self.queue.send(Task::Tell(done)).is_ok() {
            let _closed = all_done.recv();
        }
        // Realm, policy and URI are the name of a history; subscription ids are not the same next time.
        let name = format!("{realm} {} {}", rule.policy.name(), rule.uri).replace('/', "%2F");
        let path = self.directory.join(name);
        let text = fs::read_to_string(&path).unwrap_or_default();
        let events = text.lines().filter_map(parse).map(Arc::new).collect();
        Arc::new(Log { path, queue: self.queue.clone(), events: Mutex::new(events) })
    }
}

/// One history. It is small enough to be in memory as well; a database would be asked instead.
struct Log {
    path: PathBuf,
    queue: SyncSender<Task>,
    events: Mutex<Vec<Arc<StoredEvent>>>,
}

impl Log {
    fn events(&self) -> MutexGuard<'_, Vec<Arc<StoredEvent>>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl EventLog for Log {
    fn append(&self, event: Arc<StoredEvent>) {
        // The lists of events for some would have to be in the file as well; this store keeps what everybody may know.
        if event.audience != Audience::default() {
            return;
        }
        let Some(line) = line(&event) else { return };
        let mut events = self.events();
        if self.queue.try_send(Task::Append(self.path.clone(), line)).is_ok() {
            events.push(event);
        }
    }

    async fn find(&self, publication: Id) -> Result<Option<u64>, StoreError> {
        let at = self.events().iter().position(|event| event.publication == publication);
        Ok(at.map(|at| at as u64))
    }

    async fn page(&self, page: &Page) -> Result<Vec<(u64, Arc<StoredEvent>)>, StoreError> {
        let events = self.events();
        let positioned = (0..).zip(events.iter().cloned());
        let within = positioned.filter(|(position, _)| page.positions.contains(position));
        let mut within: Vec<_> = within.collect();
        if page.reverse {
            within.reverse();
        }
        within.truncate(page.most);
        Ok(within)
    }
}

/// `[publication, milliseconds, topic, details, args, kwargs]`
fn line(event: &StoredEvent) -> Option<Vec<u8>> {
    let (args, kwargs) = event.payload.read(&*event.serializer).ok()?;
    let since = event.time.duration_since(UNIX_EPOCH).ok()?;
    let parts: [Value; 6] = [
        event.publication.get().into(),
        u64::try_from(since.as_millis()).ok()?.into(),
        event.topic.as_str().into(),
        event.details.clone().into(),
        args.into(),
        kwargs.into(),
    ];
    let line = Payload::write(&parts, &Dict::new(), &Json).ok()?;
    Some([line.bytes(), b"\n".as_slice()].concat())
}

fn parse(line: &str) -> Option<StoredEvent> {
    let mut builder = ValueBuilder::new();
    Json.walk(line.as_bytes(), 1, &mut builder).ok()?;
    let Value::List(parts) = builder.into_value()? else { return None };
    let [publication, millis, topic, details, args, kwargs] = parts.as_slice() else { return None };
    let time: SystemTime = UNIX_EPOCH + Duration::from_millis(millis.as_uint()?);
    Some(StoredEvent {
        publication: Id::new(publication.as_uint()?)?,
        time,
        topic: topic.as_text()?.to_owned(),
        details: details.as_dict()?.clone(),
        payload: Payload::write(args.as_list()?, kwargs.as_dict()?, &Json).ok()?,
        serializer: Arc::new(Json),
        audience: Audience::default(),
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::temp_dir().join(format!("crossway-histories-{}", std::process::id()));
    fs::create_dir_all(&directory)?;
    let files = Arc::new(Files::new(&directory));
    for day in ["monday", "tuesday"] {
        // A new router every day.
        let realm = RealmConfig::new("realm1")
            .authenticator(Arc::new(Anonymous::default()))
            .history(HistoryRule::new("com.example.weather", Match::Exact))
            .event_store(files.clone());
        let router = Router::builder().realm(realm).build()?;
        let session = Session::join(connect_in_process(&router, Arc::new(Json)), "realm1").await?;
        session.publish("com.example.weather").arg(format!("rain on {day}")).acknowledge().await?;
        let found = session.call("wamp.subscription.lookup").arg("com.example.weather").await?;
        let subscription = found.args.first().and_then(Value::as_uint).unwrap_or_default();
        let answer = session.call("wamp.subscription.get_events").arg(subscription).await?;
        let events = answer.args.first().and_then(Value::as_list).unwrap_or_default();
        println!("{day}: {} known", events.len());
        for event in events {
            println!("    {:?}", event.as_dict().and_then(|event| event.get("args")));
        }
        session.leave().await?;
    }
    fs::remove_dir_all(&directory)?;
    Ok(())
}
