//! Statements of what is used that cannot be right.

use crate::diff::scratch;

#[test]
fn doubtful_lines_are_named() {
    let dir = scratch("doubts");
    for (text, stderr, status) in [
        (
            "LID\nejekt\n\neject.forse # a slip\nquery block\neject.id\n",
            "warning: uses:2: neither side has a command, event or type 'ejekt'; did you mean 'eject'?\n\
             warning: uses:4: neither side has 'forse' in 'eject'; did you mean 'eject.force'?\n\
             warning: uses:5: this is no name of a command, event or type, nor of a part of one\n",
            0,
        ),
        (
            "S: {\"QMP\": {}}\nC: {\"execute\": \"qmp_capabilities\"}\nwho knows\nC: {\"execute\": \"ejekt\"}\n\
             C: {\"execute\": \"eject\"}\n",
            "warning: uses:4: neither side has a command, event or type 'ejekt'; did you mean 'eject'?\n",
            0,
        ),
        (
            "[\n{\"execute\":\n\"eject\"},\n{\"execute\": \"eject\"}]\n",
            "",
            0,
        ),
        (
            "strange\n",
            "warning: uses:1: neither side has a command, event or type 'strange'\n\
             qapi-gen: uses names no command, event or type of either side: a name a line is expected, or messages of QMP\n",
            2,
        ),
    ] {
        std::fs::write(dir.0.join("uses"), text).unwrap();
        let run = dir.run(&["diff", "--used-by", "uses", "old.json", "new.json"]);
        assert_eq!(
            (run.stderr.as_str(), run.status),
            (stderr, status),
            "{text}"
        );
    }
}

#[test]
fn what_is_no_list_is_refused() {
    let dir = scratch("no-list");
    let mut noise = 7_u32;
    let bytes = (0..20_000).map(|_| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (noise >> 24) as u8
    });
    std::fs::write(dir.0.join("noise"), bytes.collect::<Vec<u8>>()).unwrap();
    std::fs::write(dir.0.join("prose"), "query block\n{ not JSON }\n").unwrap();
    for (file, lines) in [("noise", 52), ("prose", 3)] {
        let run = dir.run(&["diff", "--used-by", file, "old.json", "new.json"]);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""));
        assert_eq!(run.stderr.lines().count(), lines, "{}", run.stderr);
        assert!(run.stderr.contains("names no command, event or type"));
    }
}

#[test]
fn that_nothing_used_changed_is_not_that_nothing_changed() {
    let dir = scratch("unused");
    std::fs::write(dir.0.join("uses"), "LID\n").unwrap();
    let said = |old: &str, new: &str| dir.run(&["diff", "--used-by", "uses", old, new]).stdout;
    assert_eq!(
        said("old.json", "new.json"),
        "Nothing that uses names changed from old.json to new.json.\n"
    );
    assert_eq!(
        said("old.json", "old.json"),
        "Nothing changed from old.json to old.json.\n"
    );
}
