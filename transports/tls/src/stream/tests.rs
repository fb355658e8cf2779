//! Records, writes and memory, counted; and any cut of a stream against the stream.

mod harness;

use std::pin::pin;

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use self::harness::{Forge, HANDSHAKE, pair, records, text};
use super::*;
use crate::scratch::BATCH;

#[tokio::test]
async fn a_batch_is_few_records_and_one_write() {
    for (old, overhead) in [(false, 17), (true, 24)] {
        let (mut client, mut server, log) = pair(1 << 20, old).await;
        let text = text(64 * 1024);
        let pieces: Vec<_> = text.chunks(256).map(IoSlice::new).collect();
        assert_eq!(server.write_vectored(&pieces).await.unwrap(), text.len());
        let log = std::mem::take(&mut *log.lock());
        assert_eq!(log.writes.len(), 1);
        assert_eq!(records(&log.writes[0]), [16 * 1024 + overhead; 4]);
        let mut received = vec![0; text.len()];
        client.read_exact(&mut received).await.unwrap();
        assert!(received == text);
    }
}

#[tokio::test]
async fn one_read_brings_all_records_that_have_come() {
    let (mut client, server, log) = pair(1 << 20, false).await;
    let (mut reader, _writer) = server.into_halves();
    for _ in 0..100 {
        client.write_all(&[7; 256]).await.unwrap();
        client.flush().await.unwrap();
    }
    let mut received = vec![0; 64 * 1024];
    assert_eq!(reader.read(&mut received).await.unwrap(), 25_600);
    assert_eq!(log.lock().reads, 1);
}

#[tokio::test]
async fn an_idle_connection_keeps_no_buffer() {
    let (mut client, server, _) = pair(4096, false).await;
    let (mut reader, mut writer) = server.into_halves();
    let mut received = vec![0; 100_000];
    for _ in 0..2 {
        let text = text(received.len());
        let (sent, back) = tokio::join!(
            async {
                writer.write_all(&text).await?;
                writer.flush().await
            },
            client.read_exact(&mut received)
        );
        sent.unwrap();
        back.unwrap();
        let (sent, back) = tokio::join!(
            async {
                client.write_all(&text).await?;
                client.flush().await
            },
            reader.read_exact(&mut received)
        );
        sent.unwrap();
        back.unwrap();
    }
    assert_eq!((reader.reading.kept(), writer.writing.kept()), (0, 0));
}

#[tokio::test]
async fn a_peer_that_does_not_read_holds_one_batch_at_most() {
    let (_client, server, _) = pair(1000, false).await;
    let (_reader, mut writer) = server.into_halves();
    let mut cx = Context::from_waker(std::task::Waker::noop());
    let text = text(1 << 20);
    let mut taken = 0;
    while let Poll::Ready(count) = pin!(writer.write(&text[taken..])).poll(&mut cx) {
        taken += count.unwrap();
    }
    assert_eq!(taken, BATCH);
    assert!(writer.writing.kept() < BATCH + 1024);
}

#[tokio::test]
async fn keys_are_renewed_in_both_directions() {
    let (mut client, mut server, _) = pair(1 << 20, false).await;
    for round in 0..20_u8 {
        client.get_mut().1.refresh_traffic_keys().unwrap();
        client.write_all(&[round; 100]).await.unwrap();
        client.flush().await.unwrap();
        let mut echo = [0; 100];
        server.read_exact(&mut echo).await.unwrap();
        server.write_all(&echo).await.unwrap();
        client.read_exact(&mut echo).await.unwrap();
        assert_eq!(echo, [round; 100]);
    }
}

#[tokio::test]
async fn both_sides_say_good_bye() {
    for old in [false, true] {
        let (mut client, mut server, _) = pair(1 << 20, old).await;
        client.write_all(b"last").await.unwrap();
        client.shutdown().await.unwrap();
        let mut received = Vec::new();
        server.read_to_end(&mut received).await.unwrap();
        assert_eq!(received, b"last");
        // The peer's end is not ours.
        server.write_all(b"answer").await.unwrap();
        server.shutdown().await.unwrap();
        received.clear();
        client.read_to_end(&mut received).await.unwrap();
        assert_eq!(received, b"answer");
    }
}

#[tokio::test]
async fn an_end_without_good_bye_is_an_error() {
    let (client, mut server, _) = pair(1 << 20, false).await;
    drop(client.into_inner().0);
    let error = server.read_u8().await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
}

#[tokio::test]
async fn a_forged_record_is_answered_with_an_alert() {
    for old in [false, true] {
        let (client, server, log) = pair(1 << 20, old).await;
        let (mut reader, mut writer) = server.into_halves();
        let mut carrier = client.into_inner().0;
        carrier.write_all(b"\x17\x03\x03\x00\x20................................").await.unwrap();
        let error = reader.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
        assert!(writer.write_all(b"more").await.is_err());
        writer.shutdown().await.unwrap();
        let written = log.lock().writes.concat();
        assert_eq!(records(&written).len(), 1, "one alert: {written:02x?}");
    }
}

#[tokio::test]
async fn half_a_handshake_message_does_not_hinder_the_writer() {
    // rustls keeps offsets into the octets of half a message, which therefore have to be there when something is written.
    let (client, server, _) = pair(1 << 20, false).await;
    let (mut reader, mut writer) = server.into_halves();
    let (mut carrier, tls) = client.into_inner();
    let mut forge = Forge::new(tls);
    let key_update = [24, 0, 0, 1, 0];
    carrier.write_all(&forge.record(HANDSHAKE, &key_update[..2])).await.unwrap();
    let mut cx = Context::from_waker(std::task::Waker::noop());
    assert!(pin!(reader.read_u8()).poll(&mut cx).is_pending());
    assert!(reader.reading.kept() > 0);
    writer.write_all(b"in between").await.unwrap();
    carrier.write_all(&forge.record(HANDSHAKE, &key_update[2..])).await.unwrap();
    assert!(pin!(reader.read_u8()).poll(&mut cx).is_pending());
    assert_eq!(reader.reading.kept(), 0);
    writer.write_all(b"behind").await.unwrap();
}

#[tokio::test]
async fn an_endless_handshake_message_is_refused() {
    let (client, server, log) = pair(1 << 20, false).await;
    let (mut reader, mut writer) = server.into_halves();
    let (mut carrier, tls) = client.into_inner();
    let mut forge = Forge::new(tls);
    let mut message = vec![24, 0, 0xFF, 0xF0];
    message.resize(16 * 1024, 0);
    for _ in 0..2 {
        carrier.write_all(&forge.record(HANDSHAKE, &message)).await.unwrap();
    }
    let error = reader.read_u8().await.unwrap_err();
    assert!(error.to_string().contains("too long"), "{error}");
    assert_eq!(reader.reading.kept(), 0);
    assert!(writer.write_all(b"more").await.is_err());
    writer.shutdown().await.unwrap();
    assert!(log.lock().writes.is_empty());
}

/// Sends `text` in pieces, and receives it into buffers, of the lengths in `cuts`.
async fn carry<W, R>(mut from: W, mut to: R, text: &[u8], cuts: &[usize]) -> Vec<u8>
where
    W: AsyncWrite + Unpin,
    R: AsyncRead + Unpin,
{
    let sending = async {
        let (mut rest, mut cuts) = (text, cuts.iter().cycle());
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(*cuts.next().unwrap()));
            from.write_all(now).await.unwrap();
            rest = later;
        }
        from.flush().await.unwrap();
    };
    let receiving = async {
        let (mut received, mut cuts) = (Vec::new(), cuts.iter().rev().cycle());
        while received.len() < text.len() {
            let mut buffer = vec![0; *cuts.next().unwrap()];
            let count = to.read(&mut buffer).await.unwrap();
            received.extend_from_slice(&buffer[..count]);
        }
        received
    };
    tokio::join!(sending, receiving).1
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_cut_carries_the_same_text(
        len in 1_usize..200_000,
        room in 2000_usize..200_000,
        most in prop_oneof![1_usize..100, 100_usize..100_000],
        cuts in prop::collection::vec(prop_oneof![50_usize..3000, 3000_usize..120_000], 1..8),
        old in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (client, server, log) = pair(room, old).await;
            log.lock().most = most;
            let (reader, writer) = server.into_halves();
            let (there, here) = tokio::io::split(client);
            let text = text(len);
            let (down, up) = tokio::join!(carry(writer, there, &text, &cuts), carry(here, reader, &text, &cuts));
            assert!(down == text, "what the router wrote");
            assert!(up == text, "what the router read");
        });
    }
}
