//! The server end of a connection.
