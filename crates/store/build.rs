//! A new migration must be seen by `sqlx::migrate!`, which reads the folder when the crate is compiled.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
