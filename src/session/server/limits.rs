//! What QEMU's parser accepts at most of one value.

/// Bytes that one token, and all tokens of one value, may have.
pub(super) const MAX_TEXT: usize = 64 << 20;
/// Tokens that one value may have.
pub(super) const MAX_TOKENS: usize = 1 << 21;
/// Objects and arrays that may be open at once.
pub(super) const MAX_DEPTH: usize = 1024;
