mod acknowledge_notices;
mod expiry_notices;
mod list_notices;
mod races;
