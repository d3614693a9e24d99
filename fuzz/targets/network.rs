#![no_main]
backproof_fuzz::target!(network, seconds: 1);
