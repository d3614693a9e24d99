#![no_main]
backproof_fuzz::target!(review, seconds: 10);
