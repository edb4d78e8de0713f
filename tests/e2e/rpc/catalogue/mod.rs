//! The catalogue of systems, privileges and packages.

mod followers;
mod hide_package;
mod hide_privilege;
mod impact;
mod list_packages;
mod list_privileges;
mod list_systems;
mod publish_package_version;
mod publish_privilege;
mod put_package;
mod put_privilege;
mod put_system;
mod validate_only;
