//! The phrases that are understood, one table: each with what it makes of the formula behind it, a
//! sentence where it does so, and one where it does not.

/// What a phrase says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::review) enum Cue {
    /// The formulas behind it play this role.
    Role(Role),
    /// What was supposed before holds no longer, nor do the numbers of an example.
    General,
    /// What was supposed before is supposed no longer; the formula right behind it has this role.
    Drops(Role),
    /// The condition before it does not hold.
    Otherwise,
    /// It leads to the next formula of a list, whose role is that of the one before.
    Joins,
}

/// What a formula is by the words before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::review) enum Role {
    /// Whatever it is by itself.
    #[default]
    Plain,
    /// It says what a name stands for.
    Definition,
    /// It follows from what stands before it.
    Conclusion,
    /// What stands behind it is said to hold where it does.
    Condition,
    /// It is supposed, for what stands behind it up to the next supposition.
    Supposition,
    /// What stands elsewhere is said to hold where it does not.
    Exception,
    /// It is said not to hold.
    Negation,
    /// Somebody looks for where it holds.
    Sought,
    /// Others write it so.
    Elsewhere,
    /// It says for what something holds, if it compares.
    Range,
}

impl Cue {
    /// In words, of the formula behind the phrase.
    pub(in crate::review) fn says(self) -> &'static str {
        match self {
            Cue::Role(Role::Plain) => "whatever it is by itself",
            Cue::Role(Role::Definition) => "it says what a name stands for",
            Cue::Role(Role::Conclusion) => "it follows, and gives no name a new meaning",
            Cue::Role(Role::Condition) => "it is a condition of its sentence",
            Cue::Role(Role::Supposition) => "it is supposed, up to the next supposition",
            Cue::Role(Role::Exception) => "it is an exception",
            Cue::Role(Role::Negation) => "it is said not to hold",
            Cue::Role(Role::Sought) => "it is looked for where it holds",
            Cue::Role(Role::Elsewhere) => "others write it so",
            Cue::Role(Role::Range) => "a comparison is a condition of its sentence",
            Cue::Otherwise => "the condition before it is turned round",
            Cue::Drops(Role::Negation) => "it is supposed no longer",
            Cue::Drops(_) => "nothing of what was supposed before it holds",
            Cue::General => "suppositions and example numbers end here",
            Cue::Joins => "it is what the formula before it is",
        }
    }
}

impl Role {
    /// Whether it keeps a formula from saying anything of what stands elsewhere.
    pub(in crate::review) fn is_apart(self) -> bool {
        match self {
            Role::Plain | Role::Definition | Role::Conclusion | Role::Range => false,
            Role::Condition
            | Role::Supposition
            | Role::Exception
            | Role::Negation
            | Role::Sought
            | Role::Elsewhere => true,
        }
    }
}

/// A row of the table.
pub(in crate::review) struct Phrase {
    /// Words in lower case, one blank between them; `a/b` is either of two.
    pub(in crate::review) words: &'static str,
    /// What they say.
    pub(in crate::review) cue: Cue,
    /// A sentence in which the formula `$…$` gets that role.
    pub(in crate::review) example: &'static str,
    /// One in which it does not.
    pub(in crate::review) not: &'static str,
}

const fn row(words: &'static str, role: Role, example: &'static str, not: &'static str) -> Phrase {
    Phrase { words, cue: Cue::Role(role), example, not }
}

const fn drops(
    words: &'static str,
    role: Role,
    example: &'static str,
    not: &'static str,
) -> Phrase {
    Phrase { words, cue: Cue::Drops(role), example, not }
}

/// All phrases. Where several begin at a word, the longest counts.
pub(in crate::review) const TABLE: &[Phrase] = &[
    row("let", Role::Definition, "Let $y = 2x$.", "We let it run, so $y = 2x$."),
    row("define", Role::Definition, "We define $y = 2x$.", "We define it. Then $y = 2x$."),
    row("denote", Role::Definition, "We denote $y = 2x$.", "We denote it. Then $y = 2x$."),
    row("where", Role::Definition, "Here it is, where $y = 2x$.", "We know where. Then $y = 2x$."),
    row("with", Role::Definition, "It is so with $y = 2x$.", "With this we get $y = 2x$."),
    row("put", Role::Definition, "We put $y = 2x$.", "We put it so that, then, $y = 2x$."),
    row("write", Role::Definition, "We write $y = 2x$.", "We write it and get $y = 2x$."),
    row("call", Role::Definition, "We call $y = 2x$ the output.", "We call it and get $y = 2x$."),
    row("consider", Role::Definition, "Consider $y = 2x$.", "Consider it. Then $y = 2x$."),
    row("set", Role::Definition, "We set $y = 2x$.", "From the set we get $y = 2x$."),
    row("if", Role::Condition, "If $y = 2x$, it holds.", "If so, then $y = 2x$."),
    row("when", Role::Condition, "It is zero when $y = 2x$.", "When so, we get $y = 2x$."),
    row(
        "whenever",
        Role::Condition,
        "It is zero whenever $y = 2x$.",
        "Whenever so, then $y = 2x$.",
    ),
    row("provided", Role::Condition, "It holds provided $y = 2x$.", "It is provided. So $y = 2x$."),
    row(
        "provided that",
        Role::Condition,
        "It holds provided that $y = 2x$.",
        "It is provided, so that $y = 2x$.",
    ),
    row(
        "in case",
        Role::Condition,
        "In case $y = 2x$ it holds.",
        "In case of doubt, then $y = 2x$.",
    ),
    row(
        "in the case",
        Role::Condition,
        "In the case $y = 2x$ it holds.",
        "In the case at hand we get $y = 2x$.",
    ),
    row(
        "in the case of",
        Role::Condition,
        "In the case of $y = 2x$ it holds.",
        "In the case of doubt we get $y = 2x$.",
    ),
    row(
        "as long as",
        Role::Condition,
        "It holds as long as $y = 2x$.",
        "As long as this holds, then $y = 2x$.",
    ),
    row("case 1", Role::Supposition, "Case 1: $y = 2x$.", "In this case: $y = 2x$."),
    row("case 2", Role::Supposition, "Case 2: $y = 2x$.", "In this case: $y = 2x$."),
    row("case 3", Role::Supposition, "Case 3: $y = 2x$.", "In this case: $y = 2x$."),
    row("case i", Role::Supposition, "Case i: $y = 2x$.", "In this case: $y = 2x$."),
    row("case ii", Role::Supposition, "Case ii: $y = 2x$.", "In this case: $y = 2x$."),
    row("case iii", Role::Supposition, "Case iii: $y = 2x$.", "In this case: $y = 2x$."),
    row("case a", Role::Supposition, "Case a: $y = 2x$.", "In this case: $y = 2x$."),
    row("case b", Role::Supposition, "Case b: $y = 2x$.", "In this case: $y = 2x$."),
    row("first case", Role::Supposition, "First case: $y = 2x$.", "In this case: $y = 2x$."),
    row("second case", Role::Supposition, "Second case: $y = 2x$.", "In this case: $y = 2x$."),
    row("suppose", Role::Supposition, "Suppose $y = 2x$.", "Suppose so; then $y = 2x$."),
    row(
        "suppose that",
        Role::Supposition,
        "Suppose that $y = 2x$.",
        "Suppose that it holds, then $y = 2x$.",
    ),
    row("assume", Role::Supposition, "Assume $y = 2x$.", "We assume it. Then $y = 2x$."),
    row(
        "assume that",
        Role::Supposition,
        "Assume that $y = 2x$.",
        "We assume that; then $y = 2x$.",
    ),
    row(
        "assuming",
        Role::Supposition,
        "Assuming $y = 2x$ it holds.",
        "Assuming this we get $y = 2x$.",
    ),
    row(
        "assuming that",
        Role::Supposition,
        "Assuming that $y = 2x$ it holds.",
        "Assuming that, we get $y = 2x$.",
    ),
    row(
        "for contradiction that",
        Role::Supposition,
        "Suppose for contradiction that $y = 2x$.",
        "For contradiction. Then $y = 2x$.",
    ),
    row("for", Role::Range, "For $y > 0$ it holds.", "For this we get $y = 2x$."),
    Phrase {
        words: "else",
        cue: Cue::Otherwise,
        example: "If $x > 0$ then $y = 1$, else $y = 0$.",
        not: "If $x > 0$ then $y = 1$.",
    },
    Phrase {
        words: "otherwise",
        cue: Cue::Otherwise,
        example: "If $x > 0$ then $y = 1$, otherwise $y = 0$.",
        not: "If $x > 0$ then $y = 1$.",
    },
    row("unless", Role::Exception, "It is zero unless $y = 2x$.", "Unless so, then $y = 2x$."),
    row("except", Role::Exception, "It is zero except $y = 2x$.", "Except this, we get $y = 2x$."),
    row(
        "except when",
        Role::Exception,
        "It is zero except when $y = 2x$.",
        "Except when so, then $y = 2x$.",
    ),
    row(
        "except if",
        Role::Exception,
        "It is zero except if $y = 2x$.",
        "Except if so, then $y = 2x$.",
    ),
    row(
        "except for",
        Role::Exception,
        "It is zero except for $y = 2x$.",
        "Except for this, we get $y = 2x$.",
    ),
    row(
        "except where",
        Role::Exception,
        "It is zero except where $y = 2x$.",
        "Except where so, then $y = 2x$.",
    ),
    row("not", Role::Negation, "It is not $y = 2x$.", "It is not so, and we get $y = 2x$."),
    row(
        "not true that",
        Role::Negation,
        "It is not true that $y = 2x$.",
        "It is not true that, and so $y = 2x$.",
    ),
    row(
        "not the case that",
        Role::Negation,
        "It is not the case that $y = 2x$.",
        "It is not the case that; so $y = 2x$.",
    ),
    row("false that", Role::Negation, "It is false that $y = 2x$.", "It is false; so $y = 2x$."),
    row("wrong that", Role::Negation, "It is wrong that $y = 2x$.", "It is wrong; so $y = 2x$."),
    row(
        "wrong to write",
        Role::Negation,
        "It is wrong to write $y = 2x$.",
        "It is wrong; so $y = 2x$.",
    ),
    row("cannot be", Role::Negation, "It cannot be $y = 2x$.", "It cannot be, so $y = 2x$."),
    row("look for", Role::Sought, "We look for $y = 2x$.", "We look for it and get $y = 2x$."),
    row("want", Role::Sought, "We want $y = 2x$.", "We want it, then $y = 2x$."),
    row("solve", Role::Sought, "We solve $y = 2x$.", "We solve it and get $y = 2x$."),
    row("solving", Role::Sought, "Solving $y = 2x$ is easy.", "Solving it we get $y = 2x$."),
    row("setting", Role::Sought, "Setting $y = 2x$ is next.", "From the setting we get $y = 2x$."),
    row("equating", Role::Sought, "Equating $y = 2x$ is next.", "Equating them we get $y = 2x$."),
    row("require", Role::Sought, "We require $y = 2x$.", "We require it and get $y = 2x$."),
    row("demand", Role::Sought, "We demand $y = 2x$.", "We demand it and get $y = 2x$."),
    row("do not write", Role::Negation, "Do not write $y = 2x$.", "Do not write it; so $y = 2x$."),
    row(
        "common mistake is",
        Role::Negation,
        "A common mistake is $y = 2x$.",
        "That is a common mistake; so $y = 2x$.",
    ),
    row("is where", Role::Sought, "The edge is where $y = 2x$.", "It is where we get $y = 2x$."),
    row(
        "for which",
        Role::Condition,
        "It is a point for which $y = 2x$.",
        "It is a point for which we get $y = 2x$.",
    ),
    row(
        "with respect to",
        Role::Plain,
        "It moves with respect to $y = 2x$.",
        "It moves with $y = 2x$.",
    ),
    row("use", Role::Plain, "To find it, use $y = 2x$.", "We use it to find $y = 2x$."),
    row("until", Role::Sought, "We go on until $y = 2x$.", "Until then we get $y = 2x$."),
    row(
        "some authors",
        Role::Elsewhere,
        "Some authors take $y = 2x$.",
        "The authors take $y = 2x$.",
    ),
    row("some texts", Role::Elsewhere, "Some texts have $y = 2x$.", "The text has $y = 2x$."),
    row("some books", Role::Elsewhere, "Some books have $y = 2x$.", "The book has $y = 2x$."),
    row(
        "other authors",
        Role::Elsewhere,
        "Other authors take $y = 2x$.",
        "The authors take $y = 2x$.",
    ),
    row("other texts", Role::Elsewhere, "Other texts have $y = 2x$.", "This text has $y = 2x$."),
    row("others write", Role::Elsewhere, "Others write $y = 2x$.", "We write $y = 2x$."),
    row(
        "other convention",
        Role::Elsewhere,
        "The other convention has $y = 2x$.",
        "The convention has $y = 2x$.",
    ),
    row(
        "another convention",
        Role::Elsewhere,
        "Another convention has $y = 2x$.",
        "The convention has $y = 2x$.",
    ),
    row("then", Role::Conclusion, "Then $y = 2x$.", "Then let $y = 2x$."),
    row("so", Role::Conclusion, "So $y = 2x$.", "So let $y = 2x$."),
    row("so that", Role::Conclusion, "It is so that $y = 2x$.", "So that let $y = 2x$."),
    row("thus", Role::Conclusion, "Thus $y = 2x$.", "Thus let $y = 2x$."),
    row("hence", Role::Conclusion, "Hence $y = 2x$.", "Hence let $y = 2x$."),
    row("therefore", Role::Conclusion, "Therefore $y = 2x$.", "Therefore let $y = 2x$."),
    row("get", Role::Conclusion, "We get $y = 2x$.", "We get it if $y = 2x$."),
    row("obtain", Role::Conclusion, "We obtain $y = 2x$.", "We obtain it if $y = 2x$."),
    row("find", Role::Conclusion, "We find $y = 2x$.", "We find it if $y = 2x$."),
    row("gives", Role::Conclusion, "This gives $y = 2x$.", "It gives it if $y = 2x$."),
    row("yields", Role::Conclusion, "This yields $y = 2x$.", "It yields it if $y = 2x$."),
    row("implies", Role::Conclusion, "This implies $y = 2x$.", "It implies it if $y = 2x$."),
    row("becomes", Role::Conclusion, "It becomes $y = 2x$.", "It becomes it if $y = 2x$."),
    drops(
        "drop/drops/dropping/lift/lifting/relax/relaxing/abandon/abandoning this/that/it/these/both",
        Role::Plain,
        "We drop this. Then $y = 2x$.",
        "We drop the ball. Then $y = 2x$.",
    ),
    drops(
        "drop/drops/dropping/lift/lifting/relax/relaxing/abandon/abandoning/remove/removing/forget \
         the/our/all/this/that/these/any assumption/assumptions/condition/conditions/restriction/\
         restrictions/supposition/requirement/constraint/hypothesis/simplification",
        Role::Negation,
        "We drop the assumption $y = 2x$.",
        "We make the assumption $y = 2x$.",
    ),
    drops(
        "drop/drops/dropping/lift/lifting/relax/relaxing/abandon/abandoning/remove/removing/forget \
         the/our/all/this/that/these/any assumption/condition/restriction/supposition/requirement/\
         constraint/hypothesis that",
        Role::Negation,
        "We drop the assumption that $y = 2x$.",
        "We make the assumption that $y = 2x$.",
    ),
    drops(
        "assumption/assumptions/condition/restriction/supposition/requirement/constraint/this/it \
         is/are/was/can/may/being/now dropped/lifted/relaxed/removed/abandoned",
        Role::Plain,
        "The assumption is lifted. Then $y = 2x$.",
        "The weight is lifted. Then $y = 2x$.",
    ),
    drops(
        "assumption/assumptions/condition/restriction/supposition/requirement/constraint/this/it \
         is/are/was/can/may now/be/then/again dropped/lifted/relaxed/removed/abandoned",
        Role::Plain,
        "The condition can be dropped. Then $y = 2x$.",
        "The weight can be dropped. Then $y = 2x$.",
    ),
    drops(
        "without this/that/these/the/our/any/such assumption/assumptions/condition/conditions/\
         restriction/restrictions/supposition/requirement/constraint/hypothesis",
        Role::Plain,
        "Without this assumption $y = 2x$.",
        "Without this we get $y = 2x$.",
    ),
    drops(
        "without the assumption/condition/restriction/supposition/requirement that",
        Role::Negation,
        "Without the assumption that $y = 2x$ it is wrong.",
        "With the assumption that $y = 2x$ it is right.",
    ),
    drops(
        "without assuming/supposing/requiring",
        Role::Negation,
        "Without assuming $y = 2x$ it is wrong.",
        "Assuming $y = 2x$ it is right.",
    ),
    drops(
        "without assuming/supposing/requiring that",
        Role::Negation,
        "Without assuming that $y = 2x$ it is wrong.",
        "Assuming that $y = 2x$ it is right.",
    ),
    drops(
        "no longer/more assume/assuming/suppose/supposing/require/have/has/holds/hold/given/true",
        Role::Negation,
        "We no longer assume $y = 2x$.",
        "We still assume $y = 2x$.",
    ),
    drops(
        "no longer assume/assuming/suppose/supposing/require that",
        Role::Negation,
        "We no longer assume that $y = 2x$.",
        "We still assume that $y = 2x$.",
    ),
    drops(
        "give/gives/giving up this/that/the/our assumption/condition/restriction/supposition",
        Role::Plain,
        "We give up this assumption. Then $y = 2x$.",
        "We make this assumption. Then $y = 2x$.",
    ),
    drops(
        "may/can/will/now differ/vary again/now/freely",
        Role::Plain,
        "They may differ again. Then $y = 2x$.",
        "They may meet again. Then $y = 2x$.",
    ),
    drops(
        "arbitrary/general/different/free/unequal again",
        Role::Plain,
        "Let $x$ be arbitrary again. Then $y = 2x$.",
        "We meet $x$ again. Then $y = 2x$.",
    ),
    drops(
        "again arbitrary/general/different/free/unequal",
        Role::Plain,
        "It is again arbitrary. Then $y = 2x$.",
        "It is again small. Then $y = 2x$.",
    ),
    drops(
        "need not be/hold",
        Role::Plain,
        "This need not hold. Then $y = 2x$.",
        "This need hold. Then $y = 2x$.",
    ),
    drops(
        "not assume/suppose/require/assuming this/it/so",
        Role::Plain,
        "Now we do not assume this. Then $y = 2x$.",
        "Now we do assume this. Then $y = 2x$.",
    ),
    Phrase {
        words: "the general case",
        cue: Cue::General,
        example: "In the general case, $y = 2x$.",
        not: "In this case, $y = 2x$.",
    },
    Phrase {
        words: "in general",
        cue: Cue::General,
        example: "In general, $y = 2x$.",
        not: "It is $y = 2x$.",
    },
    Phrase {
        words: "in truth",
        cue: Cue::General,
        example: "In truth, $y = 2x$.",
        not: "It is $y = 2x$.",
    },
    Phrase {
        words: "for arbitrary",
        cue: Cue::General,
        example: "For arbitrary $y$.",
        not: "For $y = 2x$.",
    },
    Phrase { words: "for any", cue: Cue::General, example: "For any $y$.", not: "For $y = 2x$." },
    Phrase { words: "for all", cue: Cue::General, example: "For all $y$.", not: "For $y = 2x$." },
    Phrase {
        words: "for every",
        cue: Cue::General,
        example: "For every $y$.",
        not: "For $y = 2x$.",
    },
    Phrase {
        words: "whatever",
        cue: Cue::General,
        example: "It holds whatever $y$ is.",
        not: "For $y = 2x$.",
    },
    Phrase {
        words: "and",
        cue: Cue::Joins,
        example: "Let $x = 1$ and $y = 2x$.",
        not: "Let $x = 1$ be so. Here $y = 2x$.",
    },
    Phrase {
        words: "or",
        cue: Cue::Joins,
        example: "Let $x = 1$ or $y = 2x$.",
        not: "Let $x = 1$ be so. Here $y = 2x$.",
    },
];

/// The longest phrase at the beginning of some words, with how many of them it has.
pub(super) fn at(words: &[String]) -> Option<(&'static Phrase, usize)> {
    let begins = |phrase: &&Phrase| {
        let mut own = phrase.words.split(' ');
        let mut theirs = words.iter();
        own.all(|word| theirs.next().is_some_and(|w| word.split('/').any(|one| w == one)))
    };
    let length = |phrase: &Phrase| phrase.words.split(' ').count();
    let found = TABLE.iter().filter(begins).max_by_key(|phrase| length(phrase))?;
    Some((found, length(found)))
}
