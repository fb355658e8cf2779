//! The public test vectors of the WAMP project, at message level.
//!
//! They are not part of this repository, for their licence is another. `CROSSWAY_VECTORS` names the folder that holds
//! their `testsuite`; without it, and without one beside the repository, these tests say that they are skipped.

use std::path::PathBuf;

use bytes::Bytes;
use crossway_core::message::Message;
use crossway_core::serializer::Serializer;
use crossway_cryptosign::PrivateKey;
use crossway_tests::router::serializers;
use crossway_tests::{Format, Peer, everywhere};
use serde_json::{Map, Value, json};

/// Samples that put binary data in the place of Arguments, which the specification gives to a list: the layout that came
/// before payload passthru mode (PPT-23). They are refused.
const DEVIATIONS: [&str; 8] = [
    "PUBLISH with transparent payload (encrypted E2E)",
    "PUBLISH with both forward_for and E2EE (advanced R-Link + encryption)",
    "PUBLISH.Options.enc_algo cryptobox (valid with payload)",
    "PUBLISH.Options.enc_serializer cbor (valid with payload)",
    "EVENT with transparent payload (encrypted E2E)",
    "EVENT with both forward_for and E2EE (advanced R-Link + encryption)",
    "EVENT.Details.enc_algo cryptobox (valid with payload)",
    "EVENT.Details.enc_serializer cbor (valid with payload)",
];

/// The folder `testsuite`, if it is there.
fn folder() -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/spec/vectors"));
    let vectors = std::env::var_os("CROSSWAY_VECTORS").map_or_else(beside, PathBuf::from);
    let testsuite = vectors.join("testsuite");
    if testsuite.is_dir() {
        return Some(testsuite);
    }
    eprintln!("skipped: no test vectors; CROSSWAY_VECTORS can say where they are");
    None
}

fn read(path: PathBuf) -> Value {
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every sample about a single message, with the file that it is from.
fn samples(testsuite: &std::path::Path) -> Vec<(Value, Value)> {
    let mut samples = Vec::new();
    for folder in ["basic", "advanced"] {
        let folder = testsuite.join("singlemessage").join(folder);
        for entry in std::fs::read_dir(folder).expect("a folder of the vectors") {
            let file = read(entry.expect("a file of the vectors").path());
            let own = file["samples"].as_array().expect("samples").clone();
            samples.extend(own.into_iter().map(|sample| (file.clone(), sample)));
        }
    }
    samples
}

fn title(sample: &Value) -> &str {
    sample["description"].as_str().expect("a description")
}

fn is_deviation(sample: &Value) -> bool {
    DEVIATIONS.contains(&title(sample))
}

/// What our parser makes of a frame: the message as our writer spells it, or the text of the refusal.
fn reparse(serializer: &dyn Serializer, frame: &Bytes) -> Result<Vec<u8>, String> {
    let scan = serializer.scan(frame, 100).map_err(|error| error.to_string())?;
    let message = Message::decode(frame, &scan, serializer).map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    message.encode(serializer, &mut out);
    Ok(out)
}

fn unhex(text: &str) -> Bytes {
    let octet = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal digits");
    (0..text.len()).step_by(2).map(octet).collect()
}

fn variants(sample: &Value, format: Format) -> Vec<Bytes> {
    let name = format.subprotocol().trim_start_matches("wamp.2.");
    let variants = sample["serializers"][name].as_array().expect("variants");
    variants.iter().map(|variant| unhex(variant["bytes_hex"].as_str().expect("octets"))).collect()
}

/// The names of the elements behind the type.
fn layout(code: u64) -> &'static [&'static str] {
    match code {
        1 => &["realm", "details"],
        2 => &["session_id", "details"],
        3 => &["details", "reason", "args", "kwargs"],
        4 => &["method", "extra"],
        5 => &["signature", "extra"],
        6 => &["details", "reason"],
        8 => &["request_type", "request_id", "details", "error", "args", "kwargs"],
        16 => &["request_id", "options", "topic", "args", "kwargs"],
        17 => &["request_id", "publication_id"],
        32 => &["request_id", "options", "topic"],
        33 => &["request_id", "subscription_id"],
        34 => &["request_id", "subscription_id"],
        35 | 67 => &["request_id"],
        36 => &["subscription", "publication", "details", "args", "kwargs"],
        48 => &["request_id", "options", "procedure", "args", "kwargs"],
        49 | 69 => &["request_id", "options"],
        50 => &["request_id", "details", "args", "kwargs"],
        64 => &["request_id", "options", "procedure"],
        65 | 66 => &["request_id", "registration_id"],
        68 => &["request_id", "registration_id", "details", "args", "kwargs"],
        70 => &["request_id", "options", "args", "kwargs"],
        337 => &["publication_id"],
        _ => panic!("no message {code}"),
    }
}

/// The attributes of a message, by the names that the vectors use.
fn attributes(message: &Value) -> Map<String, Value> {
    let elements = message.as_array().expect("a list");
    let code = elements[0].as_u64().expect("a type");
    let names = layout(code).iter().map(|name| (*name).to_owned());
    let mut attributes: Map<_, _> = names.zip(elements[1..].iter().cloned()).collect();
    attributes.insert("message_type".into(), code.into());
    if let Some(roles) = attributes.get("details").and_then(|details| details.get("roles")) {
        attributes.insert("roles".into(), roles.clone());
    }
    attributes
}

// covers: SER-01, SER-03, SER-04, SER-05, SER-08, SER-10, MSG-03
#[test]
fn samples_decode_to_the_expected_attributes_and_encode_to_the_same_octets() {
    let Some(testsuite) = folder() else { return };
    let mut checked = 0;
    for (_, sample) in samples(&testsuite) {
        if !sample["serializers"].is_object() || is_deviation(&sample) {
            continue;
        }
        for (format, serializer) in Format::ALL.into_iter().zip(serializers()) {
            let variants = variants(&sample, format);
            for variant in &variants {
                let ours =
                    reparse(&*serializer, variant).unwrap_or_else(|why| panic!("{}: {why}", title(&sample)));
                assert!(variants.iter().any(|variant| *variant == ours), "{}: {ours:02x?}", title(&sample));
                let found = attributes(&format.decode(&ours));
                for (name, expected) in sample["expected_attributes"].as_object().expect("attributes") {
                    let found = found.get(name).unwrap_or(&Value::Null);
                    assert_eq!(found, expected, "{}: {name}", title(&sample));
                }
                checked += 1;
            }
        }
    }
    assert!(checked >= 93, "only {checked} encodings of 31 samples in three formats");
}

// covers: MSG-06, MSG-11, MSG-12, PS-BW-12
#[test]
fn options_are_accepted_and_refused_as_expected() {
    let Some(testsuite) = folder() else { return };
    let mut checked = 0;
    for (_, sample) in samples(&testsuite) {
        if sample["wmsg"].is_null() || is_deviation(&sample) {
            continue;
        }
        for (format, serializer) in Format::ALL.into_iter().zip(serializers()) {
            let outcome = reparse(&*serializer, &format.encode(&sample["wmsg"]).into());
            match (sample["expected_error"]["contains"].as_str(), outcome) {
                (None, Ok(_)) => {}
                (Some(option), Err(why)) => assert!(why.contains(option), "{}: {why}", title(&sample)),
                (_, outcome) => panic!("{}: {outcome:?}", title(&sample)),
            }
            checked += 1;
        }
    }
    assert_eq!(checked, 63 * 3);
}

// covers: MSG-04
#[test]
fn deviations_are_refused_because_arguments_have_to_be_a_list() {
    let Some(testsuite) = folder() else { return };
    let mut met = 0;
    for (_, sample) in samples(&testsuite).into_iter().filter(|(_, sample)| is_deviation(sample)) {
        for (format, serializer) in Format::ALL.into_iter().zip(serializers()) {
            let frames = match &sample["wmsg"] {
                Value::Null => variants(&sample, format),
                message => vec![format.encode(message).into()],
            };
            for frame in frames {
                let why = reparse(&*serializer, &frame).expect_err(title(&sample));
                assert!(why.contains("Arguments has to be a list"), "{}: {why}", title(&sample));
            }
        }
        met += 1;
    }
    assert_eq!(met, DEVIATIONS.len());
}

// covers: PS-EXCL-02
#[test]
fn the_script_of_a_publisher_that_gets_its_own_event() {
    let Some(testsuite) = folder() else { return };
    let script = read(testsuite.join("multisession/advanced/publisher_exclusion_disabled.json"));
    everywhere(async |router, link| {
        let mut peer = Peer::join(router, link).await;
        // The ids in the script's router messages stand for what the router chooses.
        let mut subscription = Value::Null;
        for step in script["sequence"].as_array().expect("steps") {
            let m = &step["message"];
            match m["type"].as_str().expect("a type") {
                "SUBSCRIBE" => peer.send(json!([32, m["request_id"], m["options"], m["topic"]])).await,
                "PUBLISH" => {
                    peer.send(json!([16, m["request_id"], m["options"], m["topic"], m["args"]])).await
                }
                "SUBSCRIBED" => {
                    let id = crossway_tests::pattern::ID;
                    subscription = peer.expect(json!([33, m["request_id"], id])).await[2].clone();
                }
                "EVENT" => {
                    let id = crossway_tests::pattern::ID;
                    peer.expect(json!([36, subscription, id, m["details"], m["args"]])).await;
                }
                other => panic!("no such step: {other}"),
            }
        }
        peer.expect_silence().await;
    });
}

// covers: AUTH-CS-15
#[test]
fn cryptosign_signs_as_the_samples_do() {
    let Some(testsuite) = folder() else { return };
    let samples = read(testsuite.with_file_name("cryptosign_test_vectors.json"));
    let samples = samples.as_array().expect("samples");
    for sample in samples {
        let text = |key: &str| sample[key].as_str().expect("hexadecimal digits");
        let mut message: [u8; 32] = unhex(text("challenge"))[..].try_into().expect("32 octets");
        if let Some(channel) = sample["channel_id"].as_str() {
            message.iter_mut().zip(unhex(channel)).for_each(|(octet, other)| *octet ^= other);
        }
        let key = PrivateKey::parse(text("private_key")).expect("a key");
        assert_eq!(key.sign(&message), text("signature"));
    }
    assert_eq!(samples.len(), 6);
}
