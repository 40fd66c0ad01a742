//! Generates `thermostat.rs`: types, the service trait, the introspection data.

fn main() -> Result<(), qapi_gen::Error> {
    qapi_gen::Builder::new("schema/thermostat.json")
        .types_crate("::qapi_rt::types")
        .service(qapi_gen::ServiceOptions::new())
        .generate()?;
    Ok(())
}
