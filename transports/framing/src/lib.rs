//! What every byte-stream transport shares: carriers, framings, buffers and the accept loop.
