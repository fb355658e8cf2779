//! An asynchronous WAMP client over any Crossway transport.
