//! The program: arguments in, pages and exit codes out. See [`cli`].

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
