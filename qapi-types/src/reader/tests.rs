//! Tests of what the reader does inside.
