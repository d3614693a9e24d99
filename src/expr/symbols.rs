//! The symbols of one graph, in the order of their handles.
//!
//! The cells of a tensor are one entry, whose symbols are written when somebody asks for one of
//! them: a million cells cost nothing before. What always holds: no symbol stands there twice.

use std::sync::OnceLock;

use hashbrown::HashTable;
use rustc_hash::FxHashMap;

use super::nodes::hash;
use super::{Symbol, SymbolId};

/// A table of symbols.
#[derive(Clone, Default)]
pub(super) struct Symbols {
    runs: Vec<Run>,
    count: u32,
    /// The symbols that stand by themselves, in their order.
    single: Vec<Symbol>,
    /// Handles of those, by the symbol.
    table: HashTable<u32>,
    /// Which run has the cells of a tensor, by its name.
    tensors: FxHashMap<String, usize>,
    /// Whether an element stands by itself.
    has_elements: bool,
}

/// Symbols whose handles follow one another.
#[derive(Clone)]
struct Run {
    /// The handle of the first.
    start: u32,
    what: What,
}

#[derive(Clone)]
enum What {
    /// Symbols that stand by themselves, from this place on.
    Single(usize),
    Cells(Box<Cells>),
}

/// The cells of a tensor, row-major.
#[derive(Clone)]
struct Cells {
    name: String,
    lengths: Vec<usize>,
    written: OnceLock<Vec<Symbol>>,
}

impl Symbols {
    pub(super) fn len(&self) -> usize {
        self.count as usize
    }

    pub(super) fn get(&self, id: SymbolId) -> &Symbol {
        // The last run that does not start after it.
        let run = &self.runs[self.runs.partition_point(|run| run.start <= id.0) - 1];
        let offset = (id.0 - run.start) as usize;
        match &run.what {
            What::Single(first) => &self.single[first + offset],
            What::Cells(cells) => &cells.written()[offset],
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Symbol> {
        let ends = self.runs.iter().skip(1).map(|run| run.start).chain([self.count]);
        self.runs.iter().zip(ends).flat_map(|(run, end)| match &run.what {
            What::Single(first) => &self.single[*first..first + (end - run.start) as usize],
            What::Cells(cells) => cells.written(),
        })
    }

    pub(super) fn find(&self, symbol: &Symbol) -> Option<SymbolId> {
        if let Some(run) = self.tensors.get(symbol.name())
            && let What::Cells(cells) = &self.runs[*run].what
            && let Some(position) = cells.position(symbol)
        {
            return Some(SymbolId(self.runs[*run].start + position as u32));
        }
        let found = self.table.find(hash(symbol), |id| self.get(SymbolId(*id)) == symbol);
        found.map(|id| SymbolId(*id))
    }

    /// The handle of a symbol, new or known.
    pub(super) fn intern(&mut self, symbol: Symbol) -> SymbolId {
        if let Some(found) = self.find(&symbol) {
            return found;
        }
        self.has_elements |= symbol.indices().is_some();
        let id = self.start(1);
        if !matches!(self.runs.last(), Some(Run { what: What::Single(_), .. })) {
            self.runs.push(Run { start: id, what: What::Single(self.single.len()) });
        }
        let key = hash(&symbol);
        self.single.push(symbol);
        // While it is put in, nobody else is: the table is taken out.
        let mut table = std::mem::take(&mut self.table);
        table.insert_unique(key, id, |id| hash(self.get(SymbolId(*id))));
        self.table = table;
        SymbolId(id)
    }

    /// The handles of the cells of a tensor, row-major, and whether all of them are new. The
    /// lengths are those of its axes, of which there is at least one.
    pub(super) fn cells(&mut self, name: &str, lengths: &[usize]) -> (Vec<SymbolId>, bool) {
        let count = lengths.iter().product::<usize>();
        if self.has_elements || self.tensors.contains_key(name) {
            let cells = Cells::new(name, lengths);
            let before = self.len();
            let ids = cells.written().iter().map(|cell| self.intern(cell.clone())).collect();
            return (ids, self.len() == before + count);
        }
        let start = self.start(count);
        self.tensors.insert(name.to_string(), self.runs.len());
        self.runs.push(Run { start, what: What::Cells(Box::new(Cells::new(name, lengths))) });
        ((start..self.count).map(SymbolId).collect(), true)
    }

    /// Makes room for so many handles; the first of them.
    fn start(&mut self, count: usize) -> u32 {
        let start = self.count;
        let end = u32::try_from(start as usize + count);
        self.count = end.expect("limits keep the symbols of a graph below 2^32");
        start
    }
}

impl Cells {
    fn new(name: &str, lengths: &[usize]) -> Cells {
        Cells { name: name.to_string(), lengths: lengths.to_vec(), written: OnceLock::new() }
    }

    fn written(&self) -> &[Symbol] {
        self.written.get_or_init(|| {
            let mut at = vec![0; self.lengths.len()];
            let mut all = Vec::with_capacity(self.lengths.iter().product());
            for _ in 0..all.capacity() {
                all.push(Symbol::element(&self.name, &at));
                // The next index, row-major.
                for (i, length) in at.iter_mut().zip(&self.lengths).rev() {
                    *i += 1;
                    if *i < *length {
                        break;
                    }
                    *i = 0;
                }
            }
            all
        })
    }

    /// The row-major position of a symbol that has the name of the tensor.
    fn position(&self, symbol: &Symbol) -> Option<usize> {
        let mut indices = symbol.indices()?.split(',');
        let mut position = 0;
        for length in &self.lengths {
            let written = indices.next()?;
            let index: usize = written.parse().ok()?;
            // `+1` and `01` are read as 1, and are other symbols.
            let same = written.len() == 1 || !written.starts_with(['0', '+']);
            if index >= *length || !same {
                return None;
            }
            position = position * length + index;
        }
        indices.next().is_none().then_some(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_found_by_their_symbols_and_the_other_way_round() {
        let mut symbols = Symbols::default();
        let single = symbols.intern(Symbol::named("w_10"));
        let (cells, new) = symbols.cells("w", &[2, 11]);
        assert!(new);
        let other = symbols.intern(Symbol::named("v"));
        let all: Vec<Symbol> = symbols.all().cloned().collect();
        assert_eq!((all.len(), symbols.len()), (24, 24));
        for (n, symbol) in (0..).zip(&all) {
            assert_eq!(symbols.find(symbol), Some(SymbolId(n)));
            assert_eq!(symbols.get(SymbolId(n)), symbol);
            assert_eq!(symbols.intern(symbol.clone()), SymbolId(n));
        }
        assert_eq!((single, cells[0], other), (SymbolId(0), SymbolId(1), SymbolId(23)));
        assert_eq!(symbols.get(cells[21]), &Symbol::element("w", &[1, 10]));
        for (name, at) in [("w", vec![2, 0]), ("w", vec![0]), ("w", vec![]), ("v", vec![0, 0])] {
            assert_eq!(symbols.find(&Symbol::element(name, &at)), None, "{name} {at:?}");
        }
        let strange = ["01,0", "+1,0", "a,0", "0,0,0", "0,"].map(|i| [i.to_string()]);
        for at in strange {
            assert_eq!(symbols.find(&Symbol::indexed("w", &at)), None, "{at:?}");
        }
    }

    #[test]
    fn cells_that_were_there_before_stay_one() {
        let mut symbols = Symbols::default();
        let before = symbols.intern(Symbol::element("w", &[1]));
        let (cells, new) = symbols.cells("w", &[2]);
        assert_eq!((cells, new), (vec![SymbolId(1), before], false));
        let (again, new) = symbols.cells("w", &[2]);
        assert_eq!((again, new), (vec![SymbolId(1), before], false));
        let mut symbols = Symbols::default();
        let (cells, _) = symbols.cells("w", &[2]);
        // The same tensor with another shape has other cells, and one of them is known.
        let (more, new) = symbols.cells("w", &[3]);
        assert_eq!((&more[..2], new), (&cells[..], false));
        assert_eq!(symbols.len(), 3);
    }
}
