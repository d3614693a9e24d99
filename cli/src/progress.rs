//! A sign of life on standard error during long work, if that is a terminal. Quick work shows
//! nothing, and nothing of it stays.

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// Work that takes less shows nothing.
const PATIENCE: Duration = Duration::from_millis(300);
const TURN: Duration = Duration::from_millis(100);
const SIGNS: [char; 4] = ['|', '/', '-', '\\'];

/// The result of `work`, during which a line says what is being done, and for how long already.
pub fn during<T>(doing: &'static str, work: impl FnOnce() -> T) -> T {
    let _line = std::io::stderr().is_terminal().then(|| Line::start(doing));
    work()
}

/// The line, which is gone when this is dropped.
struct Line {
    done: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Line {
    fn start(doing: &'static str) -> Line {
        let (done, wait) = channel::<()>();
        let turn = move || {
            let begun = Instant::now();
            let mut pause = PATIENCE;
            let mut width = 0;
            for sign in SIGNS.iter().cycle() {
                if wait.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
                pause = TURN;
                let line = format!("{sign} {doing}, {} s", begun.elapsed().as_secs());
                width = line.len();
                put(&line);
            }
            if width > 0 {
                put(&" ".repeat(width));
                put("");
            }
        };
        // Without a thread there is no line, and the work goes on.
        Line { done, thread: Builder::new().spawn(turn).ok() }
    }
}

/// Writes over the line; what cannot be written is left.
fn put(line: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = write!(stderr, "\r{line}").and_then(|()| stderr.flush());
}

impl Drop for Line {
    fn drop(&mut self) {
        let _ = self.done.send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
