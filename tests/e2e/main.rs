//! The end-to-end tests: one binary, a module for each thing that is tested.

mod leak_scan;
mod model;
mod population;
mod process;
mod python;
mod rpc;
mod store;
