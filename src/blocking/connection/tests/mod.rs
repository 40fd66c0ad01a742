//! Connections whose server is the test.

#[cfg(shuttle)]
mod schedules;
#[cfg(all(unix, not(shuttle)))]
mod threads;
