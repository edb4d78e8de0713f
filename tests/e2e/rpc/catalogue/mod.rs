//! The catalogue of systems and privileges.

mod hide_privilege;
mod list_privileges;
mod list_systems;
mod publish_privilege;
mod put_privilege;
mod put_system;
