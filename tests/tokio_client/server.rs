//! A server that does what a test says.

use std::time::Duration;

use qapi_rt::client::Builder;
use qapi_rt::{Client, Error};
use serde_json::{Value, json};
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
    DuplexStream, ReadHalf, WriteHalf,
};

pub(crate) const GREETING: &str = concat!(
    r#"{"QMP": {"version": {"qemu": {"major": 10, "minor": 0, "micro": 2}, "package": ""}, "#,
    r#""capabilities": ["oob", "future"]}}"#,
    "\r\n"
);

/// The server's end of a connection.
pub(crate) struct Peer<S = DuplexStream> {
    reader: BufReader<ReadHalf<S>>,
    writer: WriteHalf<S>,
}

impl<S: AsyncRead + AsyncWrite> Peer<S> {
    pub(crate) fn new(stream: S) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        Self {
            reader: BufReader::new(reader),
            writer,
        }
    }

    /// Greets and negotiates.
    pub(crate) async fn welcome(&mut self) {
        self.send(GREETING).await;
        let request = self.request().await;
        assert_eq!(request["execute"], "qmp_capabilities");
        self.reply(&request, json!({})).await;
    }

    /// The next request; `null` if there will be none.
    pub(crate) async fn request(&mut self) -> Value {
        let mut line = String::new();
        self.reader.read_line(&mut line).await.unwrap();
        match line.as_str() {
            "" => Value::Null,
            line => serde_json::from_str(line).unwrap(),
        }
    }

    /// The next request has to be this one.
    pub(crate) async fn expect(&mut self, command: &str) -> Value {
        let request = self.request().await;
        assert_eq!(request["execute"], command);
        request
    }

    /// The next byte that the client sends, if any.
    pub(crate) async fn byte(&mut self) -> Option<u8> {
        self.reader.read_u8().await.ok()
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.writer.write_all(text.as_bytes()).await.unwrap();
    }

    /// For when the client may have gone.
    pub(crate) async fn try_send(&mut self, text: &str) -> std::io::Result<()> {
        self.writer.write_all(text.as_bytes()).await
    }

    pub(crate) async fn reply(&mut self, request: &Value, value: Value) {
        let mut reply = json!({"return": value});
        if let Some(id) = request.get("id") {
            reply["id"] = id.clone();
        }
        self.send(&format!("{reply}\r\n")).await;
    }

    pub(crate) async fn fail(&mut self, request: &Value, class: &str, desc: &str) {
        let mut reply = json!({"error": {"class": class, "desc": desc}});
        if let Some(id) = request.get("id") {
            reply["id"] = id.clone();
        }
        self.send(&format!("{reply}\r\n")).await;
    }

    pub(crate) async fn event(&mut self, name: &str, data: Value) {
        let event = json!({
            "timestamp": {"seconds": 1, "microseconds": 2}, "event": name, "data": data});
        self.send(&format!("{event}\r\n")).await;
    }

    /// Answers every request with its command's name, until the client leaves.
    pub(crate) async fn echo(mut self) {
        loop {
            let request = self.request().await;
            if request.is_null() {
                return;
            }
            let name = request["execute"].clone();
            self.reply(&request, name).await;
        }
    }
}

/// A client that is connected over a pipe which holds so many bytes, and its server.
pub(crate) async fn connected_by(builder: Builder<'_>, room: usize) -> (Client, Peer) {
    let (ours, theirs) = tokio::io::duplex(room);
    let mut peer = Peer::new(theirs);
    let (reader, writer) = tokio::io::split(ours);
    let (client, ()) = tokio::join!(builder.over(reader, writer), peer.welcome());
    (client.unwrap(), peer)
}

pub(crate) async fn connected() -> (Client, Peer) {
    connected_by(Client::builder(), 64 << 10).await
}

/// What a connection to a server that says `text` and then nothing more, or hangs up, comes to.
pub(crate) async fn greeted_with(text: &str, hang_up: bool) -> Result<Client, Error> {
    let (ours, theirs) = tokio::io::duplex(64 << 10);
    let mut peer = Peer::new(theirs);
    let (reader, writer) = tokio::io::split(ours);
    peer.send(text).await;
    let peer = if hang_up {
        drop(peer);
        None
    } else {
        Some(peer)
    };
    let client = Client::builder()
        .deadline(Duration::from_secs(1))
        .over(reader, writer)
        .await;
    drop(peer);
    client
}
