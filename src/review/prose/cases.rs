//! Words that say for what a formula is meant and that no formula says: "for dead units", "off the
//! diagonal", "when the unit saturates".
//!
//! Goes in: the words of a sentence. Comes out: where such words stand in it. What always holds:
//! what is of everyone's speech (`PLAIN`: "for the output layer", "on the other hand") is none; of
//! other words it is not asked what they mean, since nobody here could put them into a formula.

use std::ops::Range;

/// Words of a lesson on networks that single nothing out.
const PLAIN: &str = "\
    a an the this that these those each every all any both some its their our his her your of \
    and or to us it them is are be was has have do does by in on with from as at here there now \
    then also only just still again later more most less very such no not which where what how \
    let two one three four first second third last next previous final following above below \
    other others another same own whole entire total single individual particular given general \
    certain respective corresponding new old current present usual left right hand left-hand \
    right-hand per k-th j-th i-th n-th t-th l-th th so various different common typical ordinary \
    main key arbitrary we derivative derivatives gradient gradients slope slopes error errors \
    loss losses cost costs objective function functions output outputs input inputs weight \
    weights bias biases layer layers neuron neurons unit units node nodes network networks net \
    model models example examples instance sample samples point points pair step steps time term \
    terms sum sums product products factor factors chain rule rules part parts side sides way \
    ways path paths value values quantity quantities variable variables parameter parameters \
    number numbers name names letter letters index indices component components element elements \
    entry entries row rows column columns vector vectors matrix matrices scalar scalars tensor \
    tensors formula formulas equation equations expression expressions line lines notation \
    convention figure table section chapter exercise problem task solution answer question proof \
    derivation result results page lecture lesson paper book text picture graph diagram form \
    shape size activation activations target targets label labels prediction predictions score \
    scores logit logits feature features data dataset batch minibatch mini-batch training test \
    testing set softmax sigmoid sigmoidal tanh relu gelu swish silu softplus hyperbolic tangent \
    logistic logarithm exponential identity-free quadratic squared square mean mse bce absolute \
    cross entropy cross-entropy huber hinge likelihood log-likelihood regularised regularized \
    penalty hidden visible inner outer upper lower partial direct forward backward pass passes \
    propagation backpropagation backprop descent update updates learning rate momentum optimiser \
    optimizer regression classification classifier perceptron mlp rnn lstm gru cnn autoencoder \
    transformer attention recurrent feedforward feed-forward convolution convolutional filter \
    kernel gate gates cell state states norm normalisation normalization batchnorm layernorm \
    dense embedding image pixel pixels channel channels multiclass multi-class binary-class \
    linear-regression alone elementwise element-wise respect regard sake simplicity convenience \
    completeness clarity brevity short details detail reference comparison illustration purpose purposes reason \
    reasons moment start beginning end once while long ease definiteness concreteness basis \
    account behalf average-free contrary turn order course help generality further ado doubt \
    fc conv pool pooling max-pooling maxpool flatten fully connected fully-connected lenet mnist \
    everything everyone reader quartic cubic free practice theory hands computer math \
    differentiate differentiated differentiating derive derived deriving compute computed \
    computing calculate calculated calculating take taken taking apply applied applying use used \
    using get obtain find write written writing expand expanded expanding substitute substituted \
    put insert inserted propagate propagated back evaluate evaluated combine combined multiply \
    multiplied add added done going looking seen shown known called defined denoted need needed \
    necessary desired possible wanted want like prefer see look know define denote minimise \
    minimize minimising minimizing train trained";

/// Words that single something out wherever they stand.
const PARTICULAR: &str = "\
    dead alive active inactive activated saturated saturates saturate saturation correct \
    incorrect wrong true-class positive negative nonnegative non-negative nonzero non-zero zero \
    vanishing vanishes small large tiny huge big infinite infinity off-diagonal diagonal one-hot \
    onehot hot binary linear nonlinear affine identity normalized normalised orthogonal \
    orthonormal symmetric equal unequal identical independent uncorrelated padded masked \
    unmasked dropped kept selected chosen winning losing maximal minimal optimal optimum minimum \
    maximum extremum stationary boundary border interior inside outside edge corner center \
    centre origin kink regime limit region convergence converged equilibrium initialisation \
    initialization matching mismatched clipped unclipped open closed even odd unit-length \
    distribution stochastic balanced closed-form misclassified classified untrained firing \
    silent blocked passing winner losers loser";

/// Words before which something is singled out: by any word that is not plain, or, if true, by a
/// particular one alone.
const HEADS: &[(&str, bool)] = &[
    ("for", false),
    ("on", false),
    ("off", false),
    ("near", false),
    ("outside", false),
    ("away", false),
    ("if", false),
    ("when", false),
    ("whenever", false),
    ("unless", false),
    ("once", false),
    ("without", false),
    ("ignoring", false),
    ("neglecting", false),
    ("disregarding", false),
    ("except", false),
    ("at", true),
    ("in", true),
    ("inside", true),
    ("with", true),
    ("under", true),
    ("among", true),
    ("where", true),
    ("while", true),
    ("assuming", true),
    ("provided", true),
    ("given", true),
    ("to", true),
    ("as", true),
];

/// Words that alone single something out, with what stands behind them.
const ALONE: &[&str] =
    &["off", "near", "outside", "away", "ignoring", "neglecting", "disregarding"];
/// Words at which what a head leads to ends.
const ENDS: &[&str] = &[
    ",",
    "we",
    "you",
    "then",
    "this",
    "it",
    "that",
    "which",
    "so",
    "get",
    "obtain",
    "find",
    "gives",
    "yields",
    "becomes",
    "reads",
    "holds",
    "hence",
    "thus",
    "therefore",
    "because",
    "since",
    "but",
    "let",
    "whereas",
];
/// Who does something in "if we differentiate": what he does is no case.
const SPEAKERS: &[&str] =
    &["we", "you", "one", "i", "this", "that", "so", "not", "desired", "necessary", "needed", "it"];
/// How many words are looked at behind a head.
const REACH: usize = 8;

/// Where words of a sentence say for what a formula is meant, all such places in order.
pub(super) fn all(words: &[String]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        match one(words, at) {
            Some(end) => {
                found.push(at..end);
                at = end;
            }
            None => at += 1,
        }
    }
    found
}

/// Whether a word says of a thing that it is a particular one.
pub(super) fn is_particular(word: &str) -> bool {
    holds(PARTICULAR, word)
}

/// The end of what is singled out behind a head at a place.
fn one(words: &[String], at: usize) -> Option<usize> {
    let (head, particular) = HEADS.iter().find(|(head, _)| words[at] == *head)?;
    let inside: Vec<&str> = words[at + 1..]
        .iter()
        .map(String::as_str)
        .take(REACH)
        .take_while(|word| !ENDS.contains(word) && !HEADS.iter().any(|(head, _)| head == word))
        .collect();
    let end = at + 1 + inside.len();
    // "It goes on correctly."
    let next = words.get(at + 1).map(String::as_str).unwrap_or_default();
    if *head == "on" && !holds("the a an each every all both any these those its", next) {
        return None;
    }
    let clause = matches!(*head, "if" | "when" | "whenever" | "unless" | "once");
    let speaks = clause && words.get(at + 1).is_some_and(|w| SPEAKERS.contains(&w.as_str()));
    // "For the output $y$": the formula says which, and its name is no word.
    let says = inside.iter().any(|word| is_particular(word))
        || !particular && !speaks && inside.iter().any(|word| !is_plain(word))
        || ALONE.contains(head) && !inside.is_empty();
    says.then_some(end)
}

/// Whether a list of words has a word.
fn holds(list: &str, word: &str) -> bool {
    list.split(' ').any(|one| one == word)
}

fn is_plain(word: &str) -> bool {
    let bare = word.strip_suffix("'s").unwrap_or(word);
    let digits = bare.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-'));
    digits || bare.chars().count() == 1 || holds(PLAIN, bare) || bare.starts_with('\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        let words: Vec<String> = text.split(' ').map(str::to_string).collect();
        all(&words).into_iter().map(|range| words[range].join(" ")).collect()
    }

    #[test]
    fn what_singles_something_out_is_told_from_plain_speech() {
        assert_eq!(said("for dead units"), ["for dead units"]);
        assert_eq!(said("off the diagonal we have"), ["off the diagonal"]);
        assert_eq!(said("when the unit saturates , this is"), ["when the unit saturates"]);
        assert_eq!(said("in the linear regime"), ["in the linear regime"]);
        assert_eq!(said("for the output layer we get"), [""; 0]);
        assert_eq!(said("on the other hand"), [""; 0]);
        assert_eq!(said("if we differentiate the loss"), [""; 0]);
        assert_eq!(said("with respect to the weight"), [""; 0]);
    }
}
