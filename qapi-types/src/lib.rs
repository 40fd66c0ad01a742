//! The wire codec of QAPI peers.
