//! Which members need a box, because by value a type would contain itself.

use crate::model::{Member, ObjectId, Schema, Type};

/// The cycles of containment by value. An array, a union's branch and an alternate's object are on
/// the heap already, so only members of plain object type count.
pub(crate) struct Cycles {
    /// By object, then by its set of members: the number of the strongly connected component.
    component: Vec<u32>,
    /// The same where only mandatory members count.
    mandatory: Vec<u32>,
}

impl Cycles {
    pub(crate) fn of(schema: &Schema) -> Cycles {
        let of = |counts: fn(&Member) -> bool| components(&edges(schema, counts));
        Cycles {
            component: of(|_| true),
            mandatory: of(|member| !member.optional),
        }
    }

    /// Whether a member of this type, in that object, leads back to the object.
    pub(crate) fn closes(&self, object: ObjectId, member: ObjectId) -> bool {
        self.component[object.index()] == self.component[member.index()]
    }

    /// Whether a mandatory member of this type, in that object, would need a value without end.
    pub(crate) fn never_ends(&self, object: ObjectId, member: ObjectId) -> bool {
        self.mandatory[object.index()] == self.mandatory[member.index()]
    }
}

/// An object leads to its set of members, and that to what those that count contain and to the base's set.
fn edges(schema: &Schema, counts: fn(&Member) -> bool) -> Vec<Vec<usize>> {
    let count = schema.objects.len();
    let objects = (0..count).map(|index| vec![count + index]);
    let members = schema.objects.iter().map(|object| {
        let members = object.members.iter().filter(|member| counts(member));
        let contained = members.filter_map(|member| match member.ty {
            Type::Object(id) => Some(id.index()),
            _ => None,
        });
        let base = object.base.map(|base| count + base.index());
        contained.chain(base).collect()
    });
    objects.chain(members).collect()
}

/// Strongly connected components by Tarjan's algorithm, without recursion.
fn components(edges: &[Vec<usize>]) -> Vec<u32> {
    const UNSEEN: u32 = u32::MAX;
    let mut order = vec![UNSEEN; edges.len()];
    let mut low = vec![0; edges.len()];
    let mut component = vec![UNSEEN; edges.len()];
    let (mut seen, mut found) = (0, 0);
    let mut open = Vec::new();
    let mut path: Vec<(usize, usize)> = Vec::new();
    for root in 0..edges.len() {
        if order[root] != UNSEEN {
            continue;
        }
        path.push((root, 0));
        while let Some((node, next)) = path.pop() {
            if next == 0 {
                order[node] = seen;
                low[node] = seen;
                seen += 1;
                open.push(node);
            } else {
                low[node] = low[node].min(low[edges[node][next - 1]]);
            }
            let descend = edges[node][next..].iter().position(|&to| {
                if order[to] != UNSEEN && component[to] == UNSEEN {
                    low[node] = low[node].min(order[to]);
                }
                order[to] == UNSEEN
            });
            if let Some(skipped) = descend {
                let at = next + skipped;
                path.push((node, at + 1));
                path.push((edges[node][at], 0));
            } else if low[node] == order[node] {
                while let Some(member) = open.pop() {
                    component[member] = found;
                    if member == node {
                        break;
                    }
                }
                found += 1;
            }
        }
    }
    component
}

#[cfg(test)]
mod tests {
    use super::components;

    #[test]
    fn a_cycle_is_one_component() {
        // 0 -> 1 -> 2 -> 0, 2 -> 3 -> 4, 4 -> 4
        let c = components(&[vec![1], vec![2], vec![0, 3], vec![4], vec![4]]);
        assert!(c[0] == c[1] && c[1] == c[2]);
        assert!(c[2] != c[3] && c[3] != c[4]);
    }

    #[test]
    fn long_chains_do_not_overflow_the_stack() {
        let n = 200_000;
        let edges: Vec<_> = (0..n).map(|i| vec![(i + 1) % n]).collect();
        let c = components(&edges);
        assert!(c.iter().all(|&x| x == c[0]));
    }
}
