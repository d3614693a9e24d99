//! What stands at a place of a row: a name in words, a parenthesis with a statement in it, a list
//! that claims nothing, a relation, an arrow.

use super::{Pending, Stretch, Walk};
use crate::review::tex::lex::{Font, Tok};
use crate::review::tex::rows::relates;
use crate::review::tex::symbols::{self, Arrow};
use crate::review::tex::syntax::Relation;
use crate::review::tex::tokens::{Tokens, ends_operand, is_space};
use crate::review::tex::{blocks, notation};

impl Walk<'_, '_> {
    /// Whether the words at `i` stand where a name must.
    pub(super) fn is_name(&self, from: usize, i: usize, to: usize, start: usize) -> bool {
        let Some(Tok::Text(font, text)) = self.tok(i) else { return false };
        let word = text.trim();
        let plain =
            !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-'));
        let count = word.split_whitespace().count();
        let joining = word.split_whitespace().any(symbols::joins)
            && !(font == Font::Name && count == 1 && word.len() < 3);
        if !plain || joining || count > 4 {
            return false;
        }
        let after = if i + 1 < to { self.tok(i + 1) } else { None };
        let before = if i > from.max(start) { self.tok(i - 1) } else { None };
        match after {
            Some(Tok::Sub | Tok::Sup | Tok::Sign('\'')) => return true,
            Some(Tok::Sign('(') | Tok::Fence(true, _)) if word == text => return true,
            _ => {}
        }
        if font == Font::Name && count == 1 {
            return true;
        }
        let operator = |t: Tok| matches!(t, Tok::Sign('+' | '-' | '·' | '*' | '/')) || relates(t);
        let open = before.is_some_and(operator)
            || (before == Some(Tok::Amp) && i >= 2 && self.tok(i - 2).is_some_and(operator));
        let fresh = before.is_none() || before == Some(Tok::Amp);
        let goes_on = after.is_some_and(operator)
            || after == Some(Tok::Amp) && self.tok(i + 2).is_some_and(relates);
        let ends = after.is_none() || matches!(after, Some(Tok::Sign('.' | ',' | ')')));
        // Behind an operator something must stand; at the beginning, before a relation.
        (open && !(before.is_some_and(|t| ends_operand(&t))))
            && (goes_on || ends || count == 1 && word == text)
            || fresh && goes_on && after != Some(Tok::Sign('-'))
    }

    /// The bounds of the braces at `i` if they hold statements and nothing follows them.
    pub(super) fn wraps(&self, i: usize, to: usize) -> Option<(usize, usize)> {
        let open = match self.tok(i)? {
            Tok::Open => i,
            Tok::Command(c) if notation::is_look(c) => i + 1,
            _ => return None,
        };
        let close = self.of.matched.mate(open).filter(|m| *m > open && *m < to)?;
        let stops = |t: Tok| {
            is_space(t) || matches!(t, Tok::Text(..) | Tok::Label(_) | Tok::Sign(',' | ';' | '.'))
        };
        let ends = close + 1 >= to || self.tok(close + 1).is_some_and(stops);
        (ends && self.is_aside(open, close, open + 1)).then_some((open, close + 1))
    }

    /// Whether a parenthesis holds words or a statement rather than an expression.
    pub(super) fn is_aside(&self, open: usize, close: usize, start: usize) -> bool {
        let mut i = open + 1;
        while i < close {
            match self.tok(i) {
                Some(Tok::Text(_, text))
                    if !self.is_name(open + 1, i, close, start) && !text.trim().is_empty() =>
                {
                    return true;
                }
                Some(t)
                    if relates(t)
                        || matches!(t, Tok::Command(c) if symbols::arrow(c).is_some()) =>
                {
                    return true;
                }
                _ => {}
            }
            i = self.of.matched.past(i);
        }
        false
    }

    /// Whether an equation in parentheses is what the name right before them is taken of, as in
    /// P(y = 1), and no aside: nothing stands between, and it is no range of an index.
    pub(super) fn is_argument(&self, open: usize, close: usize, start: usize) -> bool {
        let Some(before) = open.checked_sub(1).filter(|before| *before >= start) else {
            return false;
        };
        let Some(tok) = self.tok(before) else { return false };
        let spaced = self.of.tokens().get(open).is_some_and(|t| t.spaced);
        // Of a probability, a space says nothing.
        let chance = matches!(tok, Tok::Letter('P' | 'p') | Tok::Command("Pr"));
        let named = matches!(tok, Tok::Text(..) | Tok::Command("Pr"));
        if !(named || ends_operand(&tok)) || spaced && !chance {
            return false;
        }
        let range = (open + 1..close).any(|i| matches!(self.tok(i), Some(Tok::Sign(',' | '…'))))
            && matches!(self.tok(open + 1), Some(Tok::Letter(_)))
            && self.tok(open + 2).is_some_and(relates);
        !range && (open + 1..close).any(|i| self.tok(i).is_some_and(relates))
    }

    /// Whether this is 1(y = k), a value and no aside: it has its sign directly before it and no
    /// words in it.
    pub(super) fn is_indicator(&self, open: usize, close: usize) -> bool {
        let at = |i: usize| Tokens::of(self.of, i, close + 1);
        open > 0
            && blocks::indicates(at(open - 1)).is_some()
            && !(open > 1 && matches!(self.tok(open - 2), Some(Tok::Digit(_) | Tok::Letter(_))))
            && (open + 1..close).any(|i| self.tok(i).is_some_and(relates))
            && !(open + 1..close).any(|i| matches!(self.tok(i), Some(Tok::Text(..))))
    }

    /// Whether a list in parentheses or braces is all that stands between two tokens.
    pub(super) fn is_tuple(&self, from: usize, to: usize) -> bool {
        let opens =
            matches!(self.tok(from), Some(Tok::Sign('(' | '⦃') | Tok::Fence(true, '(' | '⦃')));
        let inside = from + 1..to.saturating_sub(1);
        opens
            && self.of.matched.mate(from).is_some_and(|mate| mate + 1 == to)
            && inside.clone().any(|i| self.tok(i) == Some(Tok::Sign(',')))
            && !inside.clone().any(|i| self.tok(i).is_some_and(relates))
    }

    /// Whether this says which sizes of arrays fit together: (2 × 3)(3 × 1) = (2 × 1), where each
    /// product has the first and the last of its sizes.
    pub(super) fn is_sizes(&self, from: usize, to: usize) -> bool {
        let mut sides = vec![Vec::new()];
        let mut crosses = 0;
        for i in from..to {
            let Some(side) = sides.last_mut() else { return false };
            match self.tok(i) {
                Some(Tok::Digit(c) | Tok::Letter(c)) => {
                    let goes_on = i > from
                        && matches!(self.tok(i - 1), Some(Tok::Digit(_)))
                        && matches!(self.tok(i), Some(Tok::Digit(_)))
                        && !self.of.tokens()[i].spaced;
                    match side.last_mut().filter(|_| goes_on) {
                        Some(last) => String::push(last, c),
                        None => side.push(c.to_string()),
                    }
                }
                Some(Tok::Sign('=')) => sides.push(Vec::new()),
                Some(Tok::Sign('·')) => {
                    let written = self.of.text.get(self.of.tokens()[i].span());
                    crosses +=
                        usize::from(written.is_some_and(|w| w.contains("times") || w == "×"));
                }
                Some(Tok::Sign('(' | ')' | '[' | ']') | Tok::Fence(_, '(' | ')' | '[' | ']')) => {}
                t if t.is_some_and(is_space) => {}
                _ => return false,
            }
        }
        // The size of a product, if its factors fit.
        let product = |side: &Vec<String>| {
            let pairs = side.len() >= 2 && side.len().is_multiple_of(2);
            let fit = side[1..].chunks_exact(2).all(|two| two[0] == two[1]);
            (pairs && fit).then(|| [side[0].clone(), side[side.len() - 1].clone()])
        };
        let pairs: usize = sides.iter().map(|side| side.len() / 2).sum();
        let several = sides.iter().any(|side| side.len() > 2);
        let sizes: Option<Vec<[String; 2]>> =
            sides.iter().map(|side| (!side.is_empty()).then(|| product(side)).flatten()).collect();
        crosses >= pairs
            && several
            && sizes.is_some_and(|all| all.len() > 1 && all.windows(2).all(|two| two[0] == two[1]))
    }

    /// Whether a side is braces around one name with an index: the set of all such.
    pub(super) fn is_of_a_set(
        &self,
        from: usize,
        to: usize,
        relations: &[(Stretch, Relation)],
    ) -> bool {
        let starts = std::iter::once(from).chain(relations.iter().map(|(at, _)| at.to));
        let ends = relations.iter().map(|(at, _)| at.from).chain([to]);
        !relations.is_empty()
            && starts.zip(ends).any(|(start, end)| {
                let inside: Vec<usize> =
                    (start..end).filter(|i| !self.tok(*i).is_some_and(is_space)).collect();
                let (Some(open), Some(close)) = (inside.first(), inside.last()) else {
                    return false;
                };
                let braces =
                    matches!(self.tok(*open), Some(Tok::Sign('⦃') | Tok::Fence(true, '⦃')));
                braces
                    && self.of.matched.mate(*open) == Some(*close)
                    && matches!(self.tok(*open + 2), Some(Tok::Sub))
                    && !(*open + 1..*close).any(|i| {
                        matches!(self.tok(i), Some(Tok::Sign('+' | '-' | '·' | '*' | '/')))
                    })
            })
    }

    pub(super) fn is_membership(
        &self,
        from: usize,
        to: usize,
        relations: &[(Stretch, Relation)],
    ) -> bool {
        let member = |i: usize| matches!(self.tok(i), Some(Tok::Command("in") | Tok::Sign('∈')));
        match relations {
            [(at, Relation::Other)] => member(at.from) && from < at.from && at.to <= to,
            _ => false,
        }
    }

    /// The relation at `i`, and where it ends.
    pub(super) fn relation(&self, i: usize, to: usize) -> Option<(Relation, usize)> {
        if i >= to {
            return None;
        }
        match self.tok(i)? {
            Tok::Sign(':') if i + 1 < to && self.tok(i + 1) == Some(Tok::Sign('=')) => {
                Some((Relation::Defines, i + 2))
            }
            Tok::Sign(c) => symbols::relation_sign(c).map(|r| (r, i + 1)),
            Tok::Command("not") if i + 1 < to => {
                self.relation(i + 1, to).map(|(_, end)| (Relation::Differs, end))
            }
            Tok::Command("stackrel" | "overset" | "underset") => {
                let end = self.of.matched.past(i + 1);
                let close = self.of.matched.past(end);
                let inner = if self.tok(end) == Some(Tok::Open) { end + 1 } else { end };
                let (relation, after) = self.relation(inner, close.min(to))?;
                let over: String = self
                    .of
                    .tokens()
                    .get(i + 1..end)?
                    .iter()
                    .filter_map(|t| match t.tok {
                        Tok::Letter(c) => Some(c.to_string()),
                        Tok::Text(_, words) => Some(words.trim().to_string()),
                        _ => None,
                    })
                    .collect();
                let alone = after + usize::from(inner > end) == close;
                let asked = self.of.tokens().get(i + 1..end)?.iter();
                let asked = asked.clone().any(|t| matches!(t.tok, Tok::Sign('!' | '?')));
                let relation = match over.starts_with("def") {
                    true => Relation::Defines,
                    // What is asked for is not claimed.
                    false if asked => Relation::Other,
                    false => relation,
                };
                alone.then_some((relation, close))
            }
            Tok::Command(c) => symbols::relation(c).map(|r| (r, i + 1)),
            _ => None,
        }
    }

    pub(super) fn arrow(&self, i: usize) -> Option<Arrow> {
        match self.tok(i)? {
            Tok::Sign(c) => symbols::arrow_sign(c),
            Tok::Command(c) => symbols::arrow(c),
            _ => None,
        }
    }

    /// Whether the arrow at `i` stands between bare expressions: `w \to w - 1` gives w a new
    /// value, and `a = b \to c = d` draws a conclusion.
    pub(super) fn leads(&self, i: usize, to: usize, pending: &Pending) -> bool {
        if !pending.relations.is_empty() || self.trimmed(pending.from, i).is_none() {
            return false;
        }
        let mut k = i + 1;
        while k < to {
            match self.tok(k) {
                Some(Tok::Sign(',' | ';') | Tok::Wide | Tok::Text(..)) => break,
                _ if self.arrow(k).is_some() => break,
                _ if self.relation(k, to).is_some() => return false,
                _ => k = self.of.matched.past(k),
            }
        }
        true
    }

    /// Whether the comma at `i` stands between two digits without a space.
    pub(super) fn between_digits(&self, i: usize) -> bool {
        let digit = |k: usize| matches!(self.tok(k), Some(Tok::Digit(_)));
        let spaced = self.of.tokens().get(i + 1).is_some_and(|t| t.spaced);
        i > 0 && digit(i - 1) && digit(i + 1) && !spaced
    }
}
