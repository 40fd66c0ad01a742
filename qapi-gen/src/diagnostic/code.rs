//! The rules, each with its code.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $id:ident $variant:ident $rule:literal;)*) => {
        /// The rule that a schema breaks.
        ///
        /// Codes are stable: letters name the family (L, P lexical and syntax; I, G directives;
        /// D documentation; N names; E, C, F, T shape; M, S, U, A, K, V enum, struct, union,
        /// alternate, command, event; R definitions).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $rule] $variant,)*
        }

        impl Code {
            /// Every rule.
            pub const ALL: &'static [Code] = &[$(Code::$variant),*];

            /// The code, such as `T4`.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => stringify!($id)),* }
            }

            /// The rule, in one sentence.
            pub fn rule(self) -> &'static str {
                match self { $(Code::$variant => $rule),* }
            }
        }
    };
}

codes! {
    L1 StrayToken "Outside strings and comments only `{ } [ ] : ,`, `true`, `false` and white space may appear.";
    L2 UnterminatedString "A string ends on the line on which it starts.";
    L3 UnknownEscape r"The only escape in a string is `\\`.";
    L4 NonAsciiString "A string consists of printable ASCII characters.";
    L5 InvalidUtf8 "A schema file is UTF-8 text.";
    P1 ObjectSyntax "An object is `{ 'key': value, ... }` without a trailing comma.";
    P2 ArraySyntax "An array is `[ value, ... ]` without a trailing comma.";
    P3 ValueExpected "A value is an object, an array, a string or a boolean.";
    P4 DuplicateKey "A key appears once in an object.";
    P5 NotAnObject "A top-level expression is an object.";
    P6 UnreadableRoot "The root file of a schema can be read.";
    P7 NestingTooDeep "Objects and arrays nest at most 1000 deep.";
    P8 TooLarge "The files of a schema hold less than 4 GiB together.";
    I1 IncludeExtraKeys "`include` is the only key of its expression.";
    I2 IncludeNotString "The value of `include` is a string.";
    I3 IncludeLoop "A file does not include itself, directly or through others.";
    I4 IncludeUnreadable "An included file can be read.";
    G1 PragmaExtraKeys "`pragma` is the only key of its expression.";
    G2 PragmaNotObject "The value of `pragma` is an object.";
    G3 UnknownPragma "A pragma is one of those that the language defines.";
    G4 PragmaNotBool "The value of `doc-required` is a boolean.";
    G5 PragmaNotStrings "The value of an exceptions pragma is a list of strings.";
    D1 DocOpeningJunk "A documentation comment opens with a line that is exactly `##`.";
    D2 DocClosingJunk "A documentation comment closes with a line that is exactly `##`.";
    D3 DocNotClosed "A documentation comment is closed by `##`, and every line of it starts with `#`.";
    D4 DocMissingSpace "The `#` of a documentation line is followed by a space.";
    D5 DocSymbolColon "The first line of a definition's documentation is `@NAME:`.";
    D6 DocSymbolEmpty "The first line of a definition's documentation names the definition.";
    D7 DocWithoutDefinition "A definition's documentation is followed by that definition.";
    D8 DocFreeFormBeforeDefinition "Free-form documentation does not stand directly before a definition.";
    D9 DocMemberInFreeForm "Free-form documentation describes no members.";
    D10 DocWrongSymbol "A definition's documentation names the definition that follows.";
    D11 DocMissing "Where `doc-required` is set, every definition is documented.";
    D12 DocDuplicateDescription "A member or feature is described once.";
    D13 DocEmptyName "A description names a member or feature.";
    D14 DocMemberAfterSection "Members are described in one run, before other sections.";
    D15 DocDuplicateFeatures "There is one `Features:` section.";
    D16 DocEmptyFeatures "A `Features:` section describes features.";
    D17 DocDuplicateSection "`Returns:`, `Errors:` and `Since:` appear once each.";
    D18 DocEmptySection "A description or tagged section has text.";
    D19 DocSectionNotApplicable "`Returns:` and `Errors:` belong to commands, `Returns:` to those that return something.";
    D20 DocObsoleteSection "Notes and examples are reStructuredText directives.";
    D21 DocNoSuchMember "Documentation describes only members and features that exist.";
    D22 DocMissingDescription "Documentation describes every member and feature.";
    D23 DocIndentation "The lines of a description or section are indented alike.";
    D24 DocLongLine "A documentation line has at most 70 columns.";
    D25 DocSentenceSpacing "Two spaces separate sentences in documentation.";
    N1 NameNotString "A definition is named by a string.";
    N2 InvalidName "A name starts with a letter and consists of letters, digits, `-` and `_`; `q_` is reserved.";
    N3 EventNameCase "An event's name is in upper case with `_`.";
    N4 CommandNameCase "A command's name is in lower case with `-`.";
    N5 TypeNameCase "A type's name is in CamelCase.";
    N6 TypeNameList "A type's name does not end in `List`.";
    N7 MemberNameCase "A member's name is in lower case with `-`.";
    N8 ValueNameCase "An enum value is in lower case with `-`.";
    N9 FeatureNameCase "A feature's name is in lower case with `-`.";
    N10 AlternativeNameCase "An alternative's name is in lower case with `-`.";
    N11 ReservedMemberName "A member is not named `u` or `has-...`.";
    N12 NameExpected "The names of values, features and discriminators are strings.";
    E1 DefinitionKey "An expression has exactly one of the keys `enum`, `struct`, `union`, `alternate`, `command`, `event`.";
    E2 MissingKey "Every required key is present.";
    E3 UnknownKey "Every key is one that the language defines.";
    E4 FlagValue "A flag has the one value that differs from its default.";
    E5 OobCoroutine "A command is not both `allow-oob` and `coroutine`.";
    C1 ConditionIdentifier "A condition names a symbol in upper case.";
    C2 ConditionType "A condition is a string or an object.";
    C3 ConditionUnknownKey "A condition object has the key `all`, `any` or `not`.";
    C4 ConditionKeys "A condition object has exactly one key.";
    C5 ConditionNotList "The operands of `all` and `any` are a list.";
    C6 ConditionEmptyList "`all` and `any` have at least one operand.";
    F1 FeaturesNotList "`features` is a list.";
    F4 DuplicateFeature "A feature appears once.";
    F5 SpecialFeatureOnType "`deprecated` and `unstable` mark commands, events, members and values, not types.";
    F6 TooManyFeatures "A schema has at most 64 distinct features.";
    T1 TypeExpected "A type is written as a name or as an array of one name.";
    T2 ArrayType "An array type is a list of exactly one type name.";
    T3 TypeNameExpected "Branches, bases and boxed data are type names.";
    T4 UnknownType "A type is defined.";
    M1 ValuesNotList "The values of an enum are a list.";
    M2 PrefixNotString "The prefix of an enum is a string.";
    M4 ValueClash "Enum values differ in more than punctuation.";
    S1 MembersNotObject "Members are given by an object.";
    S3 BaseNotStruct "A base is a struct.";
    S4 ContainsItself "A type does not contain itself as base or branch.";
    S5 MemberClash "Members of one object differ in more than punctuation, inherited ones included.";
    U2 BranchesNotObject "The branches of a union are an object.";
    U5 NoSuchDiscriminator "The discriminator is a member of the base.";
    U6 DiscriminatorNotEnum "The discriminator is of an enum type.";
    U7 DiscriminatorOptional "The discriminator is not optional.";
    U8 DiscriminatorConditional "The discriminator is not conditional.";
    U9 NoSuchValue "A branch is named like a value of the discriminator.";
    U10 BranchType "A branch is of a struct or union type.";
    U11 NoBranches "A union has at least one branch.";
    U12 BranchClash "A branch's members differ from those of the base.";
    K1 CommandData "A command's data is an object or a type name.";
    K2 CommandBoxed "Boxed data is a type name.";
    K3 CommandDataType "A command's data is of a struct or union type.";
    K4 CommandUnionData "A command takes a union as data only if boxed.";
    K5 CommandConditional "A command with conditional arguments is boxed.";
    K6 ReturnsShape "A command returns a type name or an array of one.";
    K7 ReturnsType "A command returns an object or an array of objects.";
    V1 EventData "An event's data is an object or a type name.";
    V2 EventBoxed "Boxed data is a type name.";
    V3 EventDataType "An event's data is of a struct or union type.";
    V4 EventUnionData "An event takes a union as data only if boxed.";
    V5 EventConditional "An event with conditional data is boxed.";
    A1 NoAlternatives "An alternate has at least one alternative.";
    A2 AlternativesNotObject "The alternatives of an alternate are an object.";
    A4 AlternativeType "An alternative is not `any` and not an alternate.";
    A5 AlternativesAlike "Alternatives can be told apart by the kind of their JSON value.";
    R1 Redefinition "A name is defined once.";
    R2 PredefinedName "Built-in types are not redefined.";
}

impl Code {
    /// Whether the rule is about the style of documentation alone: such errors are reported when
    /// checking, and never stand in the way of using a schema.
    pub fn is_style(self) -> bool {
        matches!(self, Code::DocLongLine | Code::DocSentenceSpacing)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
