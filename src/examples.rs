//! The built-in networks (floor 0): texts in the language, to read, to derive and to start from.
//!
//! What always holds: each is a file of `networks/`, parses, and says in its first line what it
//! is.

/// A built-in network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Example {
    /// What it is called on the command line: `article`.
    pub name: &'static str,
    /// Its text, comments and all.
    pub text: &'static str,
}

/// Every built-in network, the article's first and the others by subject.
pub const EXAMPLES: [Example; 48] = [
    example("article", include_str!("../networks/article.bp")),
    example("article-scalars", include_str!("../networks/article-scalars.bp")),
    example("relu", include_str!("../networks/relu.bp")),
    example("rgb", include_str!("../networks/rgb.bp")),
    example("two-layers", include_str!("../networks/two-layers.bp")),
    example("plain", include_str!("../networks/plain.bp")),
    example("two-by-two", include_str!("../networks/two-by-two.bp")),
    example("xor", include_str!("../networks/xor.bp")),
    example("dense", include_str!("../networks/dense.bp")),
    example("recurrent", include_str!("../networks/recurrent.bp")),
    example("residual", include_str!("../networks/residual.bp")),
    example("dropout", include_str!("../networks/dropout.bp")),
    example("linear", include_str!("../networks/linear.bp")),
    example("regression", include_str!("../networks/regression.bp")),
    example("logistic-batch", include_str!("../networks/logistic-batch.bp")),
    example("logistic", include_str!("../networks/logistic.bp")),
    example("padded", include_str!("../networks/padded.bp")),
    example("wide", include_str!("../networks/wide.bp")),
    example("channels", include_str!("../networks/channels.bp")),
    example("grouped", include_str!("../networks/grouped.bp")),
    example("signal", include_str!("../networks/signal.bp")),
    example("lenet5", include_str!("../networks/lenet5.bp")),
    example("overlapping", include_str!("../networks/overlapping.bp")),
    example("average", include_str!("../networks/average.bp")),
    example("global-max", include_str!("../networks/global-max.bp")),
    example("axes", include_str!("../networks/axes.bp")),
    example("rearranged", include_str!("../networks/rearranged.bp")),
    example("sigmoid", include_str!("../networks/sigmoid.bp")),
    example("softplus", include_str!("../networks/softplus.bp")),
    example("leaky", include_str!("../networks/leaky.bp")),
    example("elu", include_str!("../networks/elu.bp")),
    example("silu", include_str!("../networks/silu.bp")),
    example("gelu", include_str!("../networks/gelu.bp")),
    example("erf", include_str!("../networks/erf.bp")),
    example("periodic", include_str!("../networks/periodic.bp")),
    example("catenary", include_str!("../networks/catenary.bp")),
    example("robust", include_str!("../networks/robust.bp")),
    example("products", include_str!("../networks/products.bp")),
    example("absolute", include_str!("../networks/absolute.bp")),
    example("length", include_str!("../networks/length.bp")),
    example("softmax", include_str!("../networks/softmax.bp")),
    example("cross-entropy", include_str!("../networks/cross-entropy.bp")),
    example("log-softmax", include_str!("../networks/log-softmax.bp")),
    example("likelihood", include_str!("../networks/likelihood.bp")),
    example("bce", include_str!("../networks/bce.bp")),
    example("hinge", include_str!("../networks/hinge.bp")),
    example("layer-norm", include_str!("../networks/layer-norm.bp")),
    example("batch-norm", include_str!("../networks/batch-norm.bp")),
];

/// The network of the article, which is also what the command line takes where no file is named.
pub const ARTICLE: Example = EXAMPLES[0];

const fn example(name: &'static str, text: &'static str) -> Example {
    Example { name, text }
}

/// The built-in network of that name.
///
/// ```
/// let plain = backproof::examples::find("plain").unwrap();
/// let network = backproof::parse_network(plain.text)?;
/// assert_eq!(network.quantity(network.loss()).name, "E");
/// # Ok::<(), backproof::diag::Error>(())
/// ```
pub fn find(name: &str) -> Option<Example> {
    EXAMPLES.into_iter().find(|e| e.name == name)
}

impl Example {
    /// What it is, in a line: the comment that its text begins with.
    pub fn about(&self) -> &'static str {
        let line = self.text.lines().next().unwrap_or_default();
        line.trim_start_matches('#').trim()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_listed_once_and_says_what_it_is() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/networks");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(".bp").map(str::to_string))
            .collect();
        files.sort();
        let mut listed: Vec<&str> = EXAMPLES.iter().map(|e| e.name).collect();
        listed.sort();
        assert_eq!(listed, files);
        for example in EXAMPLES {
            assert!(example.text.starts_with("# "), "{}", example.name);
            assert!(example.about().ends_with('.'), "{}", example.name);
            assert!(example.text.lines().all(|l| l.chars().count() <= 100), "{}", example.name);
        }
    }

    #[test]
    fn every_layer_and_loss_has_one() {
        // A product of matrices is written `@`; the least is −max of the negatives, of which a review
        // does not read who wins; the others are what slopes are made of.
        let without = ["matmul", "min", "normal_cdf", "normal_pdf", "sign", "step"];
        for layer in crate::net::layers() {
            let (call, nested) = (format!(" {}(", layer.name), format!("({}(", layer.name));
            let used = EXAMPLES.iter().any(|e| e.text.contains(&call) || e.text.contains(&nested));
            assert_eq!(used, !without.contains(&layer.name), "{}", layer.name);
        }
    }

    #[test]
    fn every_one_derives() {
        for example in EXAMPLES {
            let network = crate::parse_network(example.text);
            let network = network.unwrap_or_else(|e| panic!("{}: {e}", example.name));
            let weights: usize = network.params().map(|p| network.shape(p).elements()).sum();
            if example.name == "lenet5" {
                // No reader would finish it in scalars, and no machine the proof.
                assert_eq!(weights, 61_706);
                continue;
            }
            let lesson = crate::lesson::lesson(network, &Default::default());
            assert!(lesson.is_ok(), "{}: {:?}", example.name, lesson.err());
        }
    }
}
