use super::Agreement;

/// What is agreed upon for the offers of one header: the window, if there will be compression.
fn window(offers: &str) -> Option<u8> {
    Agreement::first([offers]).map(|agreement| agreement.window_bits)
}

#[test]
fn offers_of_the_clients_in_use_are_accepted() {
    for offer in [
        "permessage-deflate",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_no_context_takeover; server_no_context_takeover; client_max_window_bits",
        "permessage-deflate ;client_max_window_bits=15;  server_no_context_takeover",
        "permessage-deflate; server_max_window_bits=15",
        "permessage-deflate; client_max_window_bits=8",
    ] {
        assert_eq!(window(offer), Some(15), "{offer}");
    }
}

#[test]
fn the_window_of_the_server_is_what_the_client_asks_for() {
    for bits in 9..15 {
        let agreement =
            Agreement::first([&*format!("permessage-deflate; server_max_window_bits={bits}")]).unwrap();
        assert_eq!(agreement.window_bits, bits);
        let ending = format!("; client_no_context_takeover; server_max_window_bits={bits}");
        assert!(agreement.header().ends_with(&ending), "{}", agreement.header());
    }
    assert_eq!(window("permessage-deflate; server_max_window_bits=\"10\""), Some(10));
}

#[test]
fn an_invalid_offer_is_declined() {
    for offer in [
        "",
        "permessage-bzip2",
        "x-webkit-deflate-frame",
        "permessage-deflate; unknown",
        "permessage-deflate; ",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=09",
        "permessage-deflate; server_max_window_bits=",
        "permessage-deflate; server_max_window_bits=+9",
        "permessage-deflate; client_max_window_bits=0",
        "permessage-deflate; client_max_window_bits=wide",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover=\"\"",
        "permessage-deflate; client_max_window_bits; client_max_window_bits",
        "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
    ] {
        assert_eq!(window(offer), None, "{offer}");
    }
}

#[test]
fn a_window_of_256_octets_is_declined_since_no_compressor_keeps_to_it() {
    assert_eq!(window("permessage-deflate; server_max_window_bits=8"), None);
}

#[test]
fn the_first_offer_that_can_be_accepted_is() {
    let offers = "permessage-bzip2, permessage-deflate; server_max_window_bits=8, permessage-deflate; \
                  server_max_window_bits=12, permessage-deflate";
    assert_eq!(window(offers), Some(12));
    assert_eq!(window("foo; bar=\"a, permessage-deflate\", permessage-deflate"), Some(15));
    assert_eq!(window("foo; bar=\"a, permessage-deflate\""), None);
    // One header for each is as good as one for all.
    let headers = ["permessage-bzip2", "permessage-deflate; server_max_window_bits=11"];
    assert_eq!(Agreement::first(headers).map(|agreement| agreement.window_bits), Some(11));
}

#[test]
fn nothing_is_kept_between_messages_whatever_the_offer_says() {
    assert_eq!(
        Agreement { window_bits: 15 }.header(),
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
    );
}
