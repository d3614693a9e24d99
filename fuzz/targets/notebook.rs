#![no_main]
backproof_fuzz::target!(notebook, seconds: 1);
