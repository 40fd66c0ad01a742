//! The QAPI schema front end and generator.
