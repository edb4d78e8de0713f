//! Against the installed server.

use std::path::PathBuf;
use std::process::Command;

use super::*;

fn settings(folder: &tempfile::TempDir) -> Settings {
    Settings { durable: false, ..Settings::new(folder.path().join("data")) }
}

/// A folder that the server's user may pass.
fn folder() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn socket(settings: &Settings) -> PathBuf {
    settings.data_dir.join("run/.s.PGSQL.5432")
}

/// Asks the server for a text by its own client; the store's tests speak to it through the library.
fn ask(embedded: &Embedded, sql: &str) -> String {
    let host = embedded.url().split_once("?host=").unwrap().1.split('&').next().unwrap();
    let output = Command::new(embedded.cluster.binaries.program("psql"))
        .env_clear()
        .args(["-XAtq", "-U", USER, "-h", host, "-c", sql, DATABASE])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_url_says_everything_that_the_environment_could_change() {
    assert_eq!(
        url(Path::new("/var/lib/my data/run"), "fuldmagt"),
        "postgres://fuldmagt@localhost:5432/fuldmagt?host=/var/lib/my%20data/run&sslmode=disable"
    );
}

#[tokio::test]
async fn data_survives_a_stop_and_the_server_listens_on_its_socket_only() {
    let folder = folder();
    let settings = settings(&folder);
    let embedded = Embedded::start(&settings).unwrap();
    ask(&embedded, "CREATE TABLE kept AS SELECT 42 AS answer");
    assert_eq!(ask(&embedded, "SHOW listen_addresses"), "");
    assert_eq!(ask(&embedded, "SHOW server_encoding"), "UTF8");
    assert!(socket(&settings).exists());
    embedded.stop().await;
    assert!(!socket(&settings).exists());

    let embedded = Embedded::start(&settings).unwrap();
    assert_eq!(ask(&embedded, "SELECT answer FROM kept"), "42");
    embedded.stop().await;
}

#[tokio::test]
async fn a_second_one_on_the_same_folder_is_refused() {
    let folder = folder();
    let settings = settings(&folder);
    let embedded = Embedded::start(&settings).unwrap();
    let message = Embedded::start(&settings).unwrap_err().to_string();
    assert!(message.contains("already running on"), "{message}");
    embedded.stop().await;
}

#[tokio::test]
async fn a_cluster_that_was_interrupted_half_way_is_made_anew() {
    let folder = folder();
    let settings = settings(&folder);
    let half = settings.data_dir.join("postgres.new");
    std::fs::create_dir_all(&half).unwrap();
    std::fs::write(half.join("PG_VERSION"), "half").unwrap();
    let embedded = Embedded::start(&settings).unwrap();
    assert!(!half.exists());
    embedded.stop().await;
}

#[tokio::test]
async fn a_killed_server_is_noticed_and_the_files_it_leaves_do_not_stop_the_next() {
    let folder = folder();
    let settings = Settings { durable: true, ..settings(&folder) };
    let embedded = Embedded::start(&settings).unwrap();
    ask(&embedded, "CREATE TABLE kept AS SELECT 42 AS answer");
    let pid = embedded.process.pid.to_string();
    let death = embedded.death();
    let lock = settings.data_dir.join("run/.s.PGSQL.5432.lock");
    let left = [settings.data_dir.join("postgres/postmaster.pid"), lock];
    assert!(Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
    assert!(death.wait().await.contains("signal: 9"));
    drop(embedded);
    // As if the number had been taken since, by a living program of the server's user.
    let owner = Owner::detect().unwrap();
    let mut other = owner.command(Path::new("/bin/sleep"), owner::Life::WithUs).arg("60").spawn().unwrap();
    for file in left {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.starts_with(&pid), "{text}");
        std::fs::write(&file, text.replacen(&pid, &other.id().to_string(), 1)).unwrap();
    }

    let embedded = Embedded::start(&settings).unwrap();
    assert_eq!(ask(&embedded, "SELECT answer FROM kept"), "42");
    embedded.stop().await;
    other.kill().unwrap();
    other.wait().unwrap();
}

#[tokio::test]
async fn a_server_that_outlived_its_service_is_stopped_first() {
    let folder = folder();
    let settings = settings(&folder);
    Embedded::start(&settings).unwrap().stop().await;
    // Started by somebody else: nothing of ours waits for it.
    let owner = Owner::detect().unwrap();
    let home = settings.data_dir.join("postgres");
    let binaries = Binaries::find(None).unwrap();
    let socket_dir = settings.data_dir.join("run");
    let mut command = owner.command(&binaries.program("pg_ctl"), owner::Life::OfItsOwn);
    command.arg("--pgdata").arg(&home).args(["--wait", "--silent", "--log=/dev/null", "start", "--options"]);
    command.arg(format!("-c listen_addresses= -c unix_socket_directories={}", socket_dir.display()));
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    assert!(command.status().unwrap().success());
    let pid =
        std::fs::read_to_string(home.join("postmaster.pid")).unwrap().lines().next().unwrap().to_owned();

    let embedded = Embedded::start(&settings).unwrap();
    assert_ne!(embedded.process.pid.to_string(), pid);
    assert!(!Path::new(&format!("/proc/{pid}/fd/0")).exists());
    embedded.stop().await;
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let folder = folder();
    let settings = settings(&folder);
    drop(Embedded::start(&settings).unwrap());
    std::fs::write(settings.data_dir.join("postgres/postgresql.conf"), "no_such_setting = 1\n").unwrap();
    let message = Embedded::start(&settings).unwrap_err().to_string();
    assert!(message.contains("no_such_setting"), "{message}");
}

#[test]
fn a_path_too_long_for_a_socket_works_all_the_same() {
    let folder = folder();
    let long = folder.path().join("x".repeat(110));
    let embedded = Embedded::start(&Settings { durable: false, ..Settings::new(long) }).unwrap();
    assert_eq!(ask(&embedded, "SELECT 1"), "1");
}
