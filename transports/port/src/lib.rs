//! One port for RawSocket, WebSocket and plain HTTP, told apart by the first octets.
