//! The forward formula of each operation on tensors.

use super::super::affine::Affine;
use super::super::formula::{Condition, Formula};
use super::{MAX_FACTOR, Writer, flat};
use crate::diag::{Error, Kind};
use crate::net::{NodeId, Pooling, Range as Stretch, Window};
use crate::scalar::{Rational, Scalar};

/// A factor of an index, within its limit.
fn factor(n: usize) -> Result<i64, Error> {
    i64::try_from(n).ok().filter(|_| n <= MAX_FACTOR).ok_or_else(|| {
        Error::new(
            Kind::Limit,
            format!("index formulas take strides, paddings and dilations up to {MAX_FACTOR}"),
        )
    })
}

impl Writer<'_> {
    /// Subscripts of an operand: some axes get new indices, the others those of the result.
    fn reduced(
        &mut self,
        id: NodeId,
        axes: &[usize],
        at: &[Affine],
    ) -> (Vec<super::Range>, Vec<Affine>) {
        let lengths = self.net.node(id).shape.lengths();
        let letters = self.letters.of_output(id);
        let letters: Vec<String> = axes.iter().map(|i| letters[*i].clone()).collect();
        let lengths_of: Vec<usize> = axes.iter().map(|i| lengths[*i]).collect();
        let (ranges, new) = self.indices(&letters, &lengths_of);
        let (mut new, mut old) = (new.into_iter(), at.iter().cloned());
        let all = (0..lengths.len()).map(|i| {
            let next = if axes.contains(&i) { new.next() } else { old.next() };
            next.unwrap_or_default()
        });
        (ranges, all.collect())
    }

    pub(super) fn sum(
        &mut self,
        id: NodeId,
        axes: &[usize],
        at: &[Affine],
    ) -> Result<Formula, Error> {
        let (ranges, at) = self.reduced(id, axes, at);
        Ok(Formula::sum(ranges, self.cell(id, at)?))
    }

    pub(super) fn max(
        &mut self,
        id: NodeId,
        axes: &[usize],
        at: &[Affine],
    ) -> Result<Formula, Error> {
        let (ranges, at) = self.reduced(id, axes, at);
        let body = self.cell(id, at)?;
        Ok(greatest(ranges, Vec::new(), body))
    }

    /// Axes fall into groups with equal products: H·W on one side is H, W on the other. One axis
    /// has the position i·W + j; several have the sum over all that have that position.
    pub(super) fn reshape(
        &mut self,
        id: NodeId,
        to: &[usize],
        at: &[Affine],
    ) -> Result<Formula, Error> {
        let from = self.net.node(id).shape.lengths();
        let letters = self.letters.of_output(id);
        let mut source = vec![Affine::number(0); from.len()];
        let (mut ranges, mut brackets) = (Vec::new(), Vec::new());
        for (old, new) in groups(from, to)? {
            let lengths = |axes: &[usize], of: &[usize]| -> Vec<usize> {
                axes.iter().map(|i| of[*i]).collect()
            };
            let (old_lengths, new_lengths) = (lengths(&old, from), lengths(&new, to));
            let new_at: Vec<Affine> = new.iter().map(|i| at[*i].clone()).collect();
            if old_lengths == new_lengths {
                for (axis, form) in old.iter().zip(new_at) {
                    source[*axis] = form;
                }
                continue;
            }
            let position = row_major(&new_at, &new_lengths)?;
            if let [axis] = old.as_slice() {
                source[*axis] = position;
                continue;
            }
            let own: Vec<String> = old.iter().map(|i| letters[*i].clone()).collect();
            let (more, forms) = self.indices(&own, &old_lengths);
            brackets.push(Formula::equal(position, row_major(&forms, &old_lengths)?));
            ranges.extend(more);
            for (axis, form) in old.iter().zip(forms) {
                source[*axis] = form;
            }
        }
        let cell = self.cell(id, source)?;
        if ranges.is_empty() {
            return Ok(cell);
        }
        brackets.extend(cell.factors());
        Ok(Formula::sum(ranges, Formula::product(brackets)))
    }

    pub(super) fn slice(
        &mut self,
        id: NodeId,
        ranges: &[Stretch],
        at: &[Affine],
    ) -> Result<Formula, Error> {
        let mut source = Vec::with_capacity(at.len());
        for (form, range) in at.iter().zip(ranges) {
            let start = Affine::number(factor(range.start)?);
            source.push(form.times_number(factor(range.step)?).plus(&start));
        }
        self.cell(id, source)
    }

    /// A term for each part, in the bracket of its own stretch.
    pub(super) fn concat(
        &mut self,
        parts: &[NodeId],
        axis: usize,
        at: &[Affine],
    ) -> Result<Formula, Error> {
        let mut terms = Vec::with_capacity(parts.len());
        let mut start = Affine::number(0);
        for part in parts {
            let length = Affine::from(self.net.node(*part).shape.lengths()[axis]);
            let mut own = at.to_vec();
            own[axis] = at[axis].minus(&start);
            let bracket = Formula::within(own[axis].clone(), length.clone());
            // Along an axis of length 1 the only subscript is 0.
            if length.as_number() == Some(1) {
                own[axis] = Affine::number(0);
            }
            let cell = self.cell(*part, own)?;
            terms.push(Formula::Mul(flat(vec![bracket, cell])));
            start = start.plus(&length);
        }
        Ok(Formula::Add(terms))
    }

    pub(super) fn matmul(&mut self, a: NodeId, b: NodeId, at: &[Affine]) -> Result<Formula, Error> {
        let net = self.net;
        let (left, right) = (net.node(a).shape.lengths(), net.node(b).shape.lengths());
        let (row, column) = (left.len() > 1, right.len() > 1);
        let own = usize::from(row) + usize::from(column);
        let (batch, matrix) = at.split_at(at.len() - own);
        let letter =
            if row { self.letters.of_output(a)[left.len() - 1].clone() } else { "j".into() };
        let letter = if matrix.iter().any(|m| m.mentions(&letter)) { "j".into() } else { letter };
        let (ranges, inner) = self.indices(&[letter], &left[left.len() - 1..]);
        let operand = |lengths: &[usize], own: Vec<Affine>| -> Vec<Affine> {
            let axes = lengths.len() - own.len();
            let outer = batch[batch.len() - axes.min(batch.len())..].iter().zip(lengths);
            let outer = outer.map(|(form, n)| match n {
                1 => Affine::number(0),
                _ => form.clone(),
            });
            outer.chain(own).collect()
        };
        let mut own_left = Vec::new();
        if row {
            own_left.push(matrix[0].clone());
        }
        own_left.extend(inner.clone());
        let mut own_right = inner;
        if column {
            own_right.push(matrix[own - 1].clone());
        }
        let (at_left, at_right) = (operand(left, own_left), operand(right, own_right));
        let factors = vec![self.cell(a, at_left)?, self.cell(b, at_right)?];
        Ok(Formula::sum(ranges, Formula::Mul(flat(factors))))
    }

    /// Subscripts under a window: s·i + d·m − p along each axis, with the brackets that keep
    /// them inside where they may leave.
    fn under(
        &self,
        input: &[usize],
        size: &[usize],
        window: &Window,
        (output, offset): (&[Affine], &[Affine]),
    ) -> Result<(Vec<Affine>, Vec<Condition>), Error> {
        let (mut forms, mut conditions) = (Vec::new(), Vec::new());
        for axis in 0..size.len() {
            let (stride, dilation) = (factor(window.stride[axis])?, factor(window.dilation[axis])?);
            let [before, after] = window.padding[axis];
            let before_by = factor(before)?;
            let form = output[axis]
                .times_number(stride)
                .plus(&offset[axis].times_number(dilation))
                .plus_number(-before_by);
            // The last place of the window along this axis, and the last cell under it.
            let reach = (size[axis] - 1).saturating_mul(window.dilation[axis]);
            let room = (input[axis].saturating_add(before).saturating_add(after))
                .saturating_sub(reach.saturating_add(1));
            let last = (room / window.stride[axis] * window.stride[axis]).saturating_add(reach);
            if before > 0 || last >= input[axis] {
                let length = Affine::from(input[axis]);
                conditions.push(Condition::Within { value: form.clone(), length });
            }
            // Along an axis of length 1 what lies inside is 0.
            forms.push(if input[axis] == 1 { Affine::number(0) } else { form });
        }
        Ok((forms, conditions))
    }

    pub(super) fn conv(
        &mut self,
        input: NodeId,
        kernel: NodeId,
        window: &Window,
        at: &[Affine],
    ) -> Result<Formula, Error> {
        let net = self.net;
        let (x, k) = (net.node(input).shape.lengths(), net.node(kernel).shape.lengths());
        let axes = window.axes();
        let (before, spatial) = x.split_at(x.len() - axes);
        let size = &k[k.len() - axes..];
        let (image, output) = at.split_at(at.len() - axes);
        let mut ranges = Vec::new();
        let mut brackets = Vec::new();
        let (mut tap, mut source) = (Vec::new(), Vec::new());
        if k.len() > axes {
            let [filters, per_group] = [k[0], k[1]];
            let each = filters / window.groups;
            let filter = &image[image.len() - 1];
            let (channel_range, channel) = self.indices(&["c".to_string()], &[per_group]);
            // The group of filter o: with one filter each it is o itself.
            let group = match (window.groups, each) {
                (1, _) => Affine::number(0),
                (_, 1) => filter.clone(),
                (groups, _) => {
                    let (range, group) = self.indices(&["g".to_string()], &[groups]);
                    ranges.extend(range);
                    let own = filter.minus(&group[0].times(&Affine::from(each)));
                    brackets.push(Formula::within(own, Affine::from(each)));
                    group[0].clone()
                }
            };
            ranges.extend(channel_range);
            tap.extend([filter.clone(), channel[0].clone()]);
            if image.len() > 1 {
                source.push(image[0].clone());
            }
            source.push(group.times(&Affine::from(per_group)).plus(&channel[0]));
        }
        let letters: Vec<String> = ["m", "n", "r"].iter().map(|l| l.to_string()).collect();
        let (offsets, offset) = self.indices(&letters[..axes.min(3)], size);
        ranges.extend(offsets);
        let (forms, conditions) = self.under(spatial, size, window, (output, &offset))?;
        for (length, form) in size.iter().zip(&offset) {
            tap.push(match window.flip {
                true => Affine::from(*length).plus_number(-1).minus(form),
                false => form.clone(),
            });
        }
        source.extend(forms);
        // A batch or a channel axis of length 1 has the subscript 0.
        for (form, length) in source.iter_mut().zip(before.iter().chain(spatial)) {
            if *length == 1 {
                *form = Affine::number(0);
            }
        }
        brackets.extend(conditions.into_iter().map(Formula::Bracket));
        brackets.extend([self.cell(kernel, tap)?, self.cell(input, source)?]);
        Ok(Formula::sum(ranges, Formula::Mul(flat(brackets))))
    }

    pub(super) fn pool(
        &mut self,
        kind: Pooling,
        input: NodeId,
        size: &[usize],
        window: &Window,
        at: &[Affine],
    ) -> Result<Formula, Error> {
        let lengths = self.net.node(input).shape.lengths();
        let (plane, output) = at.split_at(at.len() - size.len());
        let letters: Vec<String> =
            ["m", "n", "r", "s", "u", "v", "f", "h"].iter().map(|l| l.to_string()).collect();
        let (ranges, offset) = self.indices(&letters[..size.len().min(8)], size);
        let spatial = &lengths[plane.len()..];
        let (forms, conditions) = self.under(spatial, size, window, (output, &offset))?;
        let source = plane.iter().cloned().chain(forms).collect();
        let cell = self.cell(input, source)?;
        let brackets: Vec<Formula> = conditions.iter().cloned().map(Formula::Bracket).collect();
        Ok(match kind {
            Pooling::Max => greatest(ranges, conditions, cell),
            Pooling::Mean => {
                let count: usize = size.iter().product();
                let share = Rational::one().div(&Rational::from(factor(count)?));
                let share = share.map_err(|f| Error::new(Kind::Limit, f.to_string()))?;
                let body = Formula::product([brackets, cell.factors()].concat());
                let sum = Formula::sum(ranges, body);
                Formula::Mul(flat(vec![Formula::Number(share), sum]))
            }
            Pooling::MeanInside if conditions.is_empty() => {
                let count = Formula::integer(factor(size.iter().product())?);
                Formula::sum(ranges, cell).over(count)
            }
            Pooling::MeanInside => {
                let (others, offset) = self.indices(&letters[..size.len().min(8)], size);
                let (_, counted) = self.under(spatial, size, window, (output, &offset))?;
                let counted = counted.into_iter().map(Formula::Bracket).collect();
                let body = Formula::product([brackets, cell.factors()].concat());
                Formula::sum(ranges, body).over(Formula::sum(others, Formula::product(counted)))
            }
        })
    }
}

fn greatest(ranges: Vec<super::Range>, within: Vec<Condition>, body: Formula) -> Formula {
    // A max of one cell is that cell.
    if ranges.is_empty() { body } else { Formula::Max { ranges, within, body: Box::new(body) } }
}

/// i·W + j for subscripts i, j of lengths H, W.
fn row_major(at: &[Affine], lengths: &[usize]) -> Result<Affine, Error> {
    let mut sum = Affine::number(0);
    for (form, length) in at.iter().zip(lengths) {
        sum = sum.times_number(factor(*length)?).plus(form);
    }
    Ok(sum)
}

/// Axes of a group on the old and on the new side, without those of length 1.
type Group = (Vec<usize>, Vec<usize>);

/// The finest split into groups of axes with equal products.
fn groups(from: &[usize], to: &[usize]) -> Result<Vec<Group>, Error> {
    let long = |lengths: &[usize]| -> Vec<usize> {
        (0..lengths.len()).filter(|i| lengths[*i] != 1).collect()
    };
    let (old, new) = (long(from), long(to));
    let (mut a, mut b) = (0, 0);
    let mut all = Vec::new();
    while a < old.len() && b < new.len() {
        let (first, other) = (a, b);
        let (mut left, mut right) = (from[old[a]], to[new[b]]);
        (a, b) = (a + 1, b + 1);
        while left != right {
            let uneven = || Error::new(Kind::Internal, "a reshape keeps the number of elements");
            if left < right {
                left *= from[*old.get(a).ok_or_else(uneven)?];
                a += 1;
            } else {
                right *= to[*new.get(b).ok_or_else(uneven)?];
                b += 1;
            }
        }
        all.push((old[first..a].to_vec(), new[other..b].to_vec()));
    }
    Ok(all)
}
