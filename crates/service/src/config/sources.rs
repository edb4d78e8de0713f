//! Where configuration comes from, and which source wins.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use figment::error::{Actual, Kind};
use figment::providers::{Format as _, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::raw::Raw;
use super::{Error, Problem};

/// What every environment variable of ours begins with.
const ENV_PREFIX: &str = "FULDMAGT_";
/// Between the levels of a key in an environment variable.
const ENV_SEPARATOR: &str = "__";
/// Names the file; read by the command line, so it is no key.
const ENV_CONFIG: &str = "FULDMAGT_CONFIG";
/// Variables for the tests' own use.
const ENV_TEST_PREFIX: &str = "FULDMAGT_TEST_";
/// A configuration file is a page of text; a greater one is a mistake (or the wrong file).
const MAX_FILE_BYTES: u64 = 256 * 1024;
/// Keys whose value no message may show.
const SECRET_KEYS: &[&str] = &["database.url"];

/// All sources but the defaults, the weakest first.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// A TOML file.
    pub file: Option<PathBuf>,
    /// Environment variables, ours and others'.
    pub environment: Vec<(OsString, OsString)>,
    /// Values from the command line.
    pub flags: Vec<Flag>,
}

/// One value from the command line.
#[derive(Debug, Clone)]
pub struct Flag {
    /// What the person wrote, for messages: `--listen`.
    pub name: String,
    /// The configuration key it sets.
    pub key: String,
    /// The value as written.
    pub value: String,
}

impl Sources {
    /// No file, no environment: only these values over the defaults. For tests and for programs that bring their
    /// own command line.
    pub fn of(values: &[(&str, &str)]) -> Self {
        let flag = |&(key, value): &(&str, &str)| Flag {
            name: "given".to_owned(),
            key: key.to_owned(),
            value: value.to_owned(),
        };
        Self { flags: values.iter().map(flag).collect(), ..Self::default() }
    }

    pub(super) fn read(&self) -> Result<(Raw, Origins), Error> {
        let mut figment = Figment::new();
        if let Some(path) = &self.file {
            figment = figment.merge(file(path)?);
        }
        for entry in self.environment_entries()? {
            figment = figment.merge(entry);
        }
        for flag in &self.flags {
            figment =
                figment.merge(Entry::parse(format!("flag {}", flag.name), flag.key.clone(), &flag.value));
        }
        let origins = Origins(figment);
        let raw = origins.0.extract::<Raw>().map_err(|error| origins.explain(error))?;
        Ok((raw, origins))
    }

    fn environment_entries(&self) -> Result<Vec<Entry>, Error> {
        let mut entries = Vec::new();
        for (name, value) in &self.environment {
            // A name that is not text cannot be one of ours.
            let Some(name) = name.to_str() else { continue };
            let Some(rest) = name.strip_prefix(ENV_PREFIX) else { continue };
            if name == ENV_CONFIG || name.starts_with(ENV_TEST_PREFIX) {
                continue;
            }
            let label = format!("environment variable {name}");
            let key = rest.to_ascii_lowercase().replace(ENV_SEPARATOR, ".");
            let Some(value) = value.to_str() else {
                return Err(Error::one(&key, &label, "is not UTF-8 text"));
            };
            entries.push(Entry::parse(label, key, value));
        }
        // A stable order, so that two runs with the same mistakes say the same.
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(entries)
    }
}

/// Knows where each value came from.
pub(super) struct Origins(Figment);

impl Origins {
    /// Where the value of a key came from, in words.
    pub(super) fn of(&self, key: &str) -> String {
        self.0.find_metadata(key).map_or_else(|| "default".to_owned(), |found| found.name.to_string())
    }

    fn explain(&self, errors: figment::Error) -> Error {
        Error::new(errors.into_iter().map(|error| self.problem(error)).collect())
    }

    fn problem(&self, error: figment::Error) -> Problem {
        let mut path = error.path;
        if let Kind::UnknownField(name, _) = &error.kind
            && path.last() != Some(name)
        {
            path.push(name.clone());
        }
        let key = path.join(".");
        let source = match error.metadata {
            Some(metadata) if self.0.find_metadata(&key).is_none() => metadata.name.to_string(),
            _ => self.of(&key),
        };
        let secret = SECRET_KEYS.contains(&key.as_str());
        let message = match error.kind {
            Kind::UnknownField(_, known) => format!("there is no such key; known here: {}", known.join(", ")),
            Kind::UnknownVariant(found, known) => format!("`{found}` is none of: {}", known.join(", ")),
            Kind::InvalidType(found, wanted) | Kind::InvalidValue(found, wanted) => {
                let found = if secret { "another type".to_owned() } else { shown(&found) };
                format!("must be {wanted}, not {found}")
            }
            Kind::InvalidLength(found, wanted) => format!("must have {wanted}, not {found} items"),
            Kind::Message(_) if secret => "cannot be read".to_owned(),
            Kind::Message(text) => text,
            Kind::MissingField(name) => format!("`{name}` is missing"),
            Kind::DuplicateField(name) => format!("`{name}` is given twice"),
            Kind::ISizeOutOfRange(number) => format!("{number} is out of range"),
            Kind::USizeOutOfRange(number) => format!("{number} is out of range"),
            Kind::Unsupported(found) => format!("must not be {}", shown(&found)),
            Kind::UnsupportedKey(found, wanted) => format!("keys must be {wanted}, not {}", shown(&found)),
        };
        Problem { key, source, message }
    }
}

fn shown(actual: &Actual) -> String {
    actual.to_string()
}

/// One value under one key, with the words for where it came from.
struct Entry {
    label: String,
    key: String,
    value: Value,
}

impl Entry {
    fn parse(label: String, key: String, text: &str) -> Self {
        // Numbers and booleans as such; everything else is text. The parser never fails: what it cannot read is
        // text too.
        let value = text.parse::<Value>().unwrap_or_else(|never| match never {});
        let simple = matches!(value, Value::Bool(..) | Value::Num(..));
        let value = if simple { value } else { Value::from(text) };
        Self { label, key, value }
    }
}

impl Provider for Entry {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.label.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let value = figment::util::nest(&self.key, self.value.clone());
        let dict = value.into_dict().unwrap_or_default();
        Ok(Profile::Default.collect(dict))
    }
}

/// A file's values, with the words for where they came from.
struct File {
    label: String,
    dict: Dict,
}

impl Provider for File {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.label.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.dict.clone()))
    }
}

fn file(path: &Path) -> Result<File, Error> {
    let label = format!("file {}", path.display());
    let text = read_bounded(path).map_err(|message| Error::one("", &label, message))?;
    let dict = Toml::from_str::<Dict>(&text)
        .map_err(|error| Error::one("", &label, without_excerpt(&error.to_string())))?;
    Ok(File { label, dict })
}

/// Reads a small text file.
pub(crate) fn read_bounded(path: &Path) -> Result<String, String> {
    let length = std::fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?.len();
    if length > MAX_FILE_BYTES {
        return Err(format!("is {length} bytes long; at most {MAX_FILE_BYTES} are read"));
    }
    std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))
}

/// The parser's message without the lines it quotes from the file, which may hold a password.
pub(crate) fn without_excerpt(message: &str) -> String {
    let quoted = |line: &str| {
        let rest = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
        rest.starts_with('|')
    };
    let kept: Vec<&str> = message.lines().filter(|line| !quoted(line) && !line.trim().is_empty()).collect();
    kept.join(": ")
}
