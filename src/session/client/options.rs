//! What a session is asked to do.

/// How a session is to behave.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Enable out-of-band execution if the server offers it.
    pub oob: bool,
    /// Which requests have ids.
    pub ids: Ids,
    /// The longest message to accept, in bytes; 64 MiB unless set.
    pub message_limit: usize,
    /// Whether the session goes on with a new connection when the first has ended after capabilities were negotiated.
    pub reconnect: bool,
}

/// Which requests have ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ids {
    /// All but those of a call by itself where out-of-band execution is not enabled.
    #[default]
    WhereNeeded,
    /// All, and none comes twice: for servers that may repeat a reply, or send one to a request of old. QEMU does neither.
    Always,
    /// None where out-of-band execution is not enabled, but those whose success is not answered: replies are told by their order,
    /// which is that of the requests (QMP specification, "Out-of-band execution"). A server that keeps no order is not to be
    /// used so.
    Never,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            oob: false,
            ids: Ids::default(),
            message_limit: 64 << 20,
            reconnect: false,
        }
    }
}
