//! A service of one's own, as its first file has it.

use msf_service::prelude::*;

/// The settings of this service; every service has others besides.
#[derive(Debug, Settings)]
pub struct Config {
    /// First word of every answer.
    #[setting(default = "Hello")]
    pub greeting: String,
}

/// The one description of the service: `main` and every test start from it.
pub async fn app(boot: Boot<Config>) -> msf_service::Result<App> {
    let greeting = boot.config.greeting;
    let greet = async move |Path(name): Path<String>| format!("{greeting}, {name}!\n");
    let routes = Routes::new().get("/greetings/{name}", Rule::public("no secret"), greet);
    Ok(App::new().http(routes))
}
