//! What a browser shows that was pointed at a WAMP router.

use crate::response::Response;

/// The page at each path: what listens here, and how to talk to it.
pub(crate) fn page(url: &str, subprotocols: &[String], paths: &[String]) -> Response {
    let list = |items: &[String]| {
        items.iter().map(|item| format!("<code>{}</code>", escape(item))).collect::<Vec<_>>().join(", ")
    };
    let (url, subprotocols, paths) = (escape(url), list(subprotocols), list(paths));
    Response::page(format!(
        r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Crossway</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:3em auto;padding:0 1em}}
pre{{background:#8882;padding:1em;overflow:auto}}:root{{color-scheme:light dark}}</style>
<h1>Crossway</h1>
<p>A <a href="https://wamp-proto.org">WAMP</a> router listens here. It speaks WebSocket, so a browser alone shows
nothing more than this page.</p>
<p>Paths: {paths}<br>Subprotocols: {subprotocols}</p>
<p>To connect from JavaScript with <a href="https://github.com/crossbario/autobahn-js">autobahn-js</a>:</p>
<pre>const connection = new autobahn.Connection({{ url: "{url}", realm: "realm1" }});
connection.onopen = session =&gt; {{
  session.subscribe("com.example.hello", args =&gt; console.log(args[0]));
  session.publish("com.example.hello", ["Hello!"], {{}}, {{ exclude_me: false }});
}};
connection.open();</pre>
</html>
"#
    ))
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}
