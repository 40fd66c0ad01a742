//! Forms of the language that QEMU dropped, lowered to today's.

mod expression;

pub(crate) use expression::c_condition;
