//! Two interfaces each, and what changed between them.

/// Old text, new text, the changes.
pub(crate) const CASES: &[(&str, &str, &[&str])] = &[
    (
        "{ 'command': 'stop' } { 'command': 'go' }",
        "{ 'command': 'go' } { 'event': 'GONE' }",
        &[
            "command-removed input command 'stop'",
            "event-added output event 'GONE'",
        ],
    ),
    (
        "{ 'command': 'go', 'data': { 'a': 'str', 'b': 'str', '*c': 'str', '*d': 'str', 'e': 'str', '*f': 'str' } }",
        "{ 'command': 'go', 'data': { '*a': 'str', '*d': 'str', '*c': 'str', 'b': 'str', 'g': 'str', '*h': 'str' } }",
        &[
            "member-now-optional input command 'go', argument 'a'",
            "mandatory-member-removed input command 'go', argument 'e'",
            "member-removed input command 'go', argument 'f'",
            "mandatory-member-added input command 'go', argument 'g'",
            "member-added input command 'go', argument 'h'",
        ],
    ),
    // One type, both ways; a type's name is not on the wire.
    (
        "{ 'enum': 'Mode', 'data': [ 'a', 'b' ] } { 'struct': 'Both', 'data': { 'mode': 'Mode' } }
         { 'command': 'set', 'data': 'Both' } { 'event': 'SET', 'data': 'Both' }",
        "{ 'enum': 'Kind', 'data': [ 'c', 'a' ] } { 'struct': 'Pair', 'data': { 'mode': 'Kind', '*x': 'int' } }
         { 'command': 'set', 'data': 'Pair' } { 'event': 'SET', 'data': 'Pair' }",
        &[
            "value-removed input+output type 'Kind', value 'b'",
            "value-added input+output type 'Kind', value 'c'",
            "member-added input+output type 'Pair', member 'x'",
        ],
    ),
    // Two types that became one are judged by where each was used.
    (
        "{ 'struct': 'Get', 'data': { 'a': 'str' } } { 'struct': 'Set', 'data': { '*a': 'str' } }
         { 'command': 'get', 'returns': 'Get' } { 'command': 'set', 'data': 'Set' }",
        "{ 'struct': 'Value', 'data': { '*a': 'str' } }
         { 'command': 'get', 'returns': 'Value' } { 'command': 'set', 'data': 'Value' }",
        &["member-now-optional output type 'Value', member 'a'"],
    ),
    // What a base declares is reported once.
    (
        "{ 'struct': 'Base', 'data': {} } { 'struct': 'One', 'base': 'Base', 'data': {} }
         { 'struct': 'Two', 'base': 'Base', 'data': {} }
         { 'command': 'go', 'data': { '*one': 'One', '*two': 'Two' } }",
        "{ 'struct': 'Base', 'data': { '*a': 'int' } } { 'struct': 'One', 'base': 'Base', 'data': {} }
         { 'struct': 'Two', 'base': 'Base', 'data': {} }
         { 'command': 'go', 'data': { '*one': 'One', '*two': 'Two' } }",
        &["member-added input type 'Base', member 'a'"],
    ),
    (
        "{ 'enum': 'Kind', 'data': [ 'a', 'b' ] } { 'struct': 'Some', 'data': { 'x': 'int' } }
         { 'union': 'Shape', 'base': { 'kind': 'Kind' }, 'discriminator': 'kind', 'data': { 'b': 'Some' } }
         { 'command': 'draw', 'data': 'Shape', 'boxed': true }",
        "{ 'enum': 'Kind', 'data': [ 'a', 'c' ] } { 'struct': 'Some', 'data': { 'x': 'int' } }
         { 'union': 'Shape', 'base': { 'kind': 'Kind' }, 'discriminator': 'kind', 'data': { 'c': 'Some' } }
         { 'command': 'draw', 'data': 'Shape', 'boxed': true }",
        &[
            "value-removed input type 'Kind', value 'b'",
            "value-added input type 'Kind', value 'c'",
            "branch-removed input type 'Shape', branch 'b'",
            "branch-added input type 'Shape', branch 'c'",
        ],
    ),
    // A value that stays gains and loses a branch: that is the union's, and the branch's type may be an old one.
    (
        "{ 'enum': 'Kind', 'data': [ 'a', 'b', 'c', 'd' ] }
         { 'struct': 'Some', 'data': { 'x': 'int' } } { 'struct': 'May', 'data': { '*y': 'int' } }
         { 'union': 'Shape', 'base': { 'kind': 'Kind' }, 'discriminator': 'kind', 'data': { 'b': 'Some', 'd': 'May' } }
         { 'command': 'draw', 'data': 'Shape', 'boxed': true } { 'event': 'DRAWN', 'data': 'Some' }",
        "{ 'enum': 'Kind', 'data': [ 'a', 'b', 'c', 'd' ] }
         { 'struct': 'Some', 'data': { 'x': 'int' } } { 'struct': 'May', 'data': { '*y': 'int' } }
         { 'union': 'Shape', 'base': { 'kind': 'Kind' }, 'discriminator': 'kind', 'data': { 'a': 'Some', 'c': 'May' } }
         { 'command': 'draw', 'data': 'Shape', 'boxed': true } { 'event': 'DRAWN', 'data': 'Some' }",
        &[
            "mandatory-branch-added input type 'Shape', branch 'a'",
            "mandatory-branch-removed input type 'Shape', branch 'b'",
            "branch-added input type 'Shape', branch 'c'",
            "branch-removed input type 'Shape', branch 'd'",
        ],
    ),
    // From the base to the branches and back.
    (
        "{ 'enum': 'Kind', 'data': [ 'a', 'b' ] } { 'struct': 'Some', 'data': { 'x': 'int' } }
         { 'union': 'Shape', 'base': { 'kind': 'Kind', '*y': 'int' }, 'discriminator': 'kind', 'data': { 'b': 'Some' } }
         { 'command': 'draw', 'data': 'Shape', 'boxed': true }",
        "{ 'enum': 'Kind', 'data': [ 'a', 'b' ] } { 'struct': 'Some', 'data': { '*y': 'int' } }
         { 'union': 'Shape', 'base': { 'kind': 'Kind', '*x': 'int' }, 'discriminator': 'kind', 'data': { 'b': 'Some' } }
         { 'command': 'draw', 'data': 'Shape', 'boxed': true }",
        &[
            "member-unrestricted input type 'Shape', member 'x'",
            "member-restricted input type 'Shape', member 'y'",
            "member-now-optional input type 'Some', member 'x'",
        ],
    ),
    // A struct became a union that takes what it took.
    (
        "{ 'struct': 'Shape', 'data': { '*x': 'int' } }
         { 'command': 'draw', 'data': 'Shape', 'boxed': true }",
        "{ 'enum': 'Kind', 'data': [ 'a', 'b' ] } { 'struct': 'Some', 'data': { '*x': 'int' } }
         { 'union': 'Shape', 'base': { 'kind': 'Kind', '*x': 'int' }, 'discriminator': 'kind', 'data': { } }
         { 'command': 'draw', 'data': 'Shape', 'boxed': true }",
        &["mandatory-member-added input type 'Shape', member 'kind'"],
    ),
    // What its branches add is the union's, too.
    (
        "{ 'struct': 'Shape', 'data': { '*x': 'int' } }
         { 'command': 'draw', 'data': 'Shape', 'boxed': true }",
        "{ 'enum': 'Kind', 'data': [ 'a', 'b' ] } { 'struct': 'Some', 'data': { '*y': 'int' }, 'features': [ 'new' ] }
         { 'union': 'Shape', 'base': { 'kind': 'Kind', '*x': 'int' }, 'discriminator': 'kind', 'data': { 'a': 'Some' } }
         { 'command': 'draw', 'data': 'Shape', 'boxed': true }",
        &[
            "mandatory-member-added input type 'Shape', member 'kind'",
            "member-added input type 'Shape', member 'y'",
        ],
    ),
    (
        "{ 'alternate': 'Ref', 'data': { 'name': 'str', 'none': 'null' } }
         { 'command': 'go', 'data': { 'a': 'Ref', 'b': 'str', 'c': 'Ref', 'd': 'number' } }",
        "{ 'alternate': 'Ref', 'data': { 'name': 'str', 'list': ['int'] } }
         { 'command': 'go', 'data': { 'a': 'Ref', 'b': 'Ref', 'c': 'str', 'd': 'Ref' } }",
        &[
            "type-widened input command 'go', argument 'b'",
            "type-narrowed input command 'go', argument 'c'",
            "type-changed input command 'go', argument 'd'",
            "alternative-added input type 'Ref', alternative 'array'",
            "alternative-removed input type 'Ref', alternative 'null'",
        ],
    ),
    (
        "{ 'enum': 'Kind', 'data': [ 'a' ] }
         { 'command': 'go', 'data': { 'a': 'int', 'b': 'Kind', 'c': ['any'], 'd': ['bool'], 'e': 'int' } }",
        "{ 'enum': 'Kind', 'data': [ 'a' ] }
         { 'command': 'go', 'data': { 'a': 'number', 'b': 'str', 'c': ['int'], 'd': 'bool', 'e': 'int64' } }",
        &[
            "type-widened input command 'go', argument 'a'",
            "type-widened input command 'go', argument 'b'",
            "type-narrowed input command 'go', argument 'c'",
            "type-changed input command 'go', argument 'd'",
        ],
    ),
    (
        "{ 'command': 'go', 'data': { 'a': 'uint8', 'b': 'int32', 'c': 'int8', 'd': 'size' } }",
        "{ 'command': 'go', 'data': { 'a': 'int', 'b': 'int16', 'c': 'uint8', 'd': 'uint64' } }",
        &[
            "range-widened input command 'go', argument 'a'",
            "range-narrowed input command 'go', argument 'b'",
            "range-widened input command 'go', argument 'c'",
            "range-narrowed input command 'go', argument 'c'",
        ],
    ),
    (
        "{ 'struct': 'Some', 'data': {}, 'features': [ 'fast' ] }
         { 'command': 'go', 'data': { 'a': 'Some', 'b': 'int' }, 'features': [ 'unstable' ] }
         { 'event': 'GONE' }",
        "{ 'struct': 'Some', 'data': {}, 'features': [ 'slow' ] }
         { 'command': 'go', 'data': { 'a': 'Some', 'b': { 'type': 'int', 'features': [ 'deprecated' ] } } }
         { 'event': 'GONE', 'features': [ 'deprecated', 'unstable' ] }",
        &[
            "unstable-ended input command 'go'",
            "deprecation-begun input command 'go', argument 'b'",
            "deprecation-begun output event 'GONE'",
            "unstable-begun output event 'GONE'",
            "feature-added input type 'Some'",
            "feature-removed input type 'Some'",
        ],
    ),
    (
        "{ 'command': 'go', 'allow-oob': true, 'gen': false } { 'command': 'stop', 'allow-preconfig': true }",
        "{ 'command': 'go', 'allow-preconfig': true } { 'command': 'stop', 'success-response': false, 'allow-oob': true }",
        &[
            "oob-forbidden input command 'go'",
            "preconfig-allowed input command 'go'",
            "extra-members-refused input command 'go'",
            "oob-allowed input command 'stop'",
            "preconfig-forbidden input command 'stop'",
            "success-response-changed input command 'stop'",
        ],
    ),
    (
        "{ 'command': 'go', 'if': 'A' } { 'command': 'stop' } { 'enum': 'Kind', 'data': [ { 'name': 'a', 'if': 'A' } ] }
         { 'event': 'GONE', 'data': { 'kind': 'Kind' } }",
        "{ 'command': 'go', 'if': { 'any': [ 'A', { 'not': 'B' } ] } } { 'command': 'stop', 'if': 'A' }
         { 'enum': 'Kind', 'data': [ 'a' ] } { 'event': 'GONE', 'data': { 'kind': 'Kind' } }",
        &[
            "condition-changed input command 'go'",
            "condition-added input command 'stop'",
            "condition-removed output type 'Kind', value 'a'",
        ],
    ),
    (
        "{ 'enum': 'Kind', 'data': [ 'a' ], 'if': 'A' } { 'struct': 'Some', 'data': { 'kind': 'Kind' } }
         { 'command': 'go', 'data': 'Some' } { 'command': 'stop', 'data': { 'x': 'int' }, 'if': 'A' }",
        "{ 'enum': 'Kind', 'data': [ 'a' ] } { 'struct': 'Some', 'data': { 'kind': 'Kind' }, 'if': 'B' }
         { 'command': 'go', 'data': 'Some' } { 'command': 'stop', 'data': { 'x': 'int' }, 'if': 'B' }",
        &[
            "condition-changed input command 'stop'",
            "condition-removed input type 'Kind'",
            "condition-added input type 'Some'",
        ],
    ),
    // Neither order, nor names and files, nor how something is put together.
    (
        "{ 'struct': 'Base', 'data': { 'a': 'int' } } { 'struct': 'Some', 'base': 'Base', 'data': { 'b': 'int' } }
         { 'command': 'go', 'data': 'Some' } { 'command': 'stop' }",
        "{ 'command': 'stop', 'data': {} } { 'command': 'go', 'data': { 'b': 'int', 'a': 'int' } }",
        &[],
    ),
    // Recursive types come to an end.
    (
        "{ 'struct': 'Tree', 'data': { '*next': 'Tree', '*all': ['Tree'] } } { 'command': 'go', 'returns': 'Tree' }",
        "{ 'struct': 'Tree', 'data': { '*next': 'Tree', '*all': ['Tree'], 'x': 'int' } }
         { 'command': 'go', 'returns': 'Tree' }",
        &["mandatory-member-added output type 'Tree', member 'x'"],
    ),
];
