//! The program `qmp`, run against real servers, also in a terminal.
#![cfg(target_os = "linux")]

mod agent;
mod calls;
mod completion;
mod dumb;
mod endings;
mod events;
mod given;
mod help;
mod jobs;
mod messages;
mod mistakes;
mod pictures;
mod random;
mod record;
mod screens;
mod scripts;
mod servers;
mod setup;
mod shell;
mod terminal;
