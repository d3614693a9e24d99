//! Each file of `cases/errors` and what its author is told: the snapshots are the product's
//! text.

use backproof::lang::parse_network;

#[test]
fn errors() {
    insta::glob!("cases/errors/*.bp", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap();
        let told = match parse_network(&text) {
            Ok(_) => "no error".to_string(),
            Err(error) => error.snippet(name, &text, false),
        };
        assert_ne!(told, "no error", "{name} was accepted");
        insta::with_settings!({
            snapshot_path => "../snapshots",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!("errors", told);
        });
    });
}
