//! Compares types, at one place where both are used, and part by part.

use super::walk::{Detail, Node, Slot, Walk};
use super::{ChangeCode as C, Part};
use crate::interface::{Interface, Place, Shape, TypeId, has};
use crate::model::{Builtin, JsonKind};

impl Walk<'_> {
    /// Compares the types at one place.
    pub(super) fn slot(&mut self, old: TypeId, new: TypeId, slot: &Slot) {
        let (old_shape, new_shape) = (self.old.shape(old), self.new.shape(new));
        let code = match (old_shape, new_shape) {
            (Shape::Array(a), Shape::Array(b)) => {
                let elements = Slot {
                    subject: slot.subject.clone(),
                    path: format!("{}[]", slot.path),
                    list: true,
                    old_place: slot.old_place.clone(),
                    new_place: slot.new_place.clone(),
                    ..*slot
                };
                return self.slot(*a, *b, &elements);
            }
            (Shape::Object(_), Shape::Object(_)) => {
                return self.push(Node::Objects(vec![old], vec![new]), &slot.path, slot.stable);
            }
            (Shape::Enum(_), Shape::Enum(_)) | (Shape::Alternate(_), Shape::Alternate(_)) => {
                return self.push(Node::Types(old, new), &slot.path, slot.stable);
            }
            (Shape::Builtin(a), Shape::Builtin(b)) => return self.builtins(*a, *b, slot),
            (Shape::Alternate(alternatives), _) => {
                match alternatives.iter().find(|a| self.same_kind(**a, new)) {
                    Some(alternative) => {
                        self.slot(*alternative, new, slot);
                        C::TypeNarrowed
                    }
                    None => C::TypeChanged,
                }
            }
            (_, Shape::Alternate(alternatives)) => {
                match alternatives.iter().find(|a| self.same_kind(old, **a)) {
                    Some(alternative) => {
                        self.slot(old, *alternative, slot);
                        C::TypeWidened
                    }
                    None => C::TypeChanged,
                }
            }
            (_, Shape::Builtin(Builtin::Any)) => C::TypeWidened,
            (Shape::Builtin(Builtin::Any), _) => C::TypeNarrowed,
            (Shape::Enum(_), Shape::Builtin(Builtin::Str)) => C::TypeWidened,
            (Shape::Builtin(Builtin::Str), Shape::Enum(_)) => C::TypeNarrowed,
            _ => C::TypeChanged,
        };
        self.type_change(code, old, new, slot);
    }

    fn same_kind(&self, old: TypeId, new: TypeId) -> bool {
        self.old.kind(old) == self.new.kind(new)
    }

    fn type_change(&mut self, code: C, old: TypeId, new: TypeId, slot: &Slot) {
        let detail = Detail {
            old: Some(slot.said(self.old.describe(old))),
            new: Some(slot.said(self.new.describe(new))),
            unstable: !slot.stable,
            old_place: slot.old_place.clone(),
            new_place: slot.new_place.clone(),
            ..Detail::default()
        };
        self.change(code, slot.subject.clone(), detail);
    }

    fn builtins(&mut self, old: Builtin, new: Builtin, slot: &Slot) {
        let widths = !self.old.introspected && !self.new.introspected;
        let mut report = |code| {
            let detail = Detail {
                old: Some(slot.said(old.name().to_owned())),
                new: Some(slot.said(new.name().to_owned())),
                unstable: !slot.stable,
                old_place: slot.old_place.clone(),
                new_place: slot.new_place.clone(),
                ..Detail::default()
            };
            self.change(code, slot.subject.clone(), detail);
        };
        match (old.json_kind(), new.json_kind()) {
            (JsonKind::Int, JsonKind::Int) => {
                let (before, now) = (range(old), range(new));
                if widths && (now.0 < before.0 || now.1 > before.1) {
                    report(C::RangeWidened);
                }
                if widths && (now.0 > before.0 || now.1 < before.1) {
                    report(C::RangeNarrowed);
                }
            }
            (a, b) if a == b => {}
            (JsonKind::Int, JsonKind::Number) | (_, JsonKind::Value) => report(C::TypeWidened),
            (JsonKind::Number, JsonKind::Int) | (JsonKind::Value, _) => report(C::TypeNarrowed),
            _ => report(C::TypeChanged),
        }
    }

    pub(super) fn types(&mut self, old: TypeId, new: TypeId) {
        let subject = self.owner(old, new);
        let (was, now) = (self.old.ty(old), self.new.ty(new));
        let places = (was.place.clone(), now.place.clone());
        self.features(&subject, &was.features, &now.features, &places);
        self.type_condition(&subject, was, now, &places);
        match (&was.shape, &now.shape) {
            (Shape::Enum(before), Shape::Enum(values)) => {
                let line = |place: &Option<Place>, line: Option<u32>| {
                    place.as_ref().map(|place| Place {
                        line: line.unwrap_or(place.line),
                        ..place.clone()
                    })
                };
                for value in values {
                    let subject = subject.with(Part::Value(value.name.to_string()));
                    let new_place = line(&now.place, value.line);
                    match before.iter().find(|v| v.name == value.name) {
                        Some(v) => {
                            let places = (line(&was.place, v.line), new_place);
                            self.features(&subject, &v.features, &value.features, &places);
                            let (old, new) = (v.condition.as_ref(), value.condition.as_ref());
                            self.condition(&subject, old, new, &places);
                        }
                        None => {
                            let detail = Detail {
                                unstable: has(&value.features, "unstable"),
                                new_place,
                                ..Detail::default()
                            };
                            self.change(C::ValueAdded, subject, detail);
                        }
                    }
                }
                for value in before {
                    if values.iter().all(|v| v.name != value.name) {
                        let subject = subject.with(Part::Value(value.name.to_string()));
                        let detail = Detail::gone(
                            &value.features,
                            value.condition.as_ref(),
                            line(&was.place, value.line),
                        );
                        self.change(C::ValueRemoved, subject, detail);
                    }
                }
            }
            (Shape::Alternate(before), Shape::Alternate(alternatives)) => {
                let path = self.visits[self.at].path.clone();
                let kind = |interface: &Interface, ty| {
                    Part::Alternative(interface.kind(ty).as_str().to_owned())
                };
                for &alternative in alternatives {
                    match before.iter().find(|a| self.same_kind(**a, alternative)) {
                        Some(a) => {
                            let slot = Slot {
                                subject: subject.with(kind(self.new, alternative)),
                                path: path.clone(),
                                list: false,
                                stable: true,
                                old_place: places.0.clone(),
                                new_place: places.1.clone(),
                            };
                            self.slot(*a, alternative, &slot);
                        }
                        None => {
                            let subject = subject.with(kind(self.new, alternative));
                            self.change(C::AlternativeAdded, subject, Detail::at(&places, false));
                        }
                    }
                }
                for &a in before {
                    if alternatives.iter().all(|b| !self.same_kind(a, *b)) {
                        let subject = subject.with(kind(self.old, a));
                        self.change(C::AlternativeRemoved, subject, Detail::at(&places, false));
                    }
                }
            }
            _ => {}
        }
    }
}

impl Slot {
    /// What a type there is called in reports.
    fn said(&self, ty: String) -> String {
        match self.list {
            true => format!("[{ty}]"),
            false => ty,
        }
    }
}

/// The integers that the first type has beyond the second, from the least to the largest, if each has some.
pub(super) fn beyond(first: &str, second: &str) -> Option<(i128, i128)> {
    let range = |name: &str| Builtin::from_name(name.trim_matches(['[', ']'])).map(range);
    let (a, b) = (range(first)?, range(second)?);
    match a.0 < b.0 {
        true if a.1 < b.1 => Some((a.0, a.1.min(b.0 - 1))),
        false if a.0 > b.0 && a.1 > b.1 => Some((a.0.max(b.1 + 1), a.1)),
        _ => None,
    }
}

/// The least and the largest value.
fn range(integer: Builtin) -> (i128, i128) {
    let signed = |bits: u32| (-(1 << (bits - 1)), (1 << (bits - 1)) - 1);
    let unsigned = |bits: u32| (0, (1 << bits) - 1);
    match integer {
        Builtin::Int8 => signed(8),
        Builtin::Int16 => signed(16),
        Builtin::Int32 => signed(32),
        Builtin::Uint8 => unsigned(8),
        Builtin::Uint16 => unsigned(16),
        Builtin::Uint32 => unsigned(32),
        Builtin::Uint64 | Builtin::Size => unsigned(64),
        _ => signed(64),
    }
}
