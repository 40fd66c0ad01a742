//! Forms of the language that QEMU dropped, lowered to today's.
//!
//! | form | until | becomes |
//! |---|---|---|
//! | `type` as keyword | 2.3 | `struct` |
//! | `'no'` as value of a flag | 2.3 | `false` |
//! | a dictionary as a member's type | 2.3 | a struct named after owner and member |
//! | types `visitor`, `**`, `dict` | 2.4 | `any` |
//! | `'*props': '**'` of a command | 2.4 | nothing: such a command accepts any further members |
//! | a union without discriminator | 6.1 | a union with tag `type` of an enum `…Kind`, whose branches wrap their type as member `data` |
//! | a union with discriminator `{}` | 2.3 | an alternate |
//! | a tag of type `str` | 1.7 | a tag of an enum `…Kind` of the branches' names |
//! | conditions as C expressions, and lists of them | 6.1 | today's conditions where they have an equivalent |
//!
//! The parser takes care of what concerns it alone: commas left out, escapes, names of pragmas.

mod expression;
mod lower;

pub(crate) use expression::c_condition;
pub(crate) use lower::lower;
