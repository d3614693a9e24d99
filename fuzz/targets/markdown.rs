#![no_main]
backproof_fuzz::target!(markdown, seconds: 1);
