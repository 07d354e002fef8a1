//! What JavaScript sees: thin functions that convert arguments, call server/ and convert errors.
//! Checking what the user passed is lib/'s work; what arrives here has the right shape.

mod connection;
mod error;
#[cfg(feature = "faults")]
mod faults;
mod http;
mod listener;
mod parser;
